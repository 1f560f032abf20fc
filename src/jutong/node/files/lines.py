"""JSON lines: one object a line, its values as the texts they are written as, so that no digit is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from jutong.node.files.arrival import Arrived
from jutong.node.files.encodings import MARK, Stream
from jutong.node.files.errors import FileBrokenError
from jutong.node.files.rows import LONGEST_TOLD, NO_JSON, NO_TEXT, NUL, FileRows, Refusal
from jutong.node.files.scan import Piece, Scan
from jutong.node.mapped import parts_of, value_at

BATCH_ROWS = 16_384
LONGEST_LINE = 16 << 20
SAMPLED = 200
"""Lines the keys are gathered from when a mapping names no columns."""


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_Number)


def numbered(stream: Stream, name: str, first: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a stream, without their ends, and their numbers.

    Raises:
        FileBrokenError: when a line is longer than any row.
    """
    number, held = first, b""
    while block := stream.read(1 << 20):
        held += block
        kept_back = b"\r" if held.endswith(b"\r") else b""  # a line feed may follow
        lines = _unended(held.removesuffix(b"\r")).split(b"\n")
        held = lines.pop() + kept_back
        if len(held) > LONGEST_LINE:
            raise FileBrokenError(name=name, reason=f"line {number + len(lines)} is longer than any row")
        for line in lines:
            yield number, line
            number += 1
    for line in _unended(held).split(b"\n") if held else ():
        yield number, line
        number += 1


def _unended(lines: bytes) -> bytes:
    """Give every line the same end."""
    return lines.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in lines else lines


def headings(arrived: Arrived, found: Scan) -> list[str]:
    """Return the pointers to the values of the first lines' objects."""
    names: dict[str, None] = {}
    stream = found.opened(arrived, found.pieces[0])
    try:
        for count, (_, line) in enumerate(numbered(stream, arrived.name, 1)):
            if count == SAMPLED:
                break
            row = _object(line.decode("utf-8", "ignore"))
            names |= dict.fromkeys(row or {})
    finally:
        stream.close()
    return ["/" + name.replace("~", "~0").replace("/", "~1") for name in names]


def rows(arrived: Arrived, found: Scan, piece: Piece, columns: Mapping[str, str]) -> Iterator[FileRows]:
    """Yield the rows of a piece of a file; ``columns`` has the pointer of each column."""
    pointers = [parts_of(pointer) for pointer in columns.values()]
    stream = found.opened(arrived, piece)
    waiting = _Batch(list(columns))
    try:
        for number, line in numbered(stream, arrived.name, piece.first):
            waiting.add(number, line, pointers)
            if waiting.full:
                yield waiting.taken()
        yield waiting.taken()
    finally:
        stream.close()


class _Batch:
    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._begin()

    def _begin(self) -> None:
        self._rows: list[list[str | None]] = []
        self._lines: list[int] = []
        self._refused: list[Refusal] = []

    @property
    def full(self) -> bool:
        return len(self._rows) + len(self._refused) >= BATCH_ROWS

    def add(self, number: int, line: bytes, pointers: list[tuple[str, ...]]) -> None:
        if not line:
            return
        text = line.decode("utf-8", "replace")
        row = _object(text)
        if row is None:
            reason = NO_TEXT if MARK in text else NO_JSON
            self._refused.append(Refusal(number, reason, value=text[:LONGEST_TOLD]))
            return
        cells = [as_text(value_at(row, parts)) for parts in pointers]
        if bad := [place for place, cell in enumerate(cells) if cell is not None and _unfit(cell)]:
            kept = tuple(None if place in bad else cell for place, cell in enumerate(cells))
            self._refused += [
                Refusal(number, _unfit(cells[place] or ""), self._names[place], _shown(cells[place] or ""), kept)
                for place in bad
            ]  # fmt: skip
            return
        self._rows.append(cells)
        self._lines.append(number)

    def taken(self) -> FileRows:
        arrays = [pa.array([row[place] for row in self._rows], pa.string()) for place in range(len(self._names))]
        batch = pa.RecordBatch.from_arrays(arrays, names=self._names)
        found = FileRows(batch, np.array(self._lines, dtype=np.int64), self._refused)
        self._begin()
        return found


def parsed(text: str) -> Any:
    """Return what a text of JSON says, every number as the text it is written as.

    Raises:
        ValueError: when it is no JSON.
    """
    try:
        return _DECODER.decode(text.strip())
    except RecursionError as error:
        raise ValueError("too deep") from error


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = parsed(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def written(value: Any) -> bytes:
    """Return what ``parsed`` gave as JSON, its numbers as they were."""
    return orjson.dumps(value, _as_written, orjson.OPT_PASSTHROUGH_SUBCLASS)


def as_text(value: Any) -> str | None:
    """Return a JSON value as text: a number as it was written, a list or an object as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return written(value).decode()


def _as_written(number: str) -> orjson.Fragment:
    return orjson.Fragment(str(number))


def _unfit(text: str) -> str:
    """Return why a text cannot travel, or nothing."""
    if "\0" in text:
        return NUL
    try:
        text.encode()
    except UnicodeEncodeError:
        return NO_TEXT
    return NO_TEXT if MARK in text else ""


def _shown(text: str) -> str:
    return text[:LONGEST_TOLD].replace("\0", "\u2400").encode("utf-8", "replace").decode().replace(MARK, "\ufffd")
