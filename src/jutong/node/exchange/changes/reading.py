"""A table's changes as something a move reads: the first time a snapshot with a place in the log, then what followed.

A job of changes reads up to where the log was when it first looked, so it ends. That place stands in the commit of the
rows and is confirmed to the server only afterwards: killed before the commit, it is read again; killed behind it, the
next job or the same one finds the place in the commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pyarrow as pa
from psycopg import sql

from jutong.contracts.modes import ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.kernel.errors import JutongError
from jutong.library.proof import Proof
from jutong.node.exchange.changes import server, texts
from jutong.node.exchange.changes.errors import LogUnreadableError, SlotLostError, SlotMissingError
from jutong.node.exchange.changes.names import name_of
from jutong.node.exchange.changes.pgoutput import UnreadableError
from jutong.node.exchange.changes.pgwindow import LogWindow
from jutong.node.exchange.changes.released import was_released
from jutong.node.exchange.changes.stream import LogConnection, Refused, connect, named_refusal, to_number, to_text
from jutong.node.exchange.changes.told import GONE_FILE, Told, keep, told
from jutong.node.exchange.errors import OrderUnfitError, SourceLostError
from jutong.node.exchange.lanes import Work
from jutong.node.exchange.modes.since import Since
from jutong.node.exchange.plan import Array, MovePlan, PlannedColumn
from jutong.node.exchange.progress import READING
from jutong.node.exchange.readers import OpenRead
from jutong.node.exchange.readers import postgresql as table
from jutong.node.exchange.rules.means import Means
from jutong.node.sources import SourceConfig

AGAIN_SECONDS = 120


def _watermark(order: JobOrder, slot: str) -> str:
    return f"wal:{slot}:{order.source}:{order.schema_name}.{order.table}"


@contextmanager
def read(work: Work, means: Means, earlier: Since | None) -> Iterator[OpenRead]:
    """Open what changed since the last job of a target, or the whole table where there was none.

    Args:
        work: the job.
        means: of the node.
        earlier: what an earlier run of this job read.

    Raises:
        JutongError: naming why nothing can be read, and who can mend it.
    """
    order, source, mode = work.order, work.source, work.order.mode
    assert isinstance(mode, ChangesMode)  # noqa: S101 - nobody else comes here
    if source.dialect != "postgresql" or order.into is not None:
        raise OrderUnfitError(what="写入方式", found=f"changes × {source.dialect}")
    identity = server.check(source, order, mode)
    slot = name_of(order.target, means)
    since = Since(column=_watermark(order, slot))
    reached, _ = work.target.position(since.column) if not mode.afresh else ("", 0)
    if reached and was_released(slot, means, to_number(reached.partition(" ")[0])):
        reached = ""
    try:
        with connect(source, work.teller.tell) as log:
            if not reached:
                with _first(work, log, slot, since) as opened:
                    yield opened
                return
            since = since.model_copy(update={"after": reached})
            if earlier is not None and (earlier.column, earlier.after) == (since.column, reached):
                since = earlier
            with _following(work, log, slot, since, identity) as opened:
                yield opened
    except Refused as error:
        raise named_refusal(error, source, slot) from error
    except UnreadableError as error:
        raise LogUnreadableError(source=source.name, problem=str(error)) from error


@contextmanager
def _first(work: Work, log: LogConnection, slot: str, since: Since) -> Iterator[OpenRead]:
    """Read the whole table in the snapshot in which a new slot begins."""
    identity = log.identify()
    # While the table is read the slot is this connection's own: killed or failed, it leaves nothing at the source.
    exported = log.export(f"{slot}_x"[-60:])
    since = since.model_copy(update={"upto": f"{to_text(exported.begins)} {identity.system}"})
    with table.read(work.source, work.order, snapshot=exported.snapshot) as opened:
        log.settle()
        keep(work.folder, Told())
        yield replace(opened, since=since)
    server.drop(work.source, slot)
    log.copy_slot(exported.slot, slot)


@contextmanager
def _following(work: Work, log: LogConnection, slot: str, since: Since, identity: Sequence[str]) -> Iterator[OpenRead]:
    order, source = work.order, work.source
    who = log.identify()
    place, _, system = since.after.partition(" ")
    if system != who.system:
        raise SlotMissingError(source=source.name, slot=slot, problem=f"server {system} → {who.system}")
    after = to_number(place)
    used = server.look(source, slot, after)
    if not since.upto:
        since = since.model_copy(update={"upto": f"{to_text(max(who.reached, after))} {system}"})
    upto = to_number(since.upto.partition(" ")[0])
    plan = table.plan_of(source, order)
    mode = order.mode
    assert isinstance(mode, ChangesMode)  # noqa: S101 - the caller looked
    with LogWindow(work.folder / "changes", plan, identity) as window:
        try:
            for message in log.messages(slot, mode.publication, after, upto) if upto > after else ():
                if window.take(message):
                    log.alive()
                    work.teller.tell(phase=READING)
        except Refused as error:
            # What the slot says of itself is the better name.
            server.look(source, slot, after)
            if "can no longer" in error.text or "invalidated" in error.text or "removed" in error.text:
                raise SlotLostError(source=source.name, slot=slot) from error
            raise
        log.close()  # the slot is free again
        with _again(source, plan, identity) as again:
            rows = window.settle(again.rows)
        keep(work.folder, Told(changes=window.changes, only=not window.emptied, log_permille=used))
        yield OpenRead(
            plan,
            rows,
            "",
            lambda _: rows,
            lambda _: (),
            lambda _: window.there(),
            since=since,
            gone=window.gone,
        )


class _Again:
    """Reads rows of the table once more by their keys; connects when it is first asked."""

    def __init__(self, source: SourceConfig, plan: MovePlan, identity: Sequence[str]) -> None:
        self._source = source
        self._plan = plan
        self._keys = [column for name in identity for column in plan.columns if column.name == name]
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def rows(self, keys: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows that have these keys now."""
        try:
            if self._connection is None:
                options = " ".join(f"-c {name}={value.replace(' ', '')}" for name, value in texts.SETTINGS.items())
                options += f" -c default_transaction_read_only=on -c statement_timeout={AGAIN_SECONDS * 1000}"
                self._connection = psycopg.connect(
                    self._source.dsn, connect_timeout=10, application_name="jutong", options=options, autocommit=True
                )
            with self._connection.cursor() as cursor:
                cursor.execute(self._query, [_as_sent(keys.column(column.name)) for column in self._keys])
                found = cursor.pgresult
                assert found is not None  # noqa: S101 - it was executed
                columns = [
                    [found.get_value(row, place) for row in range(found.ntuples)]
                    for place in range(len(self._plan.columns))
                ]
        except psycopg.Error as error:
            raise SourceLostError(
                source=self._source.name, rows=0, reason=f"SQLSTATE {error.sqlstate or '-'}"
            ) from error
        arrays = [
            texts.of_text(pa.array(values, pa.binary()).cast(pa.string()), column)
            for values, column in zip(columns, self._plan.columns, strict=True)
        ]
        read_as = pa.schema([pa.field(column.name, column.mapping.read_as) for column in self._plan.columns])
        return self._plan.convert(pa.RecordBatch.from_arrays(arrays, schema=read_as))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    @property
    def _query(self) -> sql.Composed:
        names = [sql.Identifier(column.name) for column in self._plan.columns]
        return sql.SQL("SELECT {} FROM {} WHERE ({}) IN (SELECT {})").format(
            sql.SQL(", ").join(names),
            sql.Identifier(self._plan.schema_name, self._plan.table),
            sql.SQL(", ").join(sql.Identifier(column.name) for column in self._keys),
            sql.SQL(", ").join(sql.SQL("unnest(%s::text[])::") + _type(column) for column in self._keys),
        )


