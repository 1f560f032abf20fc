"""A stream of messages, read as a table.

What the stream has is taken into the job's own folder first, and moved from there. How far the stream was read stands
in the target's commit with the rows, and only behind that the messages are acknowledged: what comes again because a
job was killed in between is known by its number and not read twice.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from jutong.contracts.modes import AppendMode, MergeMode
from jutong.contracts.orders import JobOrder
from jutong.kernel.errors import JutongError
from jutong.library.overwrite import Proof
from jutong.node.connectors.errors import TableMissingError
from jutong.node.connectors.queue import table_of
from jutong.node.exchange import convert
from jutong.node.exchange.errors import ColumnsChangedError
from jutong.node.exchange.modes.since import Since
from jutong.node.exchange.plan import Array, Mapping, PlannedColumn
from jutong.node.exchange.progress import Held
from jutong.node.exchange.readers import OpenRead
from jutong.node.exchange.readers.draining import ACKS, ROWS, Draining, consumer_of, forget, load
from jutong.node.exchange.readers.files import read_files
from jutong.node.exchange.readers.latest import latest_only
from jutong.node.files.arrival import Arrived, stamp_of
from jutong.node.files.mapping import FileTable
from jutong.node.files.reading import open_file
from jutong.node.queues.errors import QueueModeError
from jutong.node.queues.mapping import SEQUENCE, TIME, StreamTable
from jutong.node.queues.server import Server
from jutong.node.sources import SourceConfig

LOGGER = logging.getLogger(__name__)
SCHEME = "nats"
ACK, NAK = b"+ACK", b"-NAK"


def since_of(source: SourceConfig, order: JobOrder, position: object, earlier: Since | None) -> Since:
    """Return what of a stream an order reads.

    Args:
        source: the server.
        order: the job's.
        position: tells how far the target's earlier jobs read under a name.
        earlier: what an earlier run of this job read, if there was one.

    Raises:
        TableMissingError: the mapping has no such table.
        QueueModeError: the rows would be put in the place of all others.
    """
    table = _table(source, order)
    if not isinstance(order.mode, AppendMode | MergeMode):
        raise QueueModeError(stream=table.stream, mode=order.mode.kind if order.mode else "replace")
    name = f"{SCHEME}:{table.stream}:{consumer_of(table, _target(order))}"
    after = position(name)[0] if callable(position) else ""
    return (
        earlier
        if earlier is not None and (earlier.column, earlier.after) == (name, after)
        else Since(column=name, after=after)
    )


@contextmanager
def read(
    source: SourceConfig, order: JobOrder, folder: Path | None = None, since: Since | None = None
) -> Iterator[OpenRead]:
    """Take what a stream has behind the target's position.

    Args:
        source: the server.
        order: what to move.
        folder: the job's own.
        since: behind what, by ``since_of``.

    Raises:
        JutongError: naming the stream and what is wrong with it.
    """
    if folder is None or since is None:
        raise ValueError("a stream is read by a job")
    table = _table(source, order)
    if gone := [name for name in order.columns if name not in table.every_column]:
        raise ColumnsChangedError(source=source.name, table=order.table, change=f"-{', -'.join(gone)}")
    drained = load(folder)
    if drained is None:
        consumer = since.column.rpartition(":")[2]
        with Server(source) as server:
            draining = Draining(server, table, consumer=consumer, position=since.after, target=_target(order))
            drained = draining.into(folder)
        if isinstance(order.mode, MergeMode):
            drained = latest_only(folder, drained, order.mode, table)
    try:
        yield replace(_opened(order, table, folder), since=since.model_copy(update={"upto": drained.position}))
    except Held:
        raise
    except Exception:
        _said(source, folder, NAK)
        forget(folder)
        raise
    (folder / ROWS).unlink(missing_ok=True)


def confirm(source: SourceConfig, proof: Proof, folder: Path) -> None:
    """Acknowledge what a job took, behind its commit; if that cannot be said now, the next job says it.

    Args:
        source: the server.
        proof: of the commit.
        folder: the job's own.
    """
    if not proof.watermark.startswith(f"{SCHEME}:"):
        return
    _said(source, folder, ACK)
    (folder / ROWS).unlink(missing_ok=True)
    (folder / ACKS).unlink(missing_ok=True)


def drained_by(folder: Path) -> int:
    """Return how many messages a job took."""
    found = load(folder)
    return found.messages if found else 0


def _said(source: SourceConfig, folder: Path, word: bytes) -> None:
    """Say one word of every message that was taken."""
    path = folder / ACKS
    if not path.exists() or not path.stat().st_size:
        return

    async def each(server: Server) -> None:
        with path.open("rb") as stream:
            for line in stream:
                await server.say(line.decode().strip(), word)
        await server.flushed()

    try:
        with Server(source) as server:
            server.run(each(server))
    except JutongError as error:
        LOGGER.warning("messages are not acknowledged yet: %s", error.code)


def _table(source: SourceConfig, order: JobOrder) -> StreamTable:
    table = table_of(source, order.schema_name, order.table)
    if table is None:
        raise TableMissingError(source=source.name, table=order.table)
    return table


def _target(order: JobOrder) -> str:
    into = order.into
    return f"{into.source} {into.schema_name}.{into.table}" if into else order.target


def _opened(order: JobOrder, table: StreamTable, folder: Path) -> OpenRead:
    columns = {name: table.every_column[name] for name in order.columns}
    lines = FileTable.model_validate_json(json.dumps({
        "pattern": ROWS, "format": "jsonl", "encoding": "utf-8", "columns": columns,
        "most_bad_permille": table.most_bad_permille,
    }))  # fmt: skip
    path = folder / ROWS
    file = open_file(Arrived(ROWS, path, "", stamp_of(path.stat()), folder.resolve()), lines)
    return read_files(order, lines, [file], like=file, kinds=KINDS)


def _instant(array: Array, column: PlannedColumn) -> Array:
    return array.cast(column.mapping.arrow)


KINDS = {
    SEQUENCE: Mapping("{}", pa.string(), pa.int64(), convert.integer),
    TIME: Mapping("{}", pa.string(), pa.timestamp("us", tz="UTC"), _instant),
}
"""The columns of a message that are no text."""
