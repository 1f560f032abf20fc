"""Whatever a source went through and wherever a job was killed, the table is the source, or its history."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.contracts.modes import DELETED, FROM, TO, DifferenceMode, MergeMode, Mode
from jutong.library import overwrite, tables
from jutong.library.merge import Merge
from jutong.library.overwrite import Proof

FIELDS: list[tuple[str, pa.DataType]] = [("id", pa.int64()), ("code", pa.string()), ("value", pa.string())]
SCHEMA = pa.schema(FIELDS)
State = dict[int, str | None]
STATES = st.lists(
    st.dictionaries(st.integers(0, 11), st.none() | st.sampled_from(["", "a", "b"]), max_size=12),
    min_size=1,
    max_size=5,
)
HARD, SOFT, KEPT = (DifferenceMode(keys=("id", "code"), deletes=how) for how in ("hard", "soft", "kept"))
HISTORY = DifferenceMode(keys=("id", "code"), history=True)
MERGE, MERGED_HISTORY = MergeMode(keys=("id", "code")), MergeMode(keys=("id", "code"), history=True)


class Killed(BaseException):
    """Stands for the end of a process: nothing behind it tidies up."""


@contextmanager
def small_files_and_a_kill_at(step: int) -> Iterator[None]:
    """Make every three rows a file, and end the process at the so-many-th time something goes to the disk."""
    steps = 0

    def counted(real: Any) -> Any:
        def told(*given_: Any, **named: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == step:
                raise Killed
            done = real(*given_, **named)
            steps += 1
            if steps == step:
                raise Killed
            return done

        return told

    def abandon(self: Merge) -> None:
        if steps != step:
            real_abandon(self)

    real_abandon = Merge._abandon
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overwrite, "GROUP_ROWS", 3)
        patch.setattr(overwrite, "FILE_BYTES", 1)
        patch.setattr(overwrite, "_sync", counted(lambda _: None))  # a kill does not need the disk
        patch.setattr(Merge, "_put", counted(Merge._put))
        patch.setattr(Merge, "_abandon", abandon)
        yield


def bring(path: Path, job: str, mode: Mode, state: State, now_ms: int = 1) -> Proof:
    rows = [{"id": key, "code": f"c{key % 2}", "value": value} for key, value in state.items()]
    with Merge(path, job, mode) as target:
        done = target.committed()
        if done is None:
            target.agree(SCHEMA)
            target.begin(SCHEMA)
            for batch in pa.Table.from_pylist(rows, SCHEMA).to_batches(2):
                target.write(batch)
            target.finish()
            digest = target.read_back().text()
            done = target.commit(Proof(job, len(rows), digest, digest, now_ms))
        return done.proof


def content(path: Path) -> list[dict[str, Any]]:
    table = tables.open_table(path)
    files = [Path(uri) for uri in table.file_uris()]
    return pa.Table.from_batches(
        tables.read_batches(files, tables.arrow_schema(table)), tables.arrow_schema(table)
    ).to_pylist()


def expected(mode: Mode, states: list[State]) -> State:
    """Return what is to be seen as current behind all states."""
    if mode in {HARD, SOFT, HISTORY}:
        return states[-1]
    merged: State = {}
    for state in states:
        merged |= state
    return merged


@pytest.mark.parametrize("mode", [HARD, SOFT, KEPT, HISTORY, MERGE, MERGED_HISTORY])
@settings(max_examples=12, deadline=None)
@given(STATES, st.integers(0, 40))
def test_the_table_is_the_source_or_its_history(mode: Mode, states: list[State], kill: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "zone" / "t"
        ever: set[int] = set()
        for number, state in enumerate(states):
            job = str(uuid4())
            before = {} if not number else expected(mode, states[:number])
            with suppress(Killed), small_files_and_a_kill_at(kill - 10 * number):
                bring(path, job, mode, state, number)
            proof = bring(path, job, mode, state, number)
            after = expected(mode, states[: number + 1])
            rows = content(path)
            current = [row for row in rows if row.get(TO) is None and row.get(DELETED) is None]
            assert {row["id"]: row["value"] for row in current} == after
            assert len(current) == len(after)
            assert proof.table_digest == tables.read_digest(path)
            assert proof.table_rows == len(rows)
            changed = {key for key in state if key in before and before[key] != state[key]}
            back = (ever & state.keys()) - before.keys() if mode == SOFT else set()
            assert proof.inserted == len(state.keys() - before.keys() - back)
            assert proof.updated == len(changed) + len(back)
            ever |= state.keys()
            assert proof.inserted + proof.updated + proof.unchanged == len(state)
            assert proof.deleted == (len(before.keys() - state.keys()) if mode in {HARD, SOFT, HISTORY} else 0)
            named = {
                Path(uri).name
                for version in range(tables.open_table(path).version() + 1)
                for uri in tables.open_table(path, version).file_uris()
            }
            assert named == {file.name for file in path.glob("*.parquet")}  # nothing is left lying about
        if mode in {HISTORY, MERGED_HISTORY}:
            held_at_every_moment(mode, path, states)


def held_at_every_moment(mode: Mode, path: Path, states: list[State]) -> None:
    """The versions that held at a moment are what the table was then; the moments are those of the jobs."""
    rows = content(path)
    for number in range(len(states)):
        moment = number * 1000

        def micros(value: Any) -> int:
            return int(value.timestamp() * 1000) * 1000

        then = [row for row in rows if micros(row[FROM]) <= moment and (row[TO] is None or micros(row[TO]) > moment)]
        assert {row["id"]: row["value"] for row in then} == expected(mode, states[: number + 1])
        assert len(then) == len(expected(mode, states[: number + 1]))
