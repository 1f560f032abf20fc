"""Forms a value can have: an identity number, a telephone, a plate. Told from the value alone, and only counted.

A value may have several forms; none of them proves what a column means. That a column is sensitive is judged from
its name, its comment and these counts together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address

from jutong.kernel.i18n import gettext_noop
from jutong.standards import credit_code, identity

LONGEST = 256
"""Characters of a value that are looked at."""

_SHORT = 64
_PHONE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}-?[2-9]\d{6,7}(?:-\d{1,5})?|400-?\d{3}-?\d{4}")
_MAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
    r"[A-HJ-Z][·.\- ]?(?:[A-HJ-NP-Z0-9]{5}|[DF][A-HJ-NP-Z0-9]\d{4}|\d{5}[DF]|[A-HJ-NP-Z0-9]{4}[学警港澳挂])"
)
_CARD = re.compile(r"(?:3[0-9]|4\d|5[0-9]|6[0-9]|9[0-9])\d{13,17}")
_PASSPORT = re.compile(r"(?:[EG]\d{8}|E[A-HJ-NP-Z]\d{7}|[DSP]E?\d{7,8}|[HM]\d{8}|\d{8})")
_PASSPORT_LETTER = re.compile(r"[A-Z]")
_DAY = re.compile(r"((?:19|20)\d{2})(?:[-/.]|年)?(\d{1,2})(?:[-/.]|月)?(\d{1,2})日?")
_MOMENT = re.compile(
    r"(.{8,11})[T ](?:[01]?\d|2[0-3]):?[0-5]\d(?::?[0-5]\d)?(?:\.\d{1,9})?(?:Z|[+-]\d{2}(?::?\d{2})?)?"
)
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?\d{1,15}\.\d{1,10}")
_LINK = re.compile(r"https?://[^\s]{3,}")
_DIVISION = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])\d{4}(?:\d{3}(?:\d{3})?)?")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_PERSON = re.compile(r"[\u3400-\u9fff]{1,8}[·•][\u3400-\u9fff]{1,8}(?:[·•][\u3400-\u9fff]{1,8})?")
_STREET = re.compile(r"[省市区县旗镇乡村屯路街道巷弄里号栋幢座楼室组社]")
_NAME_LENGTHS = range(2, 4)
_COMPOUND_LENGTHS = range(3, 5)
_STREET_SIGNS = 2
_SHORTEST_ADDRESS = 6
_COMPOUND = frozenset(
    "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 令狐 慕容 司徒 夏侯 宇文 长孙 端木 南宫 百里 呼延 轩辕 独孤 拓跋 澹台 闻人 申屠".split()  # noqa: E501, SIM905
)
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金"
    "韦贾夏付方邹熊白孟秦邱侯江尹薛闫雷龙黎史陶贺毛段郝顾龚邵覃武钱戴严欧莫孔向汤温康施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申"
    "耿关兰焦俞左柳甘祝包代宁尚符舒阮柯纪梅童凌毕单裴霍涂成苗谷曲盛冉蓝路游靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉"
    "缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾丘戎勾敖隋池丛乐虞巫郎沙郁桑匡商"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One form: its id, what people call it, and the test a whole value passes."""

    id: str
    label: str
    matches: Callable[[str], bool]


def _card(text: str) -> bool:
    digits = text.replace(" ", "")
    return bool(_CARD.fullmatch(digits)) and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * 2 if place % 2 else int(digit)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - the two digits of a product are added
    return total % 10 == 0


def _day(text: str) -> bool:
    found = _DAY.fullmatch(text)
    if found is None:
        return False
    try:
        date(*(int(part) for part in found.groups()))
    except ValueError:
        return False
    return True


def _moment(text: str) -> bool:
    found = _MOMENT.fullmatch(text)
    return found is not None and _day(found[1])


def _name(text: str) -> bool:
    if _PERSON.fullmatch(text):
        return True
    if not _HAN.fullmatch(text):
        return False
    if text[:2] in _COMPOUND:
        return len(text) in _COMPOUND_LENGTHS
    return len(text) in _NAME_LENGTHS and text[0] in _SURNAMES


def _address(text: str) -> bool:
    return (
        len(text) >= _SHORTEST_ADDRESS
        and _HAN.search(text) is not None
        and len(set(_STREET.findall(text))) >= _STREET_SIGNS
    )


def _network(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return not text.isdigit()


def _passport(text: str) -> bool:
    return bool(_PASSPORT.fullmatch(text)) and bool(_PASSPORT_LETTER.search(text))


def _whole(expression: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: expression.fullmatch(text) is not None


PATTERNS: tuple[Pattern, ...] = (
    Pattern("identity", gettext_noop("公民身份号码"), identity.is_valid),
    Pattern("phone", gettext_noop("手机号码"), _whole(_PHONE)),
    Pattern("landline", gettext_noop("固定电话"), _whole(_LANDLINE)),
    Pattern("name", gettext_noop("姓名"), _name),
    Pattern("address", gettext_noop("地址"), _address),
    Pattern("bank-card", gettext_noop("银行卡号"), _card),
    Pattern("plate", gettext_noop("机动车号牌"), _whole(_PLATE)),
    Pattern("credit-code", gettext_noop("统一社会信用代码"), credit_code.is_valid),
    Pattern("passport", gettext_noop("护照号码"), _passport),
    Pattern("e-mail", gettext_noop("电子邮箱"), _whole(_MAIL)),
    Pattern("date", gettext_noop("日期"), _day),
    Pattern("datetime", gettext_noop("日期时间"), _moment),
    Pattern("division", gettext_noop("行政区划代码"), _whole(_DIVISION)),
    Pattern("ip", gettext_noop("网络地址"), _network),
    Pattern("url", gettext_noop("网址"), _whole(_LINK)),
    Pattern("integer", gettext_noop("整数"), _whole(_WHOLE)),
    Pattern("decimal", gettext_noop("小数"), _whole(_DECIMAL)),
)
"""Every form that is counted, the sensitive ones first."""

BY_ID: Mapping[str, Pattern] = {pattern.id: pattern for pattern in PATTERNS}
_LONG = frozenset({"address", "url"})


def patterns_of(value: str) -> tuple[str, ...]:
    """Return the ids of the forms a value has, none for a blank one."""
    text = value.strip()[:LONGEST]
    if not text:
        return ()
    wide = len(text) > _SHORT
    return tuple(one.id for one in PATTERNS if (not wide or one.id in _LONG) and one.matches(text))


def count(values: Iterable[str]) -> dict[str, int]:
    """Return how many values have each form, leaving out forms none has."""
    found: Counter[str] = Counter()
    for value in values:
        found.update(patterns_of(value))
    return {pattern.id: found[pattern.id] for pattern in PATTERNS if found[pattern.id]}
