"""Versions: told, read as of a moment, folded without changing a row, and kept as long as was promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from jutong.contracts.library_care import Keeping
from jutong.contracts.modes import DifferenceMode
from jutong.library.care import history
from jutong.library.care.changes import changes
from jutong.library.care.errors import VersionGoneError, VersionUnknownError
from jutong.library.care.examine import examine
from jutong.library.care.keep import pin, promised
from jutong.library.care.tidy import tidy
from jutong.library.merge import Merge
from jutong.library.proof import Proof, standing
from jutong.library.retention import prune
from jutong.library.tables import read_digest
from tests.unit.library.care.lake import OWNER, bring, ids, names, number, people, table

NOW = datetime.now(UTC)
KEEPING = Keeping(zone="landed", code=OWNER, table="person", keep_days=30, most_small=2)


@pytest.fixture
def person(tmp_path: Path) -> Path:
    path = table(tmp_path / "library")
    for one in range(4):
        bring(path, people(one))
    return path


def moment(path: Path, version: int) -> datetime:
    return datetime.fromtimestamp(history.versions(path)[version].time_ms / 1000, UTC)


def test_a_table_is_read_as_it_stood_at_a_moment(person: Path) -> None:
    moments = [moment(person, version) for version in range(4)]
    assert moments[1] < moments[2]
    found = history.version_at(person, moments[1])
    rows = [row for batch in history.batches(history.open_version(person, found)) for row in batch.to_pylist()]
    assert sorted(row["id_number"] for row in rows) == [number(0), number(1)]
    with pytest.raises(VersionUnknownError):
        history.version_at(person, moment(person, 0) - timedelta(days=1))
    with pytest.raises(VersionUnknownError):
        history.open_version(person, 9)


def test_small_files_are_folded_without_changing_a_row(person: Path) -> None:
    before, work = read_digest(person), str(uuid4())
    told = tidy(person, KEEPING, work_id=work, now=NOW)
    assert (told.files_written, told.rows, told.files_removed) == (1, 4, 0)
    assert len(DeltaTable(str(person)).file_uris()) == 1
    assert read_digest(person) == before
    stand = standing(person)
    assert stand is not None
    assert stand.digest == before
    assert [one.readable for one in history.versions(person)] == [True] * 6  # with what keeps the log
    again = tidy(person, KEEPING, work_id=work, now=NOW)
    assert (again.files_written, len(history.versions(person))) == (0, 6)
    assert examine(person, content=True).findings == ()


def test_what_was_promised_outlives_a_shorter_setting(person: Path) -> None:
    tidy(person, KEEPING, work_id=str(uuid4()), now=NOW)
    assert promised(person).keep_days == 30
    later = NOW + timedelta(days=29)
    assert prune(person, keep_days=1, now=later, at_work=()).files == 0
    pin(person, "fusion", {2})
    assert prune(person, keep_days=1, now=NOW + timedelta(days=40), at_work=()).files == 1
    assert len(names(person)) == 4
    assert [one.number for one in history.versions(person) if one.readable] == [0, 1, 2, 5]
    with pytest.raises(VersionGoneError, match="最早可读的是 0"):
        history.open_version(person, 3)
    assert ids(person) == [number(one) for one in range(4)]
    pin(person, "fusion", ())
    assert prune(person, keep_days=1, now=NOW + timedelta(days=40), at_work=()).files == 3


def test_what_changed_between_two_versions_is_told_by_key(person: Path, tmp_path: Path) -> None:
    tidy(person, KEEPING, work_id=str(uuid4()), now=NOW)
    bring(person, people(9))
    with Merge(person, str(uuid4()), DifferenceMode(keys=("id_number",))) as target:
        rows = pa.concat_tables([people(0, 9), people(1, name="y"), people(7)])
        target.agree(rows.schema)
        target.begin(rows.schema)
        for batch in rows.to_batches():
            target.write(batch)
        target.finish()
        digest = target.read_back().text()
        target.commit(Proof(target.job_id, rows.num_rows, digest, digest, 1))
    last = DeltaTable(str(person)).version()
    found = sorted(
        (kind, row["id_number"], row["name"])
        for kind, batch in changes(person, 3, last, ("id_number",), tmp_path)
        for row in batch.to_pylist()
    )
    assert found == [
        ("delete", number(2), "x"), ("delete", number(3), "x"), ("insert", number(7), "x"), ("insert", number(9), "x"),
        ("update_postimage", number(1), "y"), ("update_preimage", number(1), "x"),
    ]  # fmt: skip
    assert list(changes(person, 3, 5, ("id_number",), tmp_path)) == []  # folding changed no row
    assert not (tmp_path / "changes").exists()
