"""Rows of binary COPY are found wherever the blocks end, and whatever the values look like."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

from jutong.node.exchange.pgcopy.cutting import HEADER, TRAILER, Cutter, UnreadableError

Row = tuple[bytes | None, ...]
LOOKS_LIKE_A_ROW = b"\0\3\0\0\0\x08"
"""What three columns begin with, the first of eight bytes."""


def field(value: bytes | None) -> bytes:
    return struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value


def row(values: Row) -> bytes:
    return struct.pack(">H", len(values)) + b"".join(map(field, values))


def rows_in(stream: bytes, cuts: list[int], width: int) -> list[Row]:
    cutter, found = Cutter(3, width), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        rows = cutter.feed(stream[begin:end])
        content = rows.data.tobytes()
        for place in range(rows.starts.size):
            cells = [(int(cell.starts[place]), int(cell.sizes[place])) for cell in rows.cells]
            found.append(tuple(None if size < 0 else content[at : at + size] for at, size in cells))
    cutter.finish()
    assert cutter.rows == len(found)
    return found


def test_rows_are_the_same_wherever_blocks_end_and_whatever_values_look_like() -> None:
    chance = random.Random(7)
    strange = [LOOKS_LIKE_A_ROW + bytes(8) + field(b"x") * 2, LOOKS_LIKE_A_ROW, TRAILER, b"", None, b"\0\3" * 9,
               HEADER, bytes(70_000), struct.pack(">hi", 3, -1) * 3]  # fmt: skip
    for width, first in ((8, [bytes(8), b"\0\0\0\0\0\0\0\3"]), (0, strange)):
        for _ in range(12):
            rows: list[Row] = [
                (chance.choice(first), chance.choice(strange), chance.choice(strange))
                for _ in range(chance.randrange(40))
            ]
            stream = HEADER + b"".join(map(row, rows)) + TRAILER
            cuts = sorted(chance.randrange(len(stream)) for _ in range(chance.randrange(9)))
            assert rows_in(stream, cuts, width) == rows


def test_rows_that_are_kept_are_those_bytes() -> None:
    rows = [row((struct.pack(">q", number), b"a" * number, None)) for number in range(50)]
    cut = Cutter(3, 8).feed(HEADER + b"".join(rows))
    kept = np.array([number % 7 not in {0, 3} for number in range(50)])
    assert cut.bytes_of() == b"".join(rows)
    assert cut.bytes_of(kept) == b"".join(one for one, keep in zip(rows, kept, strict=True) if keep)
    assert cut.bytes_of(~kept & kept) == b""


@pytest.mark.parametrize(
    "stream", [b"PGCOPY", HEADER[:-1] + b"\1" + TRAILER, HEADER + row((b"1", b"2")), HEADER + row((b"1",) * 3), HEADER]
)
def test_what_is_no_copy_of_so_many_columns_or_breaks_off_is_refused(stream: bytes) -> None:
    cutter = Cutter(3)

    def read() -> None:
        cutter.feed(stream)
        cutter.finish()

    with pytest.raises(UnreadableError):
        read()
