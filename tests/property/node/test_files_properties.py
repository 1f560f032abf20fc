"""Whatever stands in a file: every line is accounted for, and what is read is what the csv module reads."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.kernel.errors import JutongError
from jutong.node.files import scan as scanning
from jutong.node.files.arrival import Arrived, stamp_of
from jutong.node.files.mapping import FileTable
from jutong.node.files.reading import columns_of, open_file

CELL = st.text(st.sampled_from('a张,"\r\n \t\0'), max_size=6)
ROWS = st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12)
WILD = st.lists(
    st.sampled_from([b",", b'"', b"\n", b"\r\n", b"\r", b"a", "张".encode(), b"\xff", b"\0", b" "]), max_size=60
)
FORMS = st.sampled_from(["csv", "jsonl", "fixed"])
PLACES = {"fixed": {"x": "1-2", "y": "3-4"}, "jsonl": {"x": "/x"}, "csv": {}}


def read(content: bytes, form: str, block: int) -> tuple[list[tuple[object, ...]], list[int], int]:
    """Return rows, the lines of rows and refused lines, and how many there must be."""
    scanning.BLOCK, scanning.PIECE_BYTES = block, 4 * block
    descriptor, name = tempfile.mkstemp()
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        table = FileTable(pattern="x", format=form, columns=PLACES[form])  # type: ignore[arg-type]
        file = open_file(Arrived("x", path, "", stamp_of(path.stat()), path.parent.resolve()), table)
        columns = columns_of(table, file)
        parts = [part for piece in range(file.pieces) for part in file.rows(piece, columns)]
        rows = [tuple(row.values()) for part in parts for row in part.rows.to_pylist()]
        lines = [int(line) for part in parts for line in part.lines]
        refused = {one.line for part in parts for one in part.refused}
        assert not refused & set(lines)
        return rows, lines + sorted(refused), sum(file.records(piece) for piece in range(file.pieces))
    finally:
        path.unlink()
        scanning.BLOCK, scanning.PIECE_BYTES = 4 << 20, 128 << 20


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, end=st.sampled_from(["\n", "\r\n"]), block=st.sampled_from([3, 7, 64]), gb=st.booleans())
def test_what_a_writer_of_csv_wrote_is_read_again(rows: list[list[str]], end: str, block: int, gb: bool) -> None:
    out = io.StringIO()
    # An empty cell without quotes would be no value, and a line with nothing on it no row.
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["x", "y"], *rows])
    text = out.getvalue()
    whole = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))][1:]
    good = [row for row in whole if len(row) == 2 and "\0" not in "".join(row)]
    found, lines, records = read(text.encode("gb18030" if gb else "utf-8"), "csv", block)
    assert found == good
    assert len(lines) == records == len(whole)


@settings(max_examples=200, deadline=None)
@given(content=WILD, form=FORMS, block=st.sampled_from([3, 7, 64]))
def test_no_line_of_any_file_is_lost_or_taken_twice(content: list[bytes], form: str, block: int) -> None:
    try:
        _, lines, records = read(b"x,y\n" + b"".join(content), form, block)
    except JutongError as error:
        if error.code not in {"node.files.broken", "node.files.encoding"}:
            raise
        return
    assert len(set(lines)) == len(lines) == records