def _type(column: PlannedColumn) -> sql.SQL:
    # As the catalog writes it; an enum or a domain goes by its base.
    return sql.SQL(column.type)


def _as_sent(values: Array) -> list[str]:
    if pa.types.is_binary(values.type):
        return [f"\\x{bytes(value or b'').hex()}" for value in values.to_pylist()]
    return [str(value) for value in values.cast(pa.string()).to_pylist()]


def _again(source: SourceConfig, plan: MovePlan, identity: Sequence[str]) -> closing[_Again]:
    return closing(_Again(source, plan, identity))


def confirm(source: SourceConfig, proof: Proof, folder: Path) -> None:
    """Tell the server how far the rows are safe, behind the commit; if it cannot be told, the next job does.

    Args:
        source: the server.
        proof: of the commit.
        folder: the job's own.
    """
    (folder / GONE_FILE).unlink(missing_ok=True)  # it has keys of people's rows, and its work is done
    scheme, slot, *_ = (*proof.watermark.split(":"), "", "")
    if scheme != "wal" or not slot:
        return
    with suppress(JutongError, ValueError):
        lag = server.advance(source, slot, to_number(proof.position.partition(" ")[0]))
        keep(folder, told(folder).model_copy(update={"lag_bytes": max(lag, 0)}))


def give_up(work: Work, means: Means) -> None:
    """Take the slot away of a first job that failed: nobody would ever read by it."""
    slot = name_of(work.order.target, means)
    if not work.target.position(_watermark(work.order, slot))[0]:
        with suppress(JutongError):
            server.drop(work.source, slot)
