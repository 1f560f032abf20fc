"""Chunks of Arrow batches into a MariaDB or MySQL table as text, and out of it again to see what lies there.

The text of many rows is made at once, by Arrow, and taken by LOAD DATA LOCAL; where a server does not allow that, by
INSERT. It is made and sent in a thread of its own, so that the next batch is read and checked meanwhile. LOCAL turns
every error of a value into a warning, so a warning ends the chunk. Reading back, the server packs thousands of rows
into one value, and Arrow takes them apart: row by row it would take four times as long.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pymysql
from pyarrow import csv

from jutong.library.digest import ContentDigest
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.lanes.sums import CountOnly
from jutong.node.exchange.rules.kernels import pc
from jutong.node.exchange.targets.errors import TargetRefusedError, TargetUnfitError
from jutong.node.exchange.targets.myledger import MyLedger
from jutong.node.exchange.targets.mysession import NO_LOCAL, Session, quoted
from jutong.node.exchange.targets.mytypes import TooFineError, Way

SEND_ROWS = 65_536
SEND_BYTES = 8 * 1024 * 1024
"""What is made into text at once: all that is held in memory, a few times."""

ROW = "jutong_row"
"""A column the staging table has besides those of the table: the number of the row, in the order of writing."""

BACK_BYTES = 1024 * 1024
MOST_BACK = 16_384
INSERT_BYTES = 1024 * 1024
_NULL = "NULL"


@dataclass(frozen=True)
class Sent:
    """What lies in the table of a chunk."""

    rows: int
    digest: str


class Load:
    """Writes chunks into a staging table.

    Args:
        session: to the target; its thread uses it between ``begin`` and ``finish``.
        table: schema and name of the table, for messages.
        staging: schema and name of what is filled.
        ways: how each column gets in and is read back.
        schema: of what lands.
        counted: only count what lies there, instead of reading it.
    """

    def __init__(
        self,
        session: Session,
        table: str,
        staging: tuple[str, str],
        ways: Sequence[Way],
        schema: pa.Schema,
        *,
        counted: bool,
    ) -> None:
        self._session = session
        self._table = table
        self._staging = quoted(*staging)
        self._ways = ways
        self._schema = schema
        self._counted = counted
        self._local = _takes_local(session)
        self._held: list[pa.RecordBatch] = []
        self._rows = self._taken = self._bytes = self._place = 0
        self._pending: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="load")

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def begin(self) -> None:
        """Begin a chunk's transaction."""
        self._held, self._rows, self._taken, self._bytes = [], 0, 0, 0
        self._session.begin()
        ((place,),) = self._session.rows(f"SELECT COALESCE(MAX({ROW}), 0) FROM {self._staging}")  # noqa: S608
        self._place = int(place)

    def write(self, batch: pa.RecordBatch) -> None:
        """Take rows; they are sent when there are enough."""
        self._held.append(batch)
        self._rows += batch.num_rows
        rows = sum(held.num_rows for held in self._held)
        if rows >= SEND_ROWS or sum(held.nbytes for held in self._held) >= SEND_BYTES:
            self._send()

    def _send(self) -> None:
        held, self._held = self._held, []
        self._wait()
        if sum(batch.num_rows for batch in held):
            self._pending = self._thread.submit(self._copy, held)

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _copy(self, held: list[pa.RecordBatch]) -> None:
        for batch in held:
            try:
                arrays = [way.send(batch.column(way.column)) for way in self._ways]
            except TooFineError as error:
                raise TargetUnfitError(table=self._table, columns=str(error)) from error
            taken = self._by_load(arrays) if self._local else self._by_insert(arrays)
            if taken != batch.num_rows:  # LOCAL passes over a row whose key is there already
                raise TargetRefusedError(table=self._table, reason=f"{batch.num_rows - taken} rows")
            self._taken += taken

    def _by_load(self, arrays: list[Any]) -> int:
        rows = pa.RecordBatch.from_arrays(arrays, names=[f"c{place}" for place in range(len(arrays))])
        stream = pa.BufferOutputStream()
        options: Any = {"include_header": False, "null_string": _NULL, "batch_size": SEND_ROWS}
        csv.write_csv(rows, stream, csv.WriteOptions(**options))
        content = memoryview(stream.getvalue())
        try:
            taken = self._session.load(self._load_statement(), content)
        except pymysql.err.MySQLError as error:
            if error.args[0] not in NO_LOCAL:
                raise
            self._local = False
            return self._by_insert(arrays)
        self._bytes += len(content)
        return taken

    def _load_statement(self) -> str:
        into, puts = [], []
        for place, way in enumerate(self._ways):
            name = quoted(way.taker.name)
            into.append(name if way.put == "{}" else f"@c{place}")
            if way.put != "{}":
                puts.append(f"{name} = {way.put.format(f'@c{place}')}")
        return (
            f"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {self._staging} CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','"
            " OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n'"
            f" ({', '.join(into)})" + (f" SET {', '.join(puts)}" if puts else "")
        )

    def _by_insert(self, arrays: list[Any]) -> int:
        names = ", ".join(quoted(way.taker.name) for way in self._ways)
        head = f"INSERT INTO {self._staging} ({names}) VALUES ".encode()  # noqa: S608
        taken = 0
        for values in _rows_as_sql(arrays, self._ways):
            self._bytes += len(values)
            taken += self._session.do(head + values)
        return taken

    def finish(self) -> Sent:
        """Send the rest, and look at what lies in the table."""
        self._send()
        self._wait()
        if self._counted:  # by the server, as it took them; and once more before the last commit
            counted = CountOnly(self._taken)
            return Sent(counted.rows, counted.text())
        back = ReadBack(self._session, self._staging, self._ways, self._schema)
        found = back.digest(self._place, self._bytes // max(self._rows, 1))
        return Sent(found.rows, found.text())

    def commit(self, ledger: MyLedger, done: ChunkDone) -> bool:
        """Commit the chunk with its line in the book; False when the book does not take it, and nothing is kept."""
        if not ledger.entry(done):
            self._session.rollback()
            return False
        self._session.commit()
        return True


def _takes_local(session: Session) -> bool:
    found = dict(session.rows("SHOW VARIABLES WHERE Variable_name IN ('local_infile', 'wsrep_load_data_splitting')"))
    # A cluster that splits a load commits in the midst of it.
    return str(found.get("local_infile", "OFF")) == "ON" and str(found.get("wsrep_load_data_splitting", "OFF")) != "ON"


def _rows_as_sql(arrays: list[Any], ways: Sequence[Way]) -> Iterator[bytes]:
    """Yield the rows as lists of values, each no longer than ``INSERT_BYTES`` or one row."""
    columns = []
    for array, way in zip(arrays, ways, strict=True):
        text = array.cast(pa.large_string())
        text = pc.replace_substring(pc.replace_substring(text, "\\", "\\\\"), "'", "\\'")
        before, after = way.put.split("{}")
        columns.append(pc.fill_null(_joined(f"{before}'", text, f"'{after}"), _NULL))
    rows = _joined("(", _joined(*columns, by=","), "),")
    ends = np.frombuffer(rows.buffers()[1], np.int64)[rows.offset : rows.offset + len(rows) + 1]
    content = memoryview(rows.buffers()[2])
    first = 0
    while first < len(rows):
        last = max(int(np.searchsorted(ends, ends[first] + INSERT_BYTES, "right")) - 1, first + 1)
        yield bytes(content[int(ends[first]) : int(ends[last]) - 1])
        first = last


def _joined(*parts: Any, by: str = "") -> Any:
    wide = pa.large_string()
    return pc.binary_join_element_wise(
        *(pa.scalar(part, wide) if isinstance(part, str) else part for part in parts), pa.scalar(by, wide)
    )


class ReadBack:
    """Reads rows that were written, as they lie in a table.

    Args:
        session: to the target.
        table: its quoted name.
        ways: how each column is read back.
        schema: of what landed.
    """

    def __init__(self, session: Session, table: str, ways: Sequence[Way], schema: pa.Schema) -> None:
        self._session = session
        self._table = table
        self._schema = schema
        by_name = {way.column: way for way in ways}
        self._ways = [by_name[name] for name in schema.names]
        names = [f"c{place}" for place in range(len(ways))]
        self._reading = csv.ReadOptions(column_names=names, use_threads=False)
        self._parsing = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
        self._converting = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""],
            quoted_strings_can_be_null=False,
        )  # fmt: skip
        cells = []
        for way in self._ways:
            told = way.back.format(quoted(way.taker.name))
            told = f"CONCAT('\"', REPLACE({told}, '\"', '\"\"'), '\"')" if way.words else f"CONCAT('', {told})"
            cells.append(f"IFNULL({told}, '')")
        self._row = f"CONCAT_WS(',', {', '.join(cells)})"

    def digest(self, after: int, size: int) -> ContentDigest:
        """Return the digest of the rows whose number is greater than ``after``.

        Args:
            after: the number.
            size: bytes a row has, about.
        """
        total = ContentDigest(self._schema)
        ((last,),) = self._session.rows(f"SELECT COALESCE(MAX({ROW}), 0) FROM {self._table}")  # noqa: S608
        step = max(min(BACK_BYTES // max(size, 1), MOST_BACK), 1)
        for first in range(after, int(last), step):
            for batch in self._block(first, step):
                total.update(batch)
        return total

    def every(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a table that does not number them."""
        for texts in self._session.stream(f"SELECT {self._row} FROM {self._table}", MOST_BACK):  # noqa: S608
            found = self._unpacked("\n".join(texts))
            if found is None or found.num_rows != len(texts):
                raise ContentDiffersError(source_digest=f"{len(texts)}", target_digest="-")
            yield found

    def _block(self, first: int, step: int) -> Iterator[pa.RecordBatch]:
        ((packed, count),) = self._session.rows(
            f"SELECT GROUP_CONCAT({self._row} SEPARATOR '\\n'), COUNT(*) FROM {self._table}"  # noqa: S608
            f" WHERE {ROW} > {first:d} AND {ROW} <= {first + step:d}"
        )
        if not count:
            return
        found = self._unpacked(packed) if packed is not None and not self._session.warned else None
        if found is not None and found.num_rows == count:
            yield found
        elif step == 1:  # one row that is too long to come back in one piece
            raise ContentDiffersError(source_digest="-", target_digest=f"{ROW} {first}")
        else:  # long values close to each other: by halves
            half = step // 2
            yield from self._block(first, half)
            yield from self._block(first + half, step - half)

    def _unpacked(self, packed: str | bytes) -> pa.RecordBatch | None:
        content = packed.encode() if isinstance(packed, str) else packed
        self._reading.block_size = len(content) + 1
        try:
            table = csv.read_csv(
                io.BytesIO(content),
                read_options=self._reading,
                parse_options=self._parsing,
                convert_options=self._converting,
            )
        except pa.ArrowInvalid:  # cut off in the midst of a value
            return None
        arrays = [
            way.read(column.combine_chunks()) for way, column in zip(self._ways, table.columns, strict=True)
        ]  # fmt: skip
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)
