"""What is known of Chinese characters in names: the form they are folded to, and how they are read."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

import pyarrow as pa

from jutong.standards.divisions import Level, national

_SHORTEST = 2
_KIND = "(省|市|地区|盟|(壮族|回族|维吾尔)?自治区|特别行政区)$"
_FIRST, _LAST = 0x3400, 0x9FFF


@cache
def characters() -> pa.Table:
    """Return ``ch``, ``fold``, ``sound`` and ``first_sound`` (as a surname), all text, without tones."""
    from pypinyin import Style  # noqa: PLC0415 - see above
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415 - a tenth of a second that only a linkage needs
    from pypinyin.style import convert  # noqa: PLC0415 - see above

    folded, surnames = _variants(), {one[0]: one[1:] for one in _data()["surname_sounds"].split()}
    every = sorted({code for code in PINYIN_DICT if _FIRST <= code <= _LAST} | {ord(one) for one in folded})
    rows = []
    for code in every:
        one = chr(code)
        fold = folded.get(one, one)
        reading = PINYIN_DICT.get(ord(fold)) or PINYIN_DICT.get(code) or ""
        sound = convert(reading.split(",")[0], Style.NORMAL, strict=False) if reading else fold
        rows.append((one, fold, sound, surnames.get(fold, sound)))
    return pa.table(dict(zip(("ch", "fold", "sound", "first_sound"), map(list, zip(*rows, strict=True)), strict=True)))


@cache
def _data() -> dict[str, str]:
    found: dict[str, str] = json.loads(files(__package__).joinpath("variants.json").read_text("utf-8"))
    return found


@cache
def _variants() -> dict[str, str]:
    straight = {pair[1:]: pair[0] for pair in _data()["pairs"].split()}
    # what a form is folded to may itself be a form of another
    return {one: straight.get(fold, fold) for one, fold in straight.items()}


@cache
def areas() -> pa.Table:
    """Return ``writing`` and ``area``: the ways a county's name begins an address, and its six-digit code.

    A writing that two counties share names neither: its code is empty.
    """
    table = national()
    found: dict[str, set[str]] = {}
    for one in table:
        if one.level is Level.COUNTY and one.valid_to is None and not one.statistical:
            path = [step.name for step in table.path(one.code)]
            for start in range(len(path)):
                found.setdefault("".join(path[start:]), set()).add(one.code[:6])
    rows = [(writing, min(codes) if len(codes) == 1 else "") for writing, codes in sorted(found.items())]
    return pa.table({"writing": [one for one, _ in rows], "area": [code for _, code in rows]})


@cache
def places() -> str:
    """Return a pattern of the names of provinces and prefectures, with or without what they are, at the beginning."""
    found = set()
    for one in national():
        if one.level in {Level.PROVINCE, Level.CITY} and not one.statistical and len(one.name) > _SHORTEST:
            # prefectures of nationalities are called by their first two characters
            found.add(one.name[:_SHORTEST] if one.name.endswith("自治州") else re.sub(_KIND, "", one.name))
    listed = "|".join(
        sorted((re.escape(one) for one in found if len(one) >= _SHORTEST), key=lambda one: (-len(one), one))
    )
    return f"^(({listed})(省|市|地区|盟|[^市县区]{{0,9}}?自治州|.{{0,3}}自治区|特别行政区)?)*"
