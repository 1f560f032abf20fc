"""A table of a MariaDB or MySQL database as a target: the promises of ``targets.Target`` by InnoDB's means."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pymysql
from typing_extensions import override

from jutong.contracts.landing import Landing
from jutong.contracts.modes import ReplaceMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import Rule
from jutong.library.overwrite import Committed, Proof
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.rules.sieve import Sieve
from jutong.node.exchange.targets import Landed, Target
from jutong.node.exchange.targets.errors import TargetLostError, TargetUnfitError, WriteForbiddenError
from jutong.node.exchange.targets.myledger import SCHEMA, MyLedger
from jutong.node.exchange.targets.myload import Load
from jutong.node.exchange.targets.mymerge import Bring
from jutong.node.exchange.targets.mysession import BROKEN, Session, quoted
from jutong.node.exchange.targets.myswap import REFERRED, Replace, make_staging, shape_of
from jutong.node.exchange.targets.mytypes import Taker, Way, match
from jutong.node.exchange.targets.pgmerge import check_mode
from jutong.node.exchange.targets.whole import told, whole
from jutong.node.sources import SourceConfig

BUSY_SECONDS = 20
"""How long to wait for another process at the same table: a killed one's server side may take a moment to notice."""

_TAKERS = """
SELECT COLUMN_NAME, LOWER(COLUMN_TYPE), LOWER(DATA_TYPE), IS_NULLABLE = 'NO', COLUMN_DEFAULT IS NOT NULL, LOWER(EXTRA),
       COALESCE(CHARACTER_SET_NAME, ''), COALESCE(CHARACTER_MAXIMUM_LENGTH, 0), COALESCE(NUMERIC_PRECISION, 0),
       COALESCE(NUMERIC_SCALE, 0), COALESCE(DATETIME_PRECISION, 0), COLUMN_TYPE
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = {table} ORDER BY ORDINAL_POSITION
"""


