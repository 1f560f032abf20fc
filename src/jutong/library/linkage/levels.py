"""How two records are compared in a field: levels from agreement down, as conditions and in words.

Conditions are of ``L`` and ``R``, the two records; text is compared whole or by characters, never by an edit distance
over Chinese, which engines count in bytes or in characters as they like.
"""

from __future__ import annotations

from dataclasses import dataclass

from jutong.contracts.linkage import LinkComparison, LinkField, LinkSpec, Preparation
from jutong.kernel.i18n import gettext_noop


@dataclass(frozen=True, slots=True)
class Level:
    """One level: its code, its words, and the condition with ``{f}`` for the field's name; empty for all the rest."""

    code: str
    words: str
    condition: str


_SAME_TEXT = "L.{f}_text = R.{f}_text"
_ONE_OFF = (
    "length(L.{f}_text) = length(R.{f}_text) AND length(L.{f}_text) BETWEEN 2 AND 4 AND ("
    + " + ".join(
        f"CASE WHEN substr(L.{{f}}_text, {at}, 1) = substr(R.{{f}}_text, {at}, 1) THEN 0 ELSE 1 END"
        for at in range(1, 5)
    )
    + ") = 1"
)
_RARE = Level("same-rare", gettext_noop("完全一致，且少见"), _SAME_TEXT + " AND L.{f}_band = 0")
_USUAL = Level("same", gettext_noop("完全一致"), _SAME_TEXT + " AND L.{f}_band = 1")
_FREQUENT = Level("same-frequent", gettext_noop("完全一致，但十分常见"), _SAME_TEXT)
_DIFFERS = Level("differs", gettext_noop("不一致"), "")
_SAME = Level("same", gettext_noop("完全一致"), "L.{f} = R.{f}")

_LEVELS: dict[Preparation, tuple[Level, ...]] = {
    "name": (
        _RARE,
        _USUAL,
        _FREQUENT,
        Level("sound", gettext_noop("读音一致，用字不同"), "L.{f}_sound = R.{f}_sound"),
        Level("one-off", gettext_noop("只差一个字"), _ONE_OFF + " AND L.{f}_first = R.{f}_first"),
        Level("surname", gettext_noop("只有姓一致"), "L.{f}_first = R.{f}_first"),
        _DIFFERS,
    ),
    "title": (
        _RARE,
        _USUAL,
        _FREQUENT,
        Level("core", gettext_noop("去掉地名和组织形式后一致"), "L.{f}_core = R.{f}_core"),
        Level("beginning", gettext_noop("字号开头一致"), "substr(L.{f}_core, 1, 4) = substr(R.{f}_core, 1, 4)"),
        _DIFFERS,
    ),
    "identity": (
        _SAME,
        Level("near", gettext_noop("差一两位"), "levenshtein(L.{f}, R.{f}) <= 2"),
        _DIFFERS,
    ),
    "credit": (Level("same", gettext_noop("主体标识码一致"), "L.{f}_body = R.{f}_body"), _DIFFERS),
    "registration": (_SAME, Level("near", gettext_noop("差一两位"), "levenshtein(L.{f}, R.{f}) <= 2"), _DIFFERS),
    "date": (
        _SAME,
        Level(
            "swapped",
            gettext_noop("月日颠倒"),
            "substr(L.{f}, 1, 4) = substr(R.{f}, 1, 4) AND substr(L.{f}, 5, 2) = substr(R.{f}, 7, 2) "
            "AND substr(L.{f}, 7, 2) = substr(R.{f}, 5, 2)",
        ),
        Level(
            "part",
            gettext_noop("年月日中有两项一致"),
            "(CASE WHEN substr(L.{f}, 1, 4) = substr(R.{f}, 1, 4) THEN 1 ELSE 0 END"
            " + CASE WHEN substr(L.{f}, 5, 2) = substr(R.{f}, 5, 2) THEN 1 ELSE 0 END"
            " + CASE WHEN substr(L.{f}, 7, 2) = substr(R.{f}, 7, 2) THEN 1 ELSE 0 END) = 2",
        ),
        Level("year", gettext_noop("只有年份一致"), "substr(L.{f}, 1, 4) = substr(R.{f}, 1, 4)"),
        _DIFFERS,
    ),
    "address": (
        Level(
            "same",
            gettext_noop("门牌一致"),
            "L.{f}_rest = R.{f}_rest AND coalesce(L.{f}_area, R.{f}_area, '') = coalesce(R.{f}_area, L.{f}_area, '')",
        ),
        Level("street", gettext_noop("同一条街道"), "L.{f}_area = R.{f}_area AND L.{f}_street = R.{f}_street"),
        Level("area", gettext_noop("同一个区县"), "L.{f}_area = R.{f}_area"),
        _DIFFERS,
    ),
    "phone": (_SAME, _DIFFERS),
    "code": (_SAME, _DIFFERS),
    "text": (
        _SAME,
        Level("near", gettext_noop("差一两个字母"), "levenshtein(L.{f}, R.{f}) <= 2"),
        Level("beginning", gettext_noop("开头一致"), "substr(L.{f}, 1, 3) = substr(R.{f}, 1, 3)"),
        _DIFFERS,
    ),
}  # fmt: skip

_COLUMNS: dict[Preparation, tuple[str, ...]] = {
    "name": ("_text", "_sound", "_first", "_band"),
    "title": ("_text", "_core", "_band"),
    "identity": ("",),
    "credit": ("_body",),
    "registration": ("",),
    "date": ("", "_year"),
    "address": ("_area", "_rest", "_street"),
    "phone": ("",),
    "code": ("",),
    "text": ("",),
}
"""What a field becomes, as endings of its name; the first is null where there is nothing to compare."""

MISSING = "missing"
MISSING_WORDS = gettext_noop("一方没有填写")


def columns(field: LinkField) -> tuple[str, ...]:
    """Return the prepared columns of a field."""
    return tuple(f"{field.name}{ending}" for ending in _COLUMNS[field.preparation])


def presence(field: LinkField) -> str:
    """Return the prepared column that is null where a record says nothing."""
    return f"{field.name}_rest" if field.preparation == "address" else columns(field)[0]


def identity_column(spec: LinkSpec) -> str:
    """Return the prepared column whose values name an entity; empty where none does."""
    return columns(field_of(spec, spec.identity))[0] if spec.identity else ""


def field_of(spec: LinkSpec, name: str) -> LinkField:
    """Return a field of the rules by its name."""
    return next(field for field in spec.fields if field.name == name)


def levels(spec: LinkSpec, comparison: LinkComparison) -> tuple[Level, ...]:
    """Return the levels of a comparison, best first; where rarity does not count, agreement is one level."""
    field = field_of(spec, comparison.field)
    found = _LEVELS[field.preparation]
    if not comparison.rarity:
        found = tuple(level for level in found if level not in (_RARE, _USUAL))
    return tuple(Level(one.code, one.words, one.condition.replace("{f}", field.name)) for one in found)


def missing(field: LinkField) -> str:
    """Return the condition that one of two records says nothing."""
    column = presence(field)
    return f"L.{column} IS NULL OR R.{column} IS NULL"


def words(preparation: Preparation, code: str) -> str:
    """Return what a level says, in Chinese; translate it where it is shown."""
    found = [level.words for level in _LEVELS[preparation] if level.code == code]
    return found[0] if found else MISSING_WORDS
