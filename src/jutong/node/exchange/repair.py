"""What people decide about refused rows: put right or dropped, each with a reason, and written after all.

Decisions stand in ``quarantine/decisions.db`` beside the rows, for the node's owner only. Rows that were put right go
through the same rules and masks once more and are added to the table in one commit. The commit carries an id made of
the job's and the batch's number: a replay that was killed is found and not repeated.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import UUID, uuid5

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.library.digest import ContentDigest
from jutong.library.overwrite import Overwrite, Proof
from jutong.library.tables import describe
from jutong.node.exchange import quarantine
from jutong.node.exchange.errors import (
    ContentDiffersError,
    FixUnfitError,
    ReplayTooLateError,
    RowDecidedError,
    RowUnknownError,
)
from jutong.node.exchange.quarantine import Refused
from jutong.node.exchange.rules.sieve import POSITION, Sieve

FILE = "decisions.db"
FIXED, DROPPED, BATCHED, WRITTEN = "fixed", "dropped", "batched", "written"
"""``batched`` is a row whose commit is under way: it is written, or the next replay writes it."""

_TABLES = """
CREATE TABLE IF NOT EXISTS decision (
  chunk INTEGER NOT NULL, position INTEGER NOT NULL, state TEXT NOT NULL, changes TEXT NOT NULL, reason TEXT NOT NULL,
  decided_ms INTEGER NOT NULL, batch INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (chunk, position)
)
"""


@dataclass(frozen=True)
class Decision:
    """What was decided about a row; ``changes`` has texts by column."""

    state: str
    changes: dict[str, str | None]
    reason: str


@dataclass(frozen=True)
class Replayed:
    """What a replay did. Rows that still break a rule stay where they are, with what is wrong now."""

    written: int
    still_wrong: tuple[tuple[str, str, str], ...]


class Repair:
    """The quarantine of one job, with the decisions on it. Use as a context manager.

    Args:
        folder: the job's.
        order: the job's.
    """

    def __init__(self, folder: Path, order: JobOrder) -> None:
        self._folder = folder
        self._order = order
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        path = self._folder / quarantine.FOLDER
        path.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._rows = sqlite3.connect(path / FILE, isolation_level=None)
        self._stack.callback(self._rows.close)
        self._rows.execute("PRAGMA synchronous = FULL")
        self._rows.execute(_TABLES)
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.close()

    def page(self, skip: int, limit: int) -> Iterator[tuple[Refused, Decision | None]]:
        """Yield refused rows in the order they were read, each with what was decided."""
        for row in quarantine.page(self._folder, skip=skip, limit=limit):
            yield row, self._decision(row)

    def row(self, name: str) -> Refused:
        """Return a refused row by its name, ``chunk-position``.

        Raises:
            RowUnknownError: when there is none.
        """
        chunk, _, position = name.partition("-")
        found = None
        if chunk.isdecimal() and position.isdecimal() and len(name) <= 20:  # noqa: PLR2004 - what fits in an integer
            found = quarantine.pick(self._folder, int(chunk), int(position))
        if found is None:
            raise RowUnknownError(job_id=self._order.job_id, row=name[:32])
        return found

    def fix(self, name: str, changes: dict[str, str | None], reason: str, now: datetime) -> None:
        """Put values of a row right; None is no value.

        Raises:
            RowUnknownError, RowDecidedError: there is no such row, or it is written.
            FixUnfitError: when a column is not in the row or cannot hold the value.
        """
        row = self.row(name)
        before = self._decision(row)
        merged = {**(before.changes if before and before.state == FIXED else {}), **changes}
        self._changed(row, merged)
        self._decide(row, FIXED, merged, reason, now)

    def drop(self, name: str, reason: str, now: datetime) -> None:
        """Say that a row is not to be written, and why. It stays where it is.

        Raises:
            RowUnknownError, RowDecidedError: there is no such row, or it is written.
        """
        self._decide(self.row(name), DROPPED, {}, reason, now)

    def _decision(self, row: Refused) -> Decision | None:
        found = self._rows.execute(
            "SELECT state, changes, reason FROM decision WHERE chunk = ? AND position = ?", (row.chunk, row.position)
        ).fetchone()
        return Decision(found[0], json.loads(found[1]), found[2]) if found else None

    def _decide(self, row: Refused, state: str, changes: dict[str, str | None], reason: str, now: datetime) -> None:
        done = self._rows.execute(
            "INSERT INTO decision (chunk, position, state, changes, reason, decided_ms) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (chunk, position) DO UPDATE SET state = excluded.state, changes = excluded.changes,"
            " reason = excluded.reason, decided_ms = excluded.decided_ms WHERE state IN (?, ?)",
            (row.chunk, row.position, state, json.dumps(changes), reason, int(now.timestamp() * 1000), FIXED, DROPPED),
        )
        if not done.rowcount:
            raise RowDecidedError(row=row.name)

    def _schema(self, chunk: int) -> pa.Schema:
        schema = quarantine.rows_of(self._folder, chunk).schema
        return schema.remove(schema.get_field_index(POSITION))

    def _changed(self, row: Refused, changes: dict[str, str | None]) -> pa.RecordBatch:
        schema = self._schema(row.chunk)
        if unknown := [name for name in changes if name not in schema.names]:
            raise FixUnfitError(column=unknown[0], kind="、".join(schema.names)[:200])
        arrays = []
        for item in schema:
            if item.name not in changes:
                arrays.append(pa.array([row.values[item.name]], item.type))
                continue
            try:
                arrays.append(pa.array([changes[item.name]], pa.string()).cast(item.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise FixUnfitError(column=item.name, kind=str(item.type)) from error
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def replay(self, path: Path, now: datetime) -> Replayed:
        """Write every row that was put right and now breaks no rule, in one commit.

        Args:
            path: the table's folder in the library.
            now: when.

        Raises:
            ReplayTooLateError: when another job has replaced the table since.
            JutongError: when the library cannot be written; the rows then wait for the next replay.
        """
        done = self._finish_batch(path, now)
        waiting = self._waiting(FIXED)
        if not waiting:
            return Replayed(done, ())
        sifted, wrong = self._sift(waiting)
        if good := [row for row in waiting if row.name not in wrong]:
            number = int(self._rows.execute("SELECT max(batch) FROM decision").fetchone()[0]) + 1
            self._rows.execute("BEGIN IMMEDIATE")
            self._rows.executemany(
                "UPDATE decision SET state = ?, batch = ? WHERE chunk = ? AND position = ?",
                [(BATCHED, number, row.chunk, row.position) for row in good],
            )
            self._rows.execute("COMMIT")
            done += self._finish_batch(path, now)
        return Replayed(done, sifted)

    def _waiting(self, state: str) -> list[Refused]:
        names = self._rows.execute(
            "SELECT chunk || '-' || position FROM decision WHERE state = ? ORDER BY chunk, position", (state,)
        )
        return [self.row(name) for (name,) in names.fetchall()]

    def _batch(self, rows: list[Refused]) -> pa.RecordBatch:
        decided = [(row, self._decision(row)) for row in rows]
        table = pa.Table.from_batches([self._changed(row, one.changes if one else {}) for row, one in decided])
        return table.combine_chunks().to_batches()[0]

    def _sieve(self, schema: pa.Schema) -> Sieve:
        # A row somebody put right on purpose is never left out without a word.
        rules = [
            rule.model_copy(update={"action": "set-aside"}) if rule.action == "skip" else rule
            for rule in self._order.rules
        ]
        return Sieve(rules, self._order.masks, schema)

    def _sift(self, rows: list[Refused]) -> tuple[tuple[tuple[str, str, str], ...], set[str]]:
        batch = self._batch(rows)
        sifted = self._sieve(batch.schema).sift(batch, 0)
        said = tuple(
            (rows[line[POSITION]].name, line["column"], line["reason"]) for line in sifted.findings.to_pylist()
        )
        return said, {name for name, _, _ in said}

    def _finish_batch(self, path: Path, now: datetime) -> int:
        """Commit the rows of the batch under way, unless its commit is there, and say so."""
        rows = self._waiting(BATCHED)
        if not rows:
            return 0
        (number,) = self._rows.execute("SELECT max(batch) FROM decision").fetchone()
        batch_id = str(uuid5(UUID(self._order.job_id), f"replay {number}"))
        with Overwrite(path, batch_id, mode="append") as target:
            if target.committed() is None:
                self._still_ours(path)
                self._append(target, rows, int(now.timestamp() * 1000))
        self._rows.execute("UPDATE decision SET state = ? WHERE state = ?", (WRITTEN, BATCHED))
        return len(rows)

    def _still_ours(self, path: Path) -> None:
        numbers = self._rows.execute("SELECT max(batch) FROM decision").fetchone()[0]
        ours = {str(uuid5(UUID(self._order.job_id), f"replay {number}")) for number in range(1, numbers + 1)}
        newest = describe(path).history[0]
        if newest.job_id not in {self._order.job_id, *ours}:
            raise ReplayTooLateError(table="/".join(path.parts[-2:]), job_id=self._order.job_id)

    def _append(self, target: Overwrite, rows: list[Refused], now_ms: int) -> None:
        batch = self._batch(rows)
        sieve = self._sieve(batch.schema)
        kept = sieve.sift(batch, 0).kept
        digest = ContentDigest(sieve.lands_as)
        digest.update(kept)
        target.begin(sieve.lands_as)
        target.write(kept)
        target.finish()
        found = target.read_back().text()
        if found != digest.text() or kept.num_rows != len(rows):
            raise ContentDiffersError(source_digest=digest.text(), target_digest=found)
        target.commit(Proof(target.job_id, kept.num_rows, digest.text(), found, now_ms, len(rows)))
