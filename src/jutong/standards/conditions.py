"""What conditions and bases of an entry look wrong (条例 14, 15): self-made conditions, and bases that forbid nothing.

A department may name scope, purpose and other conditions, but none that only gets in the way; and only a law, an
administrative regulation or a decision of the State Council may forbid sharing. Words can only hint at either, so the
caller decides how much a hint weighs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jutong.kernel.i18n import gettext_noop
from jutong.standards.shipped import read_json

CLAUSE = "政务数据共享条例第十五条"
WHY = {
    "fee": gettext_noop("共享不收费"),
    "approval": gettext_noop("在条例规定的申请和答复之外另设审批"),
    "paper": gettext_noop("要求平台以外的手续"),
    "agreement": gettext_noop("另设协议作为前提"),
    "exchange": gettext_noop("以对方提供数据为条件"),
    "deposit": gettext_noop("另设担保"),
    "vague": gettext_noop("没有说清条件是什么"),
    "software": gettext_noop("指定平台以外的软件或设备"),
}
"""What is wrong with each kind of condition; ``conditions.json`` has the words that give it away."""
LOCAL = gettext_noop("地方性法规、规章不能作为依据")
MINISTRY = gettext_noop("部门规章和文件不能作为依据")
NOT_OF_ITS_KIND = gettext_noop("名称不像所选类型的依据")
ALLOWED = {
    "law": gettext_noop("法律由全国人大及其常委会制定，名称一般以“法”结尾"),
    "regulation": gettext_noop("行政法规由国务院制定，名称一般为条例、规定、办法"),
    "state-council": gettext_noop("国务院决定由国务院作出，名称里写明国务院"),
}
_MARKS = re.compile(r"[《》〈〉“”\"\s]|[（(][^）)]*[）)]$")
_STATE_COUNCIL = "国务院"


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing that looks wrong: what was found and why; ``is_certain`` where no other reading is left."""

    found: str
    why: str
    is_certain: bool = False


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    found: dict[str, Any] = read_json("conditions.json")
    return found


@lru_cache(maxsize=1)
def _self_made() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["pattern"]), WHY[row["id"]]) for row in _data()["self_made"])


@lru_cache(maxsize=1)
def _empty() -> frozenset[str]:
    return frozenset(_data()["empty"])


def self_made(text: str) -> list[Hint]:
    """Return the conditions in a text that go beyond scope and purpose, each with the words that give it away."""
    found = ((pattern.search(text), why) for pattern, why in _self_made())
    return [Hint(match.group(), why) for match, why in found if match]


def says_nothing(text: str) -> bool:
    """Tell whether a text that is not empty says nothing all the same, as 待补充 does."""
    return text.strip().strip("。.").lower() in _empty()


def basis_hints(kind: str, title: str) -> Iterator[Hint]:
    """Yield why a basis named for 不予共享 does not look like one.

    Args:
        kind: ``law``, ``regulation`` or ``state-council``; anything else yields nothing.
        title: as written, with or without title marks and a note in brackets at the end.
    """
    form = _data()["basis"].get(kind)
    name = _MARKS.sub("", title)
    if form is None or not name:
        return
    if re.search(_data()["local"], name):
        yield Hint(title, LOCAL, is_certain=True)
    elif re.search(_data()["ministry"], name) and _STATE_COUNCIL not in name:
        yield Hint(title, MINISTRY, is_certain=True)
    elif re.search(form["not"], name):
        yield Hint(title, ALLOWED[kind], is_certain=True)
    elif not name.endswith(tuple(form["endings"]) or (name,)) or (
        kind == "state-council" and _STATE_COUNCIL not in name
    ):
        yield Hint(title, ALLOWED[kind])


def is_article(text: str) -> bool:
    """Tell whether a text names an article, as 第三十二条第二款 does."""
    return re.match(_data()["article"], text.strip()) is not None
