"""What people decide about refused rows: put right or dropped, each with a reason.

Decisions stand in ``quarantine/decisions.db`` beside the rows, for the node's owner only, with who made them. Rows that
were put right are written by ``replay``.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.node.exchange import quarantine
from jutong.node.exchange.errors import FixUnfitError, RowDecidedError, RowUnknownError
from jutong.node.exchange.quarantine import Positions, Refused
from jutong.node.exchange.rules.sieve import POSITION

FILE = "decisions.db"
OPEN, FIXED, DROPPED, BATCHED, WRITTEN = "open", "fixed", "dropped", "batched", "written"
"""``open`` rows wait for a decision; ``batched`` is a row whose commit is under way: it is written, or the next replay
writes it."""

CHANGEABLE = (FIXED, DROPPED)
_TABLES = """
CREATE TABLE IF NOT EXISTS decision (
  chunk INTEGER NOT NULL, position INTEGER NOT NULL, state TEXT NOT NULL, changes TEXT NOT NULL, reason TEXT NOT NULL,
  decided_ms INTEGER NOT NULL, batch INTEGER NOT NULL DEFAULT 0, official TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (chunk, position)
);
CREATE TABLE IF NOT EXISTS replay (number INTEGER PRIMARY KEY, official TEXT NOT NULL);
"""
_DECIDE = """
INSERT INTO decision (chunk, position, state, changes, reason, decided_ms, official) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (chunk, position) DO UPDATE SET state = excluded.state, changes = excluded.changes,
  reason = excluded.reason, decided_ms = excluded.decided_ms, official = excluded.official
  WHERE state IN ('fixed', 'dropped')
