from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from jutong.library import overwrite, tables
from jutong.library.digest import ContentDigest
from jutong.library.errors import DiskFullError, TableBusyError, WriteError
from jutong.library.overwrite import Committed, Overwrite, Proof

FIRST, SECOND = "0199a0c0-0000-7000-8000-000000000001", "0199a0c0-0000-7000-8000-000000000002"
CONTENT = pa.table({"id": pa.array(range(10)), "name": pa.array(["x"] * 10)})


def fill(target: Overwrite, content: pa.Table = CONTENT) -> Proof:
    target.begin(content.schema)
    for batch in content.to_batches(3):
        target.write(batch)
    target.finish()
    digest = target.read_back().text()
    return Proof(target.job_id, target.rows, digest, digest, 1)


def put(path: Path, job: str = FIRST, content: pa.Table = CONTENT) -> Committed:
    with Overwrite(path, job) as target:
        return target.commit(fill(target, content))


def parquet_files(path: Path) -> set[str]:
    return {file.name for file in path.glob("*.parquet")}


def test_nothing_is_visible_before_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "t"
    with Overwrite(path, FIRST) as target:
        proof = fill(target)
        assert not DeltaTable.is_deltatable(str(path))
        target.commit(proof)
    assert tables.read_digest(path) == proof.digest


def test_what_is_not_committed_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "t"
    before = put(path)
    kept = parquet_files(path)
    with Overwrite(path, SECOND) as target:
        target.begin(CONTENT.schema)
        for batch in CONTENT.to_batches():
            target.write(batch)
        target._flush()
        assert len(parquet_files(path)) == 2
    assert parquet_files(path) == kept
    assert tables.read_digest(path) == before.proof.digest


def test_a_job_is_committed_once(tmp_path: Path) -> None:
    path = tmp_path / "t"
    first = put(path)
    put(path, SECOND)
    with Overwrite(path, FIRST) as again:
        assert again.committed() == first
        with pytest.raises(WriteError, match="already committed"):
            again.begin(CONTENT.schema)
    assert DeltaTable(str(path)).version() == 1


def test_a_job_is_found_behind_many_later_ones_and_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "t"
    first = put(path)
    for number in range(11):
        put(path, f"{FIRST[:-2]}{number + 10}")
    DeltaTable(str(path)).create_checkpoint()
    with Overwrite(path, FIRST) as again:
        assert again.committed() == first


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "t"
    put(path)
    leftover, other = path / f"part-{SECOND}-00007.parquet", path / "part-9-00000.parquet"
    leftover.write_bytes(b"half")
    other.write_bytes(b"of another job")
    put(path, SECOND)
    assert not leftover.exists()
    assert other.exists()


def test_two_jobs_do_not_write_one_table_at_once(tmp_path: Path) -> None:
    with Overwrite(tmp_path / "t", FIRST), pytest.raises(TableBusyError):
        Overwrite(tmp_path / "t", SECOND).__enter__()


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    put(tmp_path / "t", content=CONTENT.slice(0, 0))
    assert tables.describe(tmp_path / "t").rows == 0
    put(tmp_path / "t", SECOND)
    assert tables.describe(tmp_path / "t").rows == 10


def test_times_without_zone_may_come_later(tmp_path: Path) -> None:
    put(tmp_path / "t")
    later = pa.table(
        {"at": pa.array([1, None], pa.timestamp("us")), "utc": pa.array([1, 2], pa.timestamp("us", "UTC"))}
    )
    done = put(tmp_path / "t", SECOND, later)
    assert tables.read_digest(tmp_path / "t") == done.proof.digest
    put(tmp_path / "t", FIRST.replace("1", "3"), later)
    assert tables.describe(tmp_path / "t").columns == (("at", "timestamp[us]"), ("utc", "timestamp[us, tz=UTC]"))


