"""Grades of data (数据分级, GB/T 43697-2024) and what each asks of sharing.

The levels and the decision table are the standard's; the controls tied to a level are the platform's defaults. Core
data (核心数据) has a place in the order but is not accepted on the platform. ``control_findings`` is what submission,
sharing and norms ask. Other schemes and the size of data are in ``grading_schemes``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, Protocol

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.shipped import read_json

Degree = Literal["none", "ordinary", "serious", "extreme"]
"""一般危害, 严重危害, 特别严重危害, or no harm."""
LOWEST = "general-1"
CLAUSE = "GB/T 43697-2024"
MODES = ("verify", "masked", "plain")
"""How much of an item may be seen, the least first."""
_NO_FIELD = gettext_noop("数据分类分级")


class GradeUnknownError(JutongError):
    """A grade is not one of the standard's."""

    code = "standards.grade.unknown"
    http_status = 422
    message = gettext_noop("没有“{found}”这一级，允许：{allowed}。")
    next_step = gettext_noop("请从数据分级表中选择。")


@dataclass(frozen=True, slots=True)
class Grade:
    """One level and its controls."""

    code: str
    label: str
    label_en: str
    rank: int
    """0 for the lowest."""
    accepted: bool
    """Whether data of this level may be on the platform at all."""
    share_attributes: tuple[str, ...]
    """Sharing attributes an entry of this level may have."""
    transport: str
    at_rest: str
    display: str
    approval_steps: int
    """People of the provider who have to agree before a share begins."""
    widest_mode: str
    """The most an item of this level may show: ``verify``, ``masked`` or ``plain``."""
    default_mode: str
    """What is proposed where nobody chose."""
    share_ways: tuple[str, ...]
    """Ways of sharing (条例 22) an entry of this level may be shared in."""
    watermarked: bool
    """Whether what is shown on a screen carries who looks at it."""
    may_open: bool
    """Whether an entry of this level may be opened to the public."""
    requires: tuple[str, ...]
    """Assessments and notices asked for before a share begins."""


@dataclass(frozen=True, slots=True)
class PersonalTag:
    """One value of the closed list of personal tags (个人信息保护法 4, 28)."""

    code: str
    label: str
    label_en: str
    sensitive: bool
    floor: str
    """The least level the reference annex gives; see ``floors``."""
    clause: str


@dataclass(frozen=True, slots=True)
class Floors:
    """Where the least levels come from. ``verified`` is False: the annex was not read in an official text."""

    clause: str
    verified: bool


@lru_cache(maxsize=1)
def document() -> Mapping[str, Any]:
    """Return the data file; ``grading_schemes`` reads its own parts of it."""
    document: dict[str, Any] = read_json("grading.json")
    return document


@lru_cache(maxsize=1)
def grades() -> Mapping[str, Grade]:
    """Return the levels by code, lowest first."""
    return MappingProxyType(
        {
            row["code"]: Grade(
                **{
                    **row,
                    "rank": rank,
                    "share_attributes": tuple(row["share_attributes"]),
                    "share_ways": tuple(row["share_ways"]),
                    "requires": tuple(row["requires"]),
                }
            )
            for rank, row in enumerate(document()["levels"])
        }
    )


def grade(code: str) -> Grade:
    """Return one level.

    Raises:
        GradeUnknownError: for a code that is none.
    """
    found = grades().get(code)
    if found is None:
        raise GradeUnknownError(found=code, allowed="、".join(grades()))
    return found


def highest(codes: Iterable[str]) -> Grade:
    """Return the highest of several levels (就高从严): a resource has the level of its most sensitive item.

    Raises:
        GradeUnknownError: for a code that is none.
        ValueError: if there is none to compare.
    """
    return max((grade(code) for code in codes), key=lambda found: found.rank)


def decide(effects: Mapping[str, Degree]) -> Grade:
    """Return the level that follows from what harm a leak could do to whom.

    Args:
        effects: degree by object: ``national-security``, ``economy``, ``social-order``, ``public-interest``,
            ``organisation``, ``person``. Objects left out suffer no harm.

    Raises:
        KeyError: for an unknown object or degree.
    """
    table, found = document()["decision"], [LOWEST]
    for affected, degree in effects.items():
        row = table[affected]
        if degree != "none":
            found.append(row[degree])
    return highest(found)


def objects() -> Mapping[str, str]:
    """Return who or what may be harmed, by code, in Chinese source wording."""
    return {code: row["label"] for code, row in document()["decision"].items()}


@lru_cache(maxsize=1)
def personal_tags() -> Mapping[str, PersonalTag]:
    """Return the closed list of personal tags by code."""
    return MappingProxyType({row["code"]: PersonalTag(**row) for row in document()["personal_tags"]})


@lru_cache(maxsize=1)
def floors() -> Floors:
    """Return where the least levels of personal information come from and whether that was verified."""
    return Floors(**document()["floors"])


def personal_floor(*, is_personal: bool, is_sensitive: bool) -> Grade:
    """Return the least level of an item by what it says about a person (Annex H, for reference)."""
    kinds = [tag.floor for tag in personal_tags().values() if tag.sensitive == is_sensitive and tag.code != "none"]
    return highest(kinds) if is_personal or is_sensitive else grade(LOWEST)


def attribute_floor(share_attribute: str) -> Grade:
    """Return the least level of what is shared so (Annex H, for reference); the lowest for an unknown attribute."""
    return grade(document()["attribute_floors"].get(share_attribute, LOWEST))