"""


@dataclass(frozen=True)
class Decision:
    """What was decided about a row; ``changes`` has texts by column."""

    state: str
    changes: dict[str, str | None]
    reason: str
    official: str = ""


@dataclass(frozen=True)
class Cause:
    """One rule some rows break: how many there are, and how many of them wait for a decision."""

    rule: str
    column: str
    reason: str
    rows: int
    open: int


@dataclass(frozen=True)
class Overview:
    """The whole quarantine of a job in numbers."""

    rows: int
    states: Mapping[str, int]
    causes: tuple[Cause, ...]


class Repair:
    """The quarantine of one job, with the decisions on it. Use as a context manager.

    Args:
        folder: the job's.
        order: the job's.
        official: who decides.
    """

    def __init__(self, folder: Path, order: JobOrder, official: str = "") -> None:
        self.folder = folder
        self.order = order
        self.official = official
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        path = self.folder / quarantine.FOLDER
        path.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self.rows = sqlite3.connect(path / FILE, isolation_level=None)
        self._stack.callback(self.rows.close)
        self.rows.execute("PRAGMA synchronous = FULL")
        self.rows.executescript(_TABLES)
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.close()

    def overview(self) -> Overview:
        """Return how many rows there are, how many in each state, and why they were refused."""
        total, found, waiting = 0, Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
        for chunk in quarantine.chunks_of(self.folder):
            total += quarantine.positions_of(self.folder, chunk).size
            findings = quarantine.findings_of(self.folder, chunk)
            undecided = ~np.isin(findings[POSITION].to_numpy(), self._decided(chunk))
            for counter, table in ((found, findings), (waiting, findings.filter(pa.array(undecided)))):
                for line in table.group_by(["rule", "column", "reason"]).aggregate([([], "count_all")]).to_pylist():
                    counter[line["rule"], line["column"], line["reason"]] += line["count_all"]
        states = dict(self.rows.execute("SELECT state, count(*) FROM decision GROUP BY state").fetchall())
        states[OPEN] = total - sum(states.values())
        causes = tuple(Cause(*name, rows, waiting[name]) for name, rows in found.most_common())
        return Overview(total, states, causes)

    def values(self, rule: str, limit: int = 20) -> list[tuple[str | None, int]]:
        """Return the values most rows that wait break a rule with, and how many rows each."""
        counted = Counter[str | None]()
        for chunk in quarantine.chunks_of(self.folder):
            findings = quarantine.findings_of(self.folder, chunk, rule)
            undecided = ~np.isin(findings[POSITION].to_numpy(), self._decided(chunk))
            for line in (
                findings.filter(pa.array(undecided)).group_by("value").aggregate([([], "count_all")]).to_pylist()
            ):
                counted[line["value"]] += line["count_all"]
        return counted.most_common(limit)

    def page(
        self, skip: int, limit: int, *, rule: str = "", state: str = ""
    ) -> Iterator[tuple[Refused, Decision | None]]:
        """Yield refused rows in the order they were read, each with what was decided.

        Args:
            skip: rows to leave out in front.
            limit: rows at most.
            rule: only rows that break it.
            state: only rows in it.
        """
        for chunk in quarantine.chunks_of(self.folder):
            positions = self._in_state(chunk, quarantine.positions_of(self.folder, chunk, rule), state)
            taken = positions[skip : skip + limit].tolist()
            skip = max(0, skip - positions.size)
            for row in quarantine.picked(self.folder, chunk, taken) if taken else ():
                yield row, self.decision(row)
            limit -= len(taken)
            if limit <= 0:
                return

    def _in_state(self, chunk: int, positions: Positions, state: str) -> Positions:
        if not state:
            return positions
        decided = self._decided(chunk, "" if state == OPEN else state)
        return positions[np.isin(positions, decided, invert=state == OPEN)]

    def _decided(self, chunk: int, state: str = "") -> Positions:
        found = self.rows.execute(
            "SELECT position FROM decision WHERE chunk = ? AND ? IN ('', state)", (chunk, state)
        ).fetchall()
        return np.array([position for (position,) in found], dtype=np.int64)

    def row(self, name: str) -> Refused:
        """Return a refused row by its name, ``chunk-position``.

        Raises:
            RowUnknownError: when there is none.
        """
        chunk, _, position = name.partition("-")
        found = None
        if chunk.isdecimal() and position.isdecimal() and len(name) <= 20:  # noqa: PLR2004 - what fits in an integer
            found = quarantine.pick(self.folder, int(chunk), int(position))
        if found is None:
            raise RowUnknownError(job_id=self.order.job_id, row=name[:32])
        return found

    def decision(self, row: Refused) -> Decision | None:
        """Return what was decided about a row."""
        found = self.rows.execute(
            "SELECT state, changes, reason, official FROM decision WHERE chunk = ? AND position = ?",
            (row.chunk, row.position),
        ).fetchone()
        return Decision(found[0], json.loads(found[1]), found[2], found[3]) if found else None

    def texts(self, row: Refused) -> dict[str, str | None]:
        """Return a row's values as texts, as they are changed; what is no text at all is left out."""
        schema = quarantine.schema_of(self.folder, row.chunk)
        return {
            item.name: pa.array([row.values[item.name]], item.type).cast(pa.string())[0].as_py()
            for item in schema
            if not pa.types.is_binary(item.type)
        }

    def fix(
        self, name: str, changes: dict[str, str | None], reason: str, now: datetime, *, afresh: bool = False
    ) -> None:
        """Put values of a row right; None is no value.

        Args:
            name: the row's.
            changes: texts by column.
            reason: on what ground.
            now: when.
            afresh: whether they take the place of earlier changes, or come on top of them.

        Raises:
            RowUnknownError, RowDecidedError: there is no such row, or it is written.
            FixUnfitError: when a column is not in the row or cannot hold the value.
        """
        row = self.row(name)
        before = self.decision(row)
        merged = {**(before.changes if before and before.state == FIXED and not afresh else {}), **changes}
        self._check(row.chunk, merged)
        self._decide(row, FIXED, merged, reason, now)

    def drop(self, name: str, reason: str, now: datetime) -> None:
        """Say that a row is not to be written, and why. It stays where it is.

        Raises:
            RowUnknownError, RowDecidedError: there is no such row, or it is written.
        """
        self._decide(self.row(name), DROPPED, {}, reason, now)

    def fix_all(self, rule: str, right: Mapping[str | None, str], reason: str, now: datetime) -> int:
        """Put the same wrong value right in every row that waits, and return how many rows that were.

        Args:
            rule: the one they break.
            right: the right value by the wrong one.
            reason: on what ground.
            now: when.

        Raises:
            FixUnfitError: when the column cannot hold a value.
        """

        def changes(chunk: int, finding: dict[str, Any]) -> dict[str, str | None] | None:
            return {finding["column"]: right[finding["value"]]} if finding["value"] in right else None

        for chunk in quarantine.chunks_of(self.folder):
            for column in quarantine.findings_of(self.folder, chunk, rule)["column"].unique().to_pylist():
                for value in right.values():
                    self._check(chunk, {str(column): value})
        return self._decide_all(rule, FIXED, changes, reason, now)

    def drop_all(self, rule: str, reason: str, now: datetime) -> int:
        """Give up every row that waits and breaks a rule, and return how many rows that were."""
        return self._decide_all(rule, DROPPED, lambda _chunk, _finding: {}, reason, now)

    def _decide_all(
        self,
        rule: str,
        state: str,
        changes: Callable[[int, dict[str, Any]], dict[str, str | None] | None],
        reason: str,
        now: datetime,
    ) -> int:
        decided: dict[tuple[int, int], dict[str, str | None]] = {}
        for chunk in quarantine.chunks_of(self.folder):
            known = set(self._decided(chunk).tolist())
            for finding in quarantine.findings_of(self.folder, chunk, rule).to_pylist():
                made = None if finding[POSITION] in known else changes(chunk, finding)
                if made is not None:
                    decided.setdefault((chunk, finding[POSITION]), {}).update(made)
        now_ms = int(now.timestamp() * 1000)
        self.rows.execute("BEGIN IMMEDIATE")
        self.rows.executemany(
            _DECIDE,
            [(*name, state, json.dumps(made), reason, now_ms, self.official) for name, made in decided.items()],
        )
        self.rows.execute("COMMIT")
        return len(decided)

    def _decide(self, row: Refused, state: str, changes: dict[str, str | None], reason: str, now: datetime) -> None:
        values = (row.chunk, row.position, state, json.dumps(changes), reason, int(now.timestamp() * 1000))
        if not self.rows.execute(_DECIDE, (*values, self.official)).rowcount:
            raise RowDecidedError(row=row.name)

    def _check(self, chunk: int, changes: Mapping[str, str | None]) -> None:
        schema = quarantine.schema_of(self.folder, chunk)
        for name, value in changes.items():
            if name not in schema.names:
                raise FixUnfitError(column=name[:200], kind="、".join(schema.names)[:200])
            as_typed([value], name, schema.field(name).type)


def as_typed(texts: list[str | None], name: str, kind: pa.DataType) -> pa.Array[Any]:
    """Return texts as values of a column.

    Raises:
        FixUnfitError: when one is none.
    """
    try:
        return pa.array(texts, pa.string()).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise FixUnfitError(column=name, kind=str(kind)) from error
