"""The classification of resources (信息资源分类) of 1272号: 类, 项, 目 and 细目, a tree held as data.

类 and 项 are shipped; 目 and 细目 are a locality's own and come with its edition of the template. A class names the one
above it, so that a document can be wrong in three ways: a class above that does not exist, a code that does not begin
with the code above it, and a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards import resource_code
from jutong.standards.shipped import read_json

LEVELS = ((1, gettext_noop("类")), (3, gettext_noop("项")), (6, gettext_noop("目")))
"""Length of a code down to each level, with the level's name; what is longer is 细目."""
DETAIL = gettext_noop("细目")


class ClassificationError(JutongError):
    """A tree of classes does not hold together."""

    code = "standards.classification.invalid"
    http_status = 422
    message = gettext_noop("分类“{found}”不对：{allowed}。")
    next_step = gettext_noop("请改正分类表后重新装入；原来的分类没有变。")


class ClassificationCycleError(JutongError):
    """Classes stand above one another in a circle."""

    code = "standards.classification.cyclic"
    http_status = 422
    message = gettext_noop("分类互为上级，成了环：{found}。")
    next_step = gettext_noop("请改正其中一个分类的上级后重新装入；原来的分类没有变。")


@dataclass(frozen=True, slots=True)
class ClassNode:
    """One class. ``parent`` is empty for 类."""

    code: str
    label: str
    label_en: str
    parent: str = ""
    is_open: bool = True
    """Whether a locality may add classes below it."""


@dataclass(frozen=True, slots=True)
class ClassTree:
    """Classes by code; made by :func:`tree`, which refuses what does not hold together."""

    nodes: Mapping[str, ClassNode]

    def path(self, classification: str) -> tuple[ClassNode, ...]:
        """Return the known classes a code stands under, from 类 down to itself; unknown levels are left out."""
        return tuple(self.nodes[code] for code in _prefixes(classification) if code in self.nodes)

    def children(self, code: str = "") -> tuple[ClassNode, ...]:
        """Return the classes right below one, or the 类 themselves, in the order of their codes."""
        return tuple(row for _, row in sorted(self.nodes.items()) if row.parent == code)

    def unknown_part(self, classification: str) -> str:
        """Return the first part of a code that is missing below a class closed to additions, or an empty text."""
        for above, code in _steps(classification):
            if code not in self.nodes and above in self.nodes and not self.nodes[above].is_open:
                return code
        return ""

    def label(self, classification: str) -> str:
        """Return the names a code stands under, 类 first, as people read them."""
        return " / ".join(row.label for row in self.path(classification))


def level(classification: str) -> str:
    """Return the name of a code's level: 类, 项, 目 or 细目."""
    return next((name for length, name in LEVELS if len(classification) <= length), DETAIL)


def tree(rows: Iterable[ClassNode]) -> ClassTree:
    """Return the tree of some classes.

    Raises:
        ClassificationError: for a code that comes twice or has a wrong form, a class above that does not exist, or a
            code that does not begin with the code above it.
        ClassificationCycleError: if classes stand above one another in a circle.
    """
    nodes: dict[str, ClassNode] = {}
    for row in rows:
        if not row.code:
            raise ClassificationError(found=row.label, allowed=gettext_noop("要有代码"))
        if row.code in nodes:
            raise ClassificationError(found=row.code, allowed=gettext_noop("同一代码只能出现一次"))
        nodes[row.code] = row
    _refuse_circles(nodes)
    for row in nodes.values():
        _refuse_misplaced(row, nodes)
    return ClassTree(MappingProxyType(nodes))


def _refuse_circles(nodes: Mapping[str, ClassNode]) -> None:
    for start in nodes:
        seen = [start]
        above = nodes[start].parent
        while above in nodes:
            if above in seen:
                raise ClassificationCycleError(found=" → ".join([*seen[seen.index(above) :], above]))
            seen.append(above)
            above = nodes[above].parent


def _refuse_misplaced(row: ClassNode, nodes: Mapping[str, ClassNode]) -> None:
    whole = row.code.ljust(LEVELS[-1][0], "0")
    if resource_code.check(f"{whole}/1"):
        raise ClassificationError(found=row.code, allowed=gettext_noop("应为1位类、2位项、3位目，其后是细目"))
    expected = _above(row.code)
    if row.parent and row.parent not in nodes:
        raise ClassificationError(found=row.code, allowed=gettext_noop("它的上级分类要先有"))
    if not row.code.startswith(row.parent) or (row.parent == "") != (expected == "") or len(row.parent) < len(expected):
        raise ClassificationError(found=row.code, allowed=gettext_noop("代码要以上级分类的代码开头，一级不能跳"))


def _above(code: str) -> str:
    """Return the code of the level right above; 细目 may stand below one another, so 目 is the least they need."""
    lengths = [length for length, _ in LEVELS if length < len(code)]
    return code[: lengths[-1]] if lengths else ""


def _prefixes(classification: str) -> Iterator[str]:
    yield from (classification[:length] for length, _ in LEVELS if length <= len(classification))
    longest = LEVELS[-1][0]
    yield from (classification[:length] for length in range(longest + 1, len(classification) + 1))


def _steps(classification: str) -> Iterator[tuple[str, str]]:
    codes = [code for code in _prefixes(classification) if len(code) <= LEVELS[-1][0]]
    return pairwise(codes)


@lru_cache(maxsize=1)
def shipped() -> ClassTree:
    """Return the shipped classes: 类 and 项 of 1272号."""
    return tree(ClassNode(**row) for row in read_json("classification.json")["classes"])


@lru_cache(maxsize=32)
def with_local(rows: tuple[ClassNode, ...]) -> ClassTree:
    """Return the shipped classes with a locality's own.

    Raises:
        ClassificationError: if they do not fit in, or one is added where the source names all there are.
        ClassificationCycleError: if they stand above one another in a circle.
    """
    base = shipped()
    found = tree([*base.nodes.values(), *rows])
    for row in rows:
        if found.nodes[row.parent].code in base.nodes and not base.nodes[row.parent].is_open:
            raise ClassificationError(found=row.code, allowed=gettext_noop("这一类下的项由国家列全，不能增加"))
    return found