def test_big_tables_go_into_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overwrite, "GROUP_ROWS", 4)
    monkeypatch.setattr(overwrite, "FILE_BYTES", 1)
    done = put(tmp_path / "t")
    assert len(parquet_files(tmp_path / "t")) == 2
    assert tables.read_digest(tmp_path / "t") == done.proof.digest
    monkeypatch.setattr(overwrite, "GROUP_BYTES", 1)
    put(tmp_path / "t", SECOND)
    assert len(DeltaTable(str(tmp_path / "t")).file_uris()) == 4


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_named_and_the_old_content_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = put(tmp_path / "t")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    with Overwrite(tmp_path / "t", SECOND) as target:
        target.begin(CONTENT.schema)
        target.write(CONTENT.to_batches()[0])
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(DiskFullError) as caught:
            target.finish()
    assert caught.value.fields["rows"] == 10
    assert tables.read_digest(tmp_path / "t") == before.proof.digest
    assert len(parquet_files(tmp_path / "t")) == 1


def test_a_full_disk_at_the_commit_is_told_by_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "t")

    def full(*_: Any, **__: Any) -> None:
        raise DeltaError("Generic LocalFileSystem error: No space left on device (os error 28)")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", full)
    with pytest.raises(DiskFullError):
        put(tmp_path / "t", SECOND)
    assert tables.describe(tmp_path / "t").version == 0
    assert len(parquet_files(tmp_path / "t")) == 1


def test_a_commit_whose_last_fsync_failed_keeps_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t"

    def broken(*_: Any) -> None:
        raise OSError(errno.EIO, "input/output error")

    with Overwrite(path, FIRST) as target:
        proof = fill(target)
        monkeypatch.setattr(os, "fsync", broken)
        with pytest.raises(WriteError):
            target.commit(proof)
    assert tables.read_digest(path) == proof.digest
    with Overwrite(path, FIRST) as again:
        found = again.committed()
    assert found is not None
    assert (found.proof.digest, found.proof.table_digest) == (proof.digest, proof.digest)


def test_a_log_without_the_commit_it_speaks_of_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "t")
    monkeypatch.setattr(DeltaTable, "history", lambda *_: [])
    with pytest.raises(WriteError, match="not its commit"):
        put(tmp_path / "t")


def test_a_commit_that_left_no_trace_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "t")
    monkeypatch.setattr(DeltaTable, "create_write_transaction", lambda *_, **__: None)
    with pytest.raises(WriteError, match="not in the log"):
        put(tmp_path / "t", SECOND)


@pytest.mark.parametrize("job", ["", "../x", "a*", "A", "0" * 37])
def test_an_id_that_could_not_stand_in_a_file_name_is_refused(tmp_path: Path, job: str) -> None:
    with pytest.raises(ValueError, match="job id"):
        Overwrite(tmp_path / "t", job)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError):
        Overwrite(tmp_path / "file" / "t", FIRST).__enter__()


def test_rows_are_added_once(tmp_path: Path) -> None:
    path = tmp_path / "t"
    first = put(path)
    for _ in range(2):
        with Overwrite(path, SECOND, mode="append") as target:
            if target.committed() is None:
                target.commit(fill(target))
    assert tables.describe(path).rows == 2 * CONTENT.num_rows
    assert tables.read_digest(path, first.version) == first.proof.digest


def test_finished_chunks_of_a_killed_run_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "t"
    whole = ContentDigest(CONTENT.schema)
    kept: list[str] = []
    killed = Overwrite(path, FIRST).__enter__()
    killed.begin(CONTENT.schema)
    for number, start in enumerate((0, 4, 7)):
        killed.begin_chunk(number)
        for batch in CONTENT.slice(start, 4 if number == 0 else 3).to_batches():
            killed.write(batch)
        kept.extend(killed.finish())
    os.close(killed._lock)  # as a killed process leaves it: no file is taken away
    with Overwrite(path, FIRST) as again:
        again.begin(CONTENT.schema, kept[:2])
        assert parquet_files(path) == set(kept[:2])
        again.begin_chunk(2)
        for batch in CONTENT.slice(7).to_batches():
            again.write(batch)
        names = (*kept[:2], *again.finish())
        for name in names:
            whole.add(again.read_back([name]).text())
        assert whole.text() == again.read_back().text()
        again.commit(Proof(FIRST, whole.rows, whole.text(), whole.text(), 1))
    assert tables.read_digest(path) == put(tmp_path / "u").proof.digest
    with pytest.raises(ValueError, match="not a digest"):
        whole.add("jc0:1:00")