class MysqlTarget(Target):
    """A table of a MariaDB or MySQL database; see ``targets.Target``.

    One connection does everything. It holds a lock named after the table, so that a process which was thought dead and
    is not finds its connection, and with it the right to write, still its own or gone.

    Args:
        order: the job's; it has a landing.
        landing: where to.
        into: the database.
        adds: add the rows to those of the table, whatever the order says; for rows put right afterwards.
    """

    def __init__(self, order: JobOrder, landing: Landing, into: SourceConfig, *, adds: bool = False) -> None:
        self._adds = adds
        self._order = order
        self._landing = landing
        self._into = into
        self._table = (landing.schema_name, landing.table)
        self._stack = contextlib.ExitStack()
        self._held = self._done = False
        self.ways: list[Way] = []
        self._shape = ""
        self._lands: pa.Schema | None = None
        self._load: Load | None = None
        self._guard: Sieve | None = None

    @property
    def name(self) -> str:
        """Schema and table, for messages."""
        return ".".join(self._table)

    @property
    def staging(self) -> tuple[str, str]:
        """Schema and name of the table that is filled."""
        return (SCHEMA, self.ledger.staging)

    @override
    def __enter__(self) -> Self:
        if self._into.dialect != "mysql" or self._landing.schema_name not in self._into.writes:
            raise WriteForbiddenError(source=self._into.name, schema=self._landing.schema_name)
        check_mode(self._order.mode)
        self._session = Session(self._into, self.name)
        self._stack.callback(self._session.close)
        try:
            with self.named_problems():
                self.ledger = MyLedger(self._session, self._into.name, self._order.job_id, self._table)
                self.ledger.prepare()
                self._lock()
                self.ledger.settle()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _lock(self) -> None:
        name = f"CONCAT('jutong ', SHA1({self._session.literal(self.name)}))"
        if self._session.one(f"SELECT GET_LOCK({name}, {BUSY_SECONDS})") != (1,):
            raise TargetLostError(table=self.name, reason="another job is writing the table")

    @override
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if self._load is not None:
                self._load.close()
            self._session.rollback()
            if not (self._held or self._done):
                with contextlib.suppress(*BROKEN):  # the next job for the table removes it
                    self.ledger.forget()

    @override
    def committed(self) -> Committed | None:
        with self.named_problems():
            return self.ledger.committed()

    @override
    def fits(self, schema: pa.Schema, kinds: Mapping[str, str]) -> tuple[Rule, ...]:
        """Compare what lands with the table's columns.

        Raises:
            TargetUnfitError: naming every column that can never fit, or a table that is not there or is not InnoDB's.
        """
        with self.named_problems():
            takers = takers_of(self._session, self._table)
        self.ways, problems = match(schema, self._landing.columns, takers, self._into.zone)
        if problems:
            raise TargetUnfitError(table=self.name, columns="；".join(problems)[:400])
        self._merge()
        self._lands = schema
        self._shape = f"{schema}\n{takers}"
        masked = {mask.column for mask in self._order.masks}  # a mask comes after the rules
        rules = [rule for way in self.ways for rule in way.rules]
        late = [rule for rule in rules if rule.column in masked]
        self._guard = Sieve(late, (), schema) if late else None
        return tuple(rule for rule in rules if rule not in late)

    @override
    def begin(self, schema: pa.Schema, done: Sequence[ChunkDone] | None) -> tuple[ChunkDone, ...]:
        with self.named_problems():
            found: tuple[ChunkDone, ...] = ()
            if done is not None and self.ledger.take(self._shape):
                found = self.ledger.chunks()
            else:
                self.ledger.begin(self._shape)
                make_staging(self._session, self._table, self.staging, self._landing_names())
            counted = self._landing.proof == "count"
            self._load = Load(self._session, self.name, self.staging, self.ways, schema, counted=counted)
        return found

    def _landing_names(self) -> list[str]:
        return [way.taker.name for way in self.ways]

    def _merge(self) -> Bring | None:
        """Return what brings the rows in, where they do not simply take the place of all others."""
        mode = self._order.mode
        if mode is None or isinstance(mode, ReplaceMode):
            return None
        return Bring(self._session, self._table, self.staging, mode, self.ways)

    @override
    def position(self, watermark: str) -> tuple[str, int]:
        with self.named_problems():
            found = self.ledger.newest_proof()
        return (found.position, found.position_rows) if found and found.watermark == watermark else ("", 0)

    @property
    def _open(self) -> Load:
        assert self._load is not None  # noqa: S101 - begin() comes first
        return self._load

    @override
    def begin_chunk(self, number: int) -> None:
        with self.named_problems():
            self._open.begin()

    @override
    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows.

        Raises:
            TargetUnfitError: when a masked value does not fit its column; others were asked before.
        """
        if self._guard is not None:
            broken = [count.column for count in self._guard.counted(self._guard.sift(batch, 0).counts) if count.rows]
            if broken:
                raise TargetUnfitError(table=self.name, columns="、".join(broken))
        with self.named_problems():
            self._open.write(batch)

    @override
    def finish_chunk(self) -> Landed:
        with self.named_problems():
            sent = self._open.finish()
        return Landed(sent.rows, sent.digest)

    @override
    def keep(self, done: ChunkDone) -> None:
        with self.named_problems():
            if not self._open.commit(self.ledger, done):
                raise TargetLostError(table=self.name, reason="another process has taken the job up")

    @override
    def commit(self, proof: Proof) -> Committed:
        """Replace the table's content, or bring the rows in.

        Raises:
            ContentDiffersError: when the staging table has other rows than were written.
            TargetRefusedError, TargetLostError: as the database says.
        """
        if self._load is not None:
            self._load.close()
            self._load = None
        with self.named_problems():
            ((rows,),) = self._session.rows(f"SELECT COUNT(*) FROM {quoted(*self.staging)}")  # noqa: S608
            if rows != proof.rows:
                raise ContentDiffersError(source_digest=f"{proof.rows}", target_digest=f"{rows}")
            self._in_place(proof)
        self._done = True
        with self.named_problems():
            found = self.ledger.committed()
            with contextlib.suppress(pymysql.err.MySQLError):  # what is left over harms nobody
                self.ledger.clear()
        assert found is not None  # noqa: S101 - committed above, durably
        return found

    def _in_place(self, proof: Proof) -> None:
        """Put the staged rows where they belong, and have the book say so."""
        putting, merge = Replace(self._session, self._table, self.staging, self._landing_names()), self._merge()
        putting.check()
        if merge is not None:
            merge.prepare()
            with self._session.transaction():
                done = self._whole(self.ledger.carried(merge.run(proof)))
                self._close(done)
        elif self._adds:
            with self._session.transaction():
                putting.add()
                self._close(self._whole(self.ledger.carried(proof)))
        else:
            proof = self._whole(replace(proof, inserted=proof.rows if self._order.mode else 0))
            if not self._swapped(putting, proof):
                with self._session.transaction():
                    putting.refill(proof.rows)
                    self._close(proof)

    def _swapped(self, putting: Replace, proof: Proof) -> bool:
        if not putting.free() or not putting.build():
            return False
        self._close(proof, "swapping")
        if not putting.swap(self.ledger.former):
            self.ledger.say("filling")
            return False
        self.ledger.say("committed")
        try:
            self.ledger.drop_former()
        except pymysql.err.MySQLError as error:
            if not error.args or error.args[0] not in REFERRED:
                return True  # somebody still reads it; the next job for the table removes it
            # A foreign key that could not be seen has followed the table.
            putting.undo(self.ledger.former)
            self.ledger.reopen()
            raise
        return True

    def _close(self, proof: Proof, state: str = "committed") -> None:
        assert self._lands is not None  # noqa: S101 - fits() comes first
        if not self.ledger.close(proof, told(self._lands, self._landing), state):
            raise TargetLostError(table=self.name, reason="another process has taken the job up")

    def _whole(self, proof: Proof) -> Proof:
        return whole(proof, self._order, self._count, adds=self._adds)

    def _count(self) -> int:
        return int(self._session.one(f"SELECT COUNT(*) FROM {quoted(*self._table)} LOCK IN SHARE MODE")[0])  # noqa: S608

    @override
    def hold(self) -> None:
        self._held = True

    def named_problems(self) -> contextlib.AbstractContextManager[None]:
        """Name what the database or its driver says."""
        return self._session.named_problems()


def takers_of(session: Session, table: tuple[str, str]) -> list[Taker]:
    """Return a table's columns.

    Raises:
        TargetUnfitError: for a table that is not there or is not InnoDB's.
    """
    name, (schema, bare) = ".".join(table), (session.literal(one) for one in table)
    found = session.rows(
        f"SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = {bare}"  # noqa: S608
        " AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
    )
    if not found:
        raise TargetUnfitError(table=name, columns="-")
    if str(found[0][0]).lower() != "innodb":
        raise TargetUnfitError(table=name, columns=f"ENGINE={found[0][0]} → ENGINE=InnoDB")
    session.known = shape_of(session, table).names
    return [_taker(row) for row in session.rows(_TAKERS.format(schema=schema, table=bare))]


def _taker(row: tuple[Any, ...]) -> Taker:
    name, kind, word, not_null, filled, extra, charset, characters, digits, scale, fraction, written = row
    counts = "auto_increment" in extra
    fixed = "generated" in extra.replace("default_generated", "")
    return Taker(
        name, written if word in {"enum", "set"} else kind, word, bool(not_null), bool(filled) or counts, fixed, counts,
        charset.lower(), int(characters), int(digits), int(scale), int(fraction),
    )  # fmt: skip
