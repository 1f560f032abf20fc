"""Rows that people put right, through the job's rules and masks once more and into its table.

They are added in one commit that carries an id made of the job's and the replay's number: one that was killed is found
and not repeated. Each leaves a word for the node, ``node/replays/<id>.json``, which makes of it a leaf in the log and a
receipt for the center.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jutong.contracts.modes import AppendMode
from jutong.contracts.receipts import ReplayedReceipt
from jutong.contracts.rules import Rule
from jutong.contracts.steps import Step
from jutong.library.overwrite import Committed
from jutong.node.exchange import chunks, quarantine
from jutong.node.exchange.errors import ContentDiffersError, ReplayTooLateError
from jutong.node.exchange.jobs import REPLAYS, write_whole
from jutong.node.exchange.readers.parts import FILE_RULE
from jutong.node.exchange.repair import BATCHED, DROPPED, FIXED, OPEN, WRITTEN, Repair, as_typed
from jutong.node.exchange.rules.means import Means
from jutong.node.exchange.rules.sieve import POSITION, Sieve
from jutong.node.exchange.targets import ZONE
from jutong.node.exchange.targets.adding import Adding, adding
from jutong.node.exchange.targets.errors import TargetRefusedError, TargetUnfitError
from jutong.node.sources import SourceConfig


@dataclass(frozen=True)
class Replayed:
    """What a replay did. Rows that still break a rule stay where they are, with what is wrong now."""

    written: int
    still_wrong: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class _Waiting:
    """Rows in one state, put right, their names, and which columns of each somebody gave a value."""

    names: list[tuple[int, int]]
    given: list[frozenset[str]]
    batch: pa.RecordBatch


Asked = TypeVar("Asked", Rule, Step)


def _never_skipping(one: Asked) -> Asked:
    return one.model_copy(update={"action": "set-aside"}) if getattr(one, "action", "") == "skip" else one


class Replay:
    """Writes what was put right in one quarantine.

    Args:
        repair: the quarantine.
        home: the instance's data folder.
        source: where the job read from; its organisation owns the table.
    """

    def __init__(self, repair: Repair, home: Path, source: SourceConfig) -> None:
        self._repair = repair
        self._rows = repair.rows
        self._order = repair.order
        self._home = home
        self._source = source
        self._fits: tuple[Rule, ...] = ()
        earlier = chunks.load(repair.folder)
        self._means = Means(
            department=home / "library" / ZONE / source.organisation_code,
            folder=repair.folder,
            secret=home / "keys" / "node.secret",
            zone=source.zone,
            started_ms=earlier.started_ms if earlier else 0,
            salt=self._order.job_id,
            replaying=True,
        )

    def run(self, now: datetime) -> Replayed:
        """Write every row that was put right and now breaks no rule, in one commit.

        Raises:
            ReplayTooLateError: when another job has replaced the table since.
            JutongError: when the library cannot be written; the rows then wait for the next replay.
        """
        done = self.settle(now)
        waiting = self._waiting(FIXED)
        if waiting is None:
            return Replayed(done, ())
        if self._order.into is not None:
            with self._adding(0) as target:
                self._fits = target.fits(self._sieve(waiting.batch.schema).lands_as)
        said, wrong = self._sift(waiting)
        if good := [name for name in waiting.names if name not in wrong]:
            self._rows.execute("BEGIN IMMEDIATE")
            (last,) = self._rows.execute("SELECT coalesce(max(batch), 0) FROM decision").fetchone()
            self._rows.execute("INSERT INTO replay VALUES (?, ?)", (last + 1, self._repair.official))
            self._rows.executemany(
                "UPDATE decision SET state = ?, batch = ? WHERE chunk = ? AND position = ?",
                [(BATCHED, last + 1, *name) for name in good],
            )
            self._rows.execute("COMMIT")
            done += self.settle(now)
        return Replayed(done, said)

    def settle(self, now: datetime) -> int:
        """Commit the rows of a replay under way, unless its commit is there, and say so; return how many they are."""
        waiting = self._waiting(BATCHED)
        if waiting is None:
            return 0
        (number,) = self._rows.execute("SELECT max(batch) FROM decision").fetchone()
        try:
            with self._adding(number) as target:
                committed = target.committed()
                if committed is None:
                    self._still_ours(target)
                    committed = self._append(target, waiting, int(now.timestamp() * 1000))
        except (TargetRefusedError, TargetUnfitError, ContentDiffersError):
            # Nothing was written, and never will be as they are: they can be put right once more.
            self._rows.execute("UPDATE decision SET state = ? WHERE state = ?", (FIXED, BATCHED))
            raise
        self._leave_word(number, committed)
        self._remember(number, waiting)
        self._rows.execute("UPDATE decision SET state = ? WHERE state = ?", (WRITTEN, BATCHED))
        return len(waiting.names)

    def _remember(self, number: int, waiting: _Waiting) -> None:
        """Let later replays know the values that may come only once and came with these rows."""
        sieve = self._sieve(waiting.batch.schema)
        sieve.begin_chunk()
        sieve.sift(waiting.batch, 0)
        sieve.remember(number)

    def _adding(self, number: int) -> Adding:
        return adding(self._order, self._source, self._home, self._id(number))

    def _id(self, number: int) -> str:
        return str(uuid5(UUID(self._order.job_id), f"replay {number}"))

    def _leave_word(self, number: int, committed: Committed) -> None:
        states: Mapping[str, int] = self._repair.overview().states
        official = self._rows.execute("SELECT official FROM replay WHERE number = ?", (number,)).fetchone()
        receipt = ReplayedReceipt(
            job_id=self._order.job_id,
            number=number,
            rows=committed.proof.rows,
            digest=committed.proof.digest,
            delta_version=committed.version,
            official=official[0] if official else "",
            time_ms=committed.time_ms,
            left=states.get(OPEN, 0) + states.get(FIXED, 0),
            dropped=states.get(DROPPED, 0),
        )
        folder = self._home / REPLAYS
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / f"{self._id(number)}.json", receipt.model_dump_json(), durable=True)

    def _waiting(self, state: str) -> _Waiting | None:
        """Return the rows in a state with their changes made, a column at a time."""
        found = self._rows.execute(
            "SELECT chunk, position, changes FROM decision WHERE state = ? ORDER BY chunk, position", (state,)
        ).fetchall()
        decided: dict[int, dict[int, dict[str, str | None]]] = {}
        for chunk, position, changes in found:
            decided.setdefault(chunk, {})[position] = json.loads(changes)
        parts = [self._changed(chunk, changes) for chunk, changes in decided.items()]
        if not parts:
            return None
        names = [(chunk, position) for chunk, changes in decided.items() for position in changes]
        given = [frozenset(changes) for rows in decided.values() for changes in rows.values()]
        return _Waiting(names, given, pa.concat_tables(parts).combine_chunks().to_batches()[0])

    def _changed(self, chunk: int, decided: dict[int, dict[str, str | None]]) -> pa.Table:
        table = quarantine.rows_of(self._repair.folder, chunk)
        wanted = pa.array(list(decided), pa.int64())
        table = table.filter(pc.is_in(table[POSITION], value_set=wanted)).sort_by(POSITION).drop_columns(POSITION)
        for place, item in enumerate(table.schema):
            given = [item.name in changes for changes in decided.values()]
            if any(given):
                texts = [changes.get(item.name) for changes in decided.values()]
                fresh: Any = as_typed(texts, item.name, item.type)
                table = table.set_column(place, item, pc.if_else(pa.array(np.array(given)), fresh, table[item.name]))
        return table

    def _sieve(self, schema: pa.Schema) -> Sieve:
        # A row somebody put right on purpose is never left out without a word.
        rules = [_never_skipping(rule) for rule in self._order.rules]
        steps = [_never_skipping(step) for step in self._order.steps]
        return Sieve((*rules, *self._fits), self._order.masks, schema, steps, self._means)

    def _sift(self, waiting: _Waiting) -> tuple[tuple[tuple[str, str, str], ...], set[tuple[int, int]]]:
        sieve = self._sieve(waiting.batch.schema)
        sieve.begin_chunk()
        findings = sieve.sift(waiting.batch, 0).findings.to_pylist()
        wrong = [(waiting.names[line[POSITION]], line["column"], line["reason"]) for line in findings]
        wrong += self._unread(waiting)
        said = tuple((f"{chunk}-{position}", column, reason) for (chunk, position), column, reason in wrong)
        return said, {name for name, _, _ in wrong}

    def _unread(self, waiting: _Waiting) -> list[tuple[tuple[int, int], str, str]]:
        """Find cells that could not be read from a file and that nobody has given a value.

        Of a line that was no row at all any value will do: who gives one has the line before him.
        """
        given = dict(zip(waiting.names, waiting.given, strict=True))
        wrong = []
        for chunk in dict.fromkeys(chunk for chunk, _ in waiting.names):
            for line in quarantine.findings_of(self._repair.folder, chunk, FILE_RULE).to_pylist():
                row = (chunk, line[POSITION])
                if line["column"] and row in given and line["column"] not in given[row]:
                    wrong.append((row, line["column"], line["reason"]))
        return wrong

    def _still_ours(self, target: Adding) -> None:
        if isinstance(self._order.mode, AppendMode):
            return  # what later jobs brought were other rows
        (numbers,) = self._rows.execute("SELECT max(batch) FROM decision").fetchone()
        ours = {self._id(number) for number in range(1, numbers + 1)}
        if target.newest() not in {self._order.job_id, *ours}:
            into = self._order.into
            table = (
                f"{into.schema_name}.{into.table}" if into else f"{self._source.organisation_code}/{self._order.target}"
            )
            raise ReplayTooLateError(table=table, job_id=self._order.job_id)

    def _append(self, target: Adding, waiting: _Waiting, now_ms: int) -> Committed:
        sieve = self._sieve(waiting.batch.schema)
        sieve.begin_chunk()
        kept = sieve.sift(waiting.batch, 0).kept
        if kept.num_rows != len(waiting.names):
            raise ContentDiffersError(source_digest=f"{len(waiting.names)}", target_digest=f"{kept.num_rows}")
        return target.add(kept, now_ms)
