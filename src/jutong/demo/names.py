"""Invented people's names: own lists of surnames and given characters by generation, with the rare ones in.

Rare characters are on purpose: three of them lie outside the basic plane, where careless systems lose them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jutong.demo.words import words

if TYPE_CHECKING:
    import random

_COMMON = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_FREQUENT = "梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆"
_SELDOM = "郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申"
_RARE_SURNAMES = ("欧阳", "上官", "司徒", "令狐", "夏侯", "诸葛", "尉迟", "仉", "缑", "亓", "妫", "逄", "佴")

_OLD_MALE = "国建明德福贵志文永兴长春树成林海山宝金生根发荣玉庆忠良富民才全义保廷学"
_OLD_FEMALE = "秀英桂兰珍玉凤芳淑梅荣华琴云香翠莲菊素巧珠娥月霞彩玲爱仙贞"
_MID_MALE = "伟强军勇杰涛斌辉鹏峰刚波超建华志明海俊东健飞磊庆平宏亮宁斌文鑫晓旭"
_MID_FEMALE = "芳丽敏静燕艳娜玲霞红梅娟萍莉琳雪婷慧洁颖倩丹蓉璐佳晓玉春妍琼岚"
_NEW_MALE = "子浩宇轩泽梓博文俊睿辰铭晨逸皓昊宸煜奕恒嘉沐言思远承柏霖屿川"
_NEW_FEMALE = "梓涵欣怡雨诗语可馨萱佳一诺若曦依芮沐婉清妍悦彤夏知瑶桐安然念星"
_RARE_GIVEN = "䶮㛃𫖯𬭎𬱖祎翀彧昶淼犇婠頔珺旻烜毓璟堃喆"

_DOTTED_FIRST_MALE = ("阿力木", "买买提", "吐尔逊", "艾合买提", "巴特尔", "扎西", "才让")
_DOTTED_FIRST_FEMALE = ("阿依古丽", "古丽娜", "热依罕", "其其格", "卓玛", "央金", "拉姆")
_DOTTED_LAST = ("艾山", "吾守尔", "赛买提", "那木拉", "多吉", "次仁", "达瓦", "依明")
_DOTTED_NATIONS = frozenset({"02", "04", "05", "17"})

AVOIDED = frozenset(
    words(
        "王毅 王沪 王宁 王勇 王健林 王菲 王力宏 王宝强 王安石 王维 王勃 李强 李希 李白 李娜 李宁 李刚 李静 李冰 "
        "李宇春 李连杰 李小龙 李嘉诚 李克强 李鹏 李世民 李清照 李商隐 李时珍 张军 张伟丽 张杰 张继科 张艺谋 张飞 "
        "张衡 张海迪 张桂梅 张学友 张国荣 张一鸣 张玉宁 刘备 刘翔 刘洋 刘欢 刘亦菲 刘德华 刘强东 刘伯明 刘少奇 "
        "刘邦 刘国梁 陈毅 陈云 陈刚 陈龙 陈永贵 陈景润 陈独秀 陈冬 杨洋 杨倩 杨幂 杨利伟 杨振宁 赵丽颖 赵云 赵薇 "
        "黄晓明 黄磊 黄海波 周杰伦 周永康 周杰 周深 周瑜 周树人 周冬雨 吴京 吴磊 吴敬琏 吴亦凡 吴广 徐峥 徐静蕾 "
        "徐海东 孙杨 孙权 孙颖莎 孙红雷 孙中山 孙文 胡歌 胡适 胡锦涛 胡春华 朱德 朱婷 朱镕基 朱元璋 高明 高峰 "
        "林丹 林平之 林彪 林黛玉 林俊杰 何炅 何洁 何立峰 郭晶晶 郭德纲 郭靖 郭沫若 马云 马龙 马琳 马伟明 马化腾 "
        "马东 马明 罗翔 罗永浩 罗永章 谢霆锋 韩正 韩红 韩雪 韩寒 韩信 韩愈 唐嫣 冯小刚 冯绍峰 冯巩 于谦 于和伟 "
        "邓超 邓亚萍 邓小平 许昕 许海峰 许家印 沈腾 沈从文 苏轼 苏炳添 苏明成 蒋介石 蔡奇 蔡英文 丁宁 丁俊晖 丁薛祥 "
        "魏晨 叶圣陶 叶光富 潘长江 潘玮柏 杜甫 杜海涛 杜聿明 汪涵 汪峰 汪洋 任正非 任嘉伦 方志敏 姚明 姚晨 邹市明 金庸 "
        "陆毅 白敬亭 康辉 毛泽东 江泽民 龙应台 雷军 雷锋 钱学森 钱钟书 易建联 易烊千玺 文天祥 聂海胜 温家宝 宋江 "
        "宋庆龄 宋慧乔 董明珠 曹操 曹德旺 曹雪芹 袁隆平 袁世凯 彭丽媛 彭德怀 彭于晏 吕布 诸葛亮 欧阳修 欧阳娜娜 司马光"
    )
)
"""Names a reader would take for somebody known; the generator never gives them to anyone."""

_OLD_BEFORE = 1962
_NEW_SINCE = 1998
_ONE_CHARACTER = 0.14
_RARE_SHARE = 0.012


def surname(rng: random.Random) -> str:
    """Return a surname, common ones often and rare ones seldom."""
    draw = rng.random()
    if draw < 0.52:  # noqa: PLR2004 - shares of the three lists, measured on nobody
        return rng.choice(_COMMON)
    if draw < 0.84:  # noqa: PLR2004
        return rng.choice(_FREQUENT)
    if draw < 0.99:  # noqa: PLR2004
        return rng.choice(_SELDOM)
    return rng.choice(_RARE_SURNAMES)


def full_name(rng: random.Random, *, male: bool, year: int, nationality: str = "01", family: str = "") -> str:
    """Return an invented name for someone born in ``year``.

    Args:
        rng: the seeded source.
        male: whether the characters come from the men's list.
        year: year of birth, which decides the generation's fashion.
        nationality: GB/T 3304 code; some peoples write their names with a dot.
        family: surname to keep, for children; empty draws one.
    """
    if nationality in _DOTTED_NATIONS:
        first = rng.choice(_DOTTED_FIRST_MALE if male else _DOTTED_FIRST_FEMALE)
        return f"{first}·{rng.choice(_DOTTED_LAST)}"
    while True:
        name = (family or surname(rng)) + _given(rng, male=male, year=year)
        if name not in AVOIDED:
            return name


def family_of(name: str) -> str:
    """Return the surname of a name, or nothing where names carry none."""
    if "·" in name:
        return ""
    return name[:2] if name[:2] in _RARE_SURNAMES else name[:1]


def _given(rng: random.Random, *, male: bool, year: int) -> str:
    if year < _OLD_BEFORE:
        pool = _OLD_MALE if male else _OLD_FEMALE
    elif year < _NEW_SINCE:
        pool = _MID_MALE if male else _MID_FEMALE
    else:
        pool = _NEW_MALE if male else _NEW_FEMALE
    first = rng.choice(_RARE_GIVEN) if rng.random() < _RARE_SHARE else rng.choice(pool)
    return first if rng.random() < _ONE_CHARACTER else first + rng.choice(pool)
