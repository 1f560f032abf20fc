from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from jutong.library import tables
from jutong.library.errors import TableNameError, TableUnknownError
from jutong.library.overwrite import Overwrite, Proof

JOB = "0199a0c0-0000-7000-8000-00000000000{}"


def put(path: Path, content: pa.Table, job: int = 1) -> Proof:
    with Overwrite(path, JOB.format(job)) as target:
        target.begin(content.schema)
        for batch in content.to_batches(2):
            target.write(batch)
        target.finish()
        digest = target.read_back().text()
        proof = Proof(JOB.format(job), target.rows, digest, digest, 5)
        target.commit(proof)
    return proof


def test_a_table_lies_under_zone_organisation_and_name(tmp_path: Path) -> None:
    assert tables.table_path(tmp_path, "landed", "11629900MB0000001X", "resident") == (
        tmp_path / "landed" / "11629900MB0000001X" / "resident"
    )


@pytest.mark.parametrize(
    ("zone", "code", "name"),
    [
        ("base", "X", "t"),
        ("../x", "X", "t"),
        ("landed", "..", "t"),
        ("landed", "a", "t"),
        ("landed", "", "t"),
        ("landed", "X/Y", "t"),
        ("landed", "X", ""),
        ("landed", "X", ".."),
        ("landed", "X", "t/../../u"),
        ("landed", "X", "T"),
        ("landed", "X", "_delta_log"),
        ("landed", "X", "t\n"),
        ("landed", "X", "表"),
        ("landed", "X", "t" * 64),
    ],
)
def test_no_other_name_becomes_a_path(tmp_path: Path, zone: str, code: str, name: str) -> None:
    with pytest.raises(TableNameError):
        tables.table_path(tmp_path, zone, code, name)


def test_a_table_is_described_with_its_history(tmp_path: Path) -> None:
    path = tmp_path / "t"
    first = put(path, pa.table({"id": [1, 2, 3], "name": ["甲", "乙", None]}))
    second = put(path, pa.table({"id": [4]}), job=2)
    state = tables.describe(path)
    assert (state.version, state.rows, state.columns) == (1, 1, (("id", "int64"),))
    assert state.size_bytes > 0
    newest, oldest = state.history
    assert (newest.number, newest.job_id, newest.rows, newest.digest) == (1, JOB.format(2), 1, second.digest)
    assert (oldest.number, oldest.job_id, oldest.rows, oldest.digest) == (0, JOB.format(1), 3, first.digest)
    assert tables.read_digest(path) == second.digest
    assert tables.read_digest(path, version=0) == first.digest


def test_a_changed_file_no_longer_has_the_digest(tmp_path: Path) -> None:
    proof = put(tmp_path / "t", pa.table({"id": [1, 2, 3]}))
    (file,) = (tmp_path / "t").glob("*.parquet")
    with Overwrite(tmp_path / "u", JOB.format(3)) as other:
        other.begin(pa.schema([("id", pa.int64())]))
        other.write(pa.record_batch({"id": [1, 2, 4]}))
        other.finish()
        file.write_bytes(other.files[0].read_bytes())
    assert tables.read_digest(tmp_path / "t") != proof.digest


def test_a_damaged_or_foreign_file_is_an_error(tmp_path: Path) -> None:
    put(tmp_path / "t", pa.table({"id": [1, 2, 3]}))
    put(tmp_path / "u", pa.table({"id": ["1"]}))
    (file,), (foreign,) = (tmp_path / "t").glob("*.parquet"), (tmp_path / "u").glob("*.parquet")
    file.write_bytes(foreign.read_bytes())
    with pytest.raises(pa.ArrowInvalid, match="another schema"):
        tables.read_digest(tmp_path / "t")
    file.write_bytes(b"PAR1")
    with pytest.raises(pa.ArrowInvalid):
        tables.read_digest(tmp_path / "t")


def test_a_folder_that_is_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableUnknownError):
        tables.describe(tmp_path / "org" / "t")