class GradedItem(Protocol):
    """What the matrix looks at in an item; the catalog's ``ItemFields`` and ``Item`` are such."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def grade(self) -> str:
        """A code of ``grading.grades``."""

    @property
    def widest_mode(self) -> str:
        """The most a grant may give: one of ``MODES``."""

    @property
    def is_personal(self) -> bool:
        """Whether it says something about a person."""

    @property
    def is_sensitive(self) -> bool:
        """Whether it is sensitive personal information (个人信息保护法 28)."""


@dataclass(frozen=True, slots=True)
class ControlFinding:
    """What breaks the matrix. Texts are Chinese source wording without placeholders, ``found`` what stands there.

    ``place`` is the name of the form field, ``items.3.grade`` for the grade of the fourth item.
    """

    rule: str
    place: str
    field: str
    clause: str
    message: str
    way_out: str
    found: str
    severity: Literal["error", "warning"] = "error"


def control_findings(
    code: str, share_attribute: str, share_way: str, items: Sequence[GradedItem], *, is_open: bool = False
) -> tuple[ControlFinding, ...]:
    """Return what in an entry is not allowed by its grade, or by the grade of one of its items.

    An empty or unknown grade gives nothing here: that it is missing or not on the list is another rule's finding.

    Args:
        code: the entry's level.
        share_attribute: ``unconditional``, ``conditional``, ``none`` or empty.
        share_way: ``service``, ``batch``, ``file`` or empty.
        items: the entry's items.
        is_open: whether the entry is opened to the public.
    """
    return (*_entry(code, share_attribute, share_way, items, is_open=is_open), *_items(items))


def _entry(
    code: str, share_attribute: str, share_way: str, items: Sequence[GradedItem], *, is_open: bool
) -> Iterator[ControlFinding]:
    if code not in grades():
        return
    level = grade(code)
    if not level.accepted:
        yield _entry_finding(
            "GR-01", "grade", gettext_noop("核心数据不能在本平台登记"), gettext_noop("请按主管部门的规定另行管理"), code
        )
        return
    ranks = [grades()[item.grade].rank for item in items if item.grade in grades()]
    if max(ranks, default=0) > level.rank:
        yield _entry_finding(
            "GR-02",
            "grade",
            gettext_noop("低于其中最高一个信息项的级别"),
            gettext_noop("就高从严：请把目录的级别提到信息项的最高级别"),
            level.label,
        )
    if share_attribute and share_attribute not in level.share_attributes:
        yield ControlFinding(
            "GR-03",
            "share_attribute",
            gettext_noop("共享属性"),
            CLAUSE,
            gettext_noop("这一级别的数据不能无条件共享"),
            gettext_noop("请改为有条件共享，或核对级别是否定高了"),
            share_attribute,
        )
    if share_way and share_way not in level.share_ways:
        yield ControlFinding(
            "GR-04",
            "share_way",
            gettext_noop("共享方式"),
            CLAUSE,
            gettext_noop("重要数据不能成批提供"),
            gettext_noop("请改为服务接口"),
            share_way,
        )
    if is_open and not level.may_open:
        yield ControlFinding(
            "GR-05",
            "is_open",
            gettext_noop("是否向社会开放"),
            CLAUSE,
            gettext_noop("一般3级及以上的数据不能向社会开放"),
            gettext_noop("请取消开放，或另编一条只含可开放信息项的目录"),
            level.label,
        )


def _items(items: Sequence[GradedItem]) -> Iterator[ControlFinding]:
    for at, item in enumerate(items):
        if item.grade not in grades():
            continue
        if item.widest_mode in MODES and item.widest_mode != allowed_mode(item.grade, item.widest_mode):
            yield ControlFinding(
                "GR-06",
                f"items.{at}.widest_mode",
                gettext_noop("最大开放程度"),
                CLAUSE,
                gettext_noop("四级和重要数据最多到“仅核验”"),
                gettext_noop("请改为仅核验，或核对级别是否定高了"),
                item.name,
            )
        least = personal_floor(is_personal=item.is_personal, is_sensitive=item.is_sensitive)
        if grades()[item.grade].rank < least.rank:
            yield ControlFinding(
                "GR-07",
                f"items.{at}.grade",
                gettext_noop("级别"),
                floors().clause,
                gettext_noop("低于个人信息的参考最低级别（附录H为参考，未经核实）"),
                gettext_noop("请核对：一般个人信息不低于2级，敏感个人信息不低于4级"),
                item.name,
                "warning",
            )


def _entry_finding(rule: str, place: str, message: str, way_out: str, found: str) -> ControlFinding:
    return ControlFinding(rule, place, _NO_FIELD, CLAUSE, message, way_out, found)


def allowed_mode(code: str, mode: str) -> str:
    """Return a mode cut down to what an item of this grade may show at most.

    Raises:
        GradeUnknownError: for a grade that is none.
        ValueError: for a mode that is none.
    """
    return MODES[min(MODES.index(mode), MODES.index(grade(code).widest_mode))]


def allowed_ways(code: str, ways: Collection[str]) -> tuple[str, ...]:
    """Return those ways of sharing that an entry of this grade may be shared in, in their order.

    Raises:
        GradeUnknownError: for a grade that is none.
    """
    allowed = grade(code).share_ways
    return tuple(way for way in ways if way in allowed)
