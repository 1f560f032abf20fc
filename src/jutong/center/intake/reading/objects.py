"""Reads JSON: a list of objects, lists of objects anywhere in a document, or an object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from jutong.center.intake.reading.cells import checked, text_of, too_big
from jutong.center.intake.reading.errors import FileUnreadableError
from jutong.center.intake.reading.limits import Limits
from jutong.center.intake.reading.listing import Format, Remark, RemarkKind, Sheet, SourceRow
from jutong.kernel.i18n import gettext_noop

_REPEATED = "\x00repeated"
"""Key under which a parsed object remembers the fields it named twice; no JSON text can write it."""


def read_objects(text: str, *, file: str, limits: Limits) -> list[Sheet]:
    """Return a sheet for every list of objects.

    Raises:
        FileUnreadableError: naming the line and column where the text is no JSON, or is nested too deep.
        FileTooBigError: for more rows or columns than are read.
    """
    found = list(_lists(parse(text, file=file), file, limits.depth, file))
    sheets = [_sheet(name, rows, len(found) == 1, file, limits) for name, rows in found]
    return [sheet for sheet in sheets if sheet.headers]


def parse(text: str, *, file: str) -> Any:
    """Return the document, numbers as they are written. Lines that are objects of their own become a list."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError as error:
        raise FileUnreadableError(name=file, problem=gettext_noop("嵌套太深")) from error
    except json.JSONDecodeError as error:
        lines = _by_line(text)
        if lines is None:
            where = f"{file}:{error.lineno}:{error.colno}"
            raise FileUnreadableError(name=where, problem=gettext_noop("不是完整的JSON")) from error
        return lines


def _by_line(text: str) -> list[Any] | None:
    try:
        return [
            json.loads(line, object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str)
            for line in text.splitlines()
            if line.strip()
        ]
    except (json.JSONDecodeError, RecursionError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        made[_REPEATED] = sorted({name for name in names if names.count(name) > 1})
    return made


def _lists(value: Any, name: str, depth: int, file: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects of a document with their places in it."""
    if depth < 0:
        raise FileUnreadableError(name=file, problem=gettext_noop("嵌套太深"))
    if isinstance(value, list):
        if any(isinstance(row, dict) for row in value):
            yield name, value
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lists(inner, key if name == file else f"{name}.{key}", depth - 1, file)


def _sheet(name: str, rows: list[Any], only: bool, file: str, limits: Limits) -> Sheet:  # noqa: FBT001 - private
    if len(rows) > limits.rows:
        raise too_big(file, gettext_noop("行数"), limits.rows, len(rows))
    headers = tuple(dict.fromkeys(key for row in _objects(rows) for key in row if key != _REPEATED))
    if len(headers) > limits.columns:
        raise too_big(file, gettext_noop("列数"), limits.columns, len(headers))
    shown = tuple(" ".join(text_of(header).split()) for header in headers)

    def source() -> Iterator[SourceRow]:
        for line, row in enumerate(rows, 1):
            if isinstance(row, dict):
                cells = tuple(text_of(row.get(header)) for header in headers)
                yield SourceRow(line, checked(cells, name=file, line=line, limits=limits), _repeated(line, row))
            else:
                empty = ("",) * len(headers)
                yield SourceRow(line, empty, (Remark(RemarkKind.EXTRA_CELLS, line, 0, text_of(row)[:200]),))

    return Sheet(file if only else name, shown, 0, source, format=Format.JSON)


def _objects(rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    return (row for row in rows if isinstance(row, dict))


def _repeated(line: int, row: dict[str, Any]) -> tuple[Remark, ...]:
    names = row.get(_REPEATED, ())
    return tuple(Remark(RemarkKind.REPEATED_KEY, line, -1, name) for name in names)
