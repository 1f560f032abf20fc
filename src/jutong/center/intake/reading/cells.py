"""Turns what readers find in a cell into text a person would recognise."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time

from jutong.center.intake.reading.errors import FileTooBigError
from jutong.center.intake.reading.limits import Limits
from jutong.center.intake.reading.listing import letters
from jutong.kernel.i18n import gettext_noop

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
_MIDNIGHT = time()


def text_of(value: object) -> str:
    """Return a cell's text: whole numbers without a point, dates in ISO form, lists joined by 、, no control bytes."""
    match value:
        case None:
            text = ""
        case str():
            text = _CONTROL.sub("", value).strip()
        case bool():
            text = "是" if value else "否"
        case float() if value.is_integer():
            text = str(int(value))
        case datetime():
            text = value.date().isoformat() if value.time() == _MIDNIGHT else value.isoformat(" ", "seconds")
        case date() | time():
            text = value.isoformat()
        case list() | tuple():
            text = "、".join(part for part in map(text_of, value) if part)
        case dict():
            text = text_of(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))
        case _:
            text = text_of(str(value))
    return text


def checked(cells: tuple[str, ...], *, name: str, line: int, limits: Limits) -> tuple[str, ...]:
    """Return the cells of a row, none of them longer than is read.

    Raises:
        FileTooBigError: naming the line and the column.
    """
    longest = max(map(len, cells), default=0)
    if longest > limits.cell_characters:
        column = next(at for at, cell in enumerate(cells) if len(cell) == longest)
        where = f" ({letters(column)}{line})"
        raise too_big(name, gettext_noop("一个单元格的字数"), limits.cell_characters, longest, where)
    return cells


def too_big(name: str, what: str, most: int, found: int, where: str = "") -> FileTooBigError:
    """Return the error that says which limit was passed, and at which cell."""
    return FileTooBigError(name=name, what=what, most=most, found=found, where=where)


def fitted(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Return a row with exactly ``width`` cells."""
    return (cells + ("",) * (width - len(cells)))[:width]
