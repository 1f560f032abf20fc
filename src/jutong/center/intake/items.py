"""Reads 信息项 out of text: a column that lists them, or a summary that names them in passing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from jutong.center.intake.normalise import parts
from jutong.standards.shipped import read_json

LONGEST_NAME = 64
_LONGEST_IN_TEXT = 24
"""Longer than this, a part of a sentence is a clause and no name."""
_FEWEST_NAMED, _FEWEST_PLAIN, _USUAL_LENGTH = 2, 4, 10
_NAMED = re.compile(
    r"(?:包括|包含|含有|涵盖|字段有|字段为|数据项有|数据项为|信息项有|信息项为|内容为|信息为|主要有"
    r"|(?:信息|内容|字段|数据项|信息项|指标)[:：])(?:但不限于|了|有)?[:：]?\s*([^。；;\n]+)"
)
_PROVIDED = re.compile(r"提供([^，,。；;\n]+?)等(?:信息|数据|内容)")
_REST = re.compile(r"(?:等)?(?:基本|相关|主要|有关)?(?:信息|数据|内容|字段|情况|数据项|信息项|指标|要素)?[。.]?$")
_AND_SO_ON = re.compile(
    r"等(?:\d+项)?(?:基本|相关|主要|有关)?(?:信息|数据|内容|字段|情况|数据项|信息项|指标|要素|方面).*$|等[。.]?$"
)
_LEADING = re.compile(r"^(?:[(（]?\d{1,3}[)）.、．]\s*(?!\d)|(?:以及|和|及|与)(?=.{2}))")
_LAST_TWO = re.compile(r"(.{2,})(?:以及|和|及)(?!平)(.{2,})")
_SENTENCE = re.compile(
    r"[。！？!?]|根据|按照|为了|通过|依据|进行|用于|可以|作为|提供|需要|我市|我区|我县|我局|是指|关于|公示|通知|公告|名单|一览"
)


def listed(text: str) -> list[str]:
    """Return the names of a column that lists items, each once, in order."""
    return _distinct(_cleaned(parts(text.rstrip("。."))))


def named_in(text: str, title: str = "") -> list[str]:
    """Return the item names a summary gives: after words such as 包括, or where it is nothing but a list.

    Empty where that is not plain; a description is no list because it has commas, and a title is none at all.
    """
    best: list[str] = []
    for match in (*_NAMED.finditer(text), *_PROVIDED.finditer(text)):
        best = max(best, _names(match.group(1), _FEWEST_NAMED), key=len)
    if best or text.strip() == title.strip() or _SENTENCE.search(text.rstrip("。.")):
        return best
    found = _names(text.strip(), _FEWEST_PLAIN)
    usual = sorted(map(len, found))[len(found) // 2] if found else 0
    return found if usual <= _USUAL_LENGTH else []


def type_of(name: str) -> str:
    """Return the likeliest type (1272号) of an item by how its name ends; text where nothing tells."""
    for code, endings in _endings():
        if name.endswith(endings) or (code == "L" and name.startswith(endings)):
            return code
    return "C"


@lru_cache(maxsize=1)
def _endings() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((code, tuple(words)) for code, words in read_json("intake/values.json")["item_endings"])


def _names(text: str, fewest: int) -> list[str]:
    found = parts(_AND_SO_ON.sub("", text).rstrip("。."))
    if found and (two := _LAST_TWO.fullmatch(found[-1])):
        found[-1:] = two.groups()
    if len(found) < fewest or any(len(name) > _LONGEST_IN_TEXT for name in found):
        return []
    cleaned = _distinct(_cleaned(found))
    return cleaned if len(cleaned) >= fewest else []


def _cleaned(found: Sequence[str]) -> list[str]:
    made = [_LEADING.sub("", name).strip(" 。.：:\"'“”") for name in found]
    if made and made[-1].endswith(("等", "等信息", "等内容", "等数据")):
        made[-1] = _REST.sub("", made[-1])
    return [name for name in made if name]


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names once each; two that differ only in blanks are one (VC-10)."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault("".join(name.split()), name)
    return list(found.values())
