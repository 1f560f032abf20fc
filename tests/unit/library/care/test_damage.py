"""What is wrong with a table is found and named, its last good version stays readable, and it is brought back to it."""

from __future__ import annotations

import errno
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from jutong.library import overwrite
from jutong.library.care import history
from jutong.library.care.errors import ColumnTakenError, ConsentMissingError, TableDamagedError
from jutong.library.care.examine import examine
from jutong.library.errors import DiskFullError
from jutong.library.tables import arrow_schema, open_table
from tests.unit.library.care.lake import CONSENTS, OWNER, bring, care, ids, names, number, people, table

NAME = {"zone": "landed", "code": OWNER, "table": "person"}


@pytest.fixture
def person(tmp_path: Path) -> Path:
    path = table(tmp_path / "library")
    for one in range(3):
        bring(path, people(one))
    return path


def mended(path: Path) -> list[str]:
    """Mend it by a work, and see that nothing is left to find."""
    told = care(path.parents[3], {"kind": "mend", "table": NAME})
    assert told.tables[0].problem_code == ""
    looked = care(path.parents[3], {"kind": "examine", "content": True}).tables[0]
    assert (looked.findings, looked.good, looked.version) == ((), looked.version, told.tables[0].version)
    bring(path, people(7))  # the next job finds a table in order
    return ids(path)


def codes(path: Path) -> list[str]:
    return [finding.code for finding in examine(path, content=True).findings]


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_commit_of_somebody_else_is_found_and_undone(person: Path, mode: str) -> None:
    write_deltalake(str(person), people(99), mode=mode)  # type: ignore[call-overload]
    found = examine(person)
    assert ([one.code for one in found.findings], found.good) == (["foreign-commit"], 2)
    assert [row["id_number"] for batch in history.batches(history.open_version(person, found.good))
            for row in batch.to_pylist()]  # fmt: skip
    assert mended(person) == [number(one) for one in (0, 1, 2, 7)]


def test_a_cut_off_commit_is_none(person: Path) -> None:
    log = person / "_delta_log" / f"{2:020d}.json"
    log.write_bytes(log.read_bytes()[:-40])
    assert codes(person) == ["half-commit"]
    assert [one.number for one in history.versions(person)] == [0, 1]
    assert mended(person) == [number(one) for one in (0, 1, 7)]
    assert len(list((person.parents[2] / ".aside").iterdir())) == 1


def test_a_missing_or_changed_file_leaves_the_version_before(person: Path) -> None:
    newest = set(DeltaTable(str(person), version=2).file_uris()) - set(DeltaTable(str(person), version=1).file_uris())
    Path(newest.pop()).unlink()
    assert codes(person) == ["file-missing"]
    assert mended(person) == [number(one) for one in (0, 1, 7)]


def test_content_that_is_not_what_was_proven_is_found_by_reading(person: Path, tmp_path: Path) -> None:
    newest = set(DeltaTable(str(person), version=2).file_uris()) - set(DeltaTable(str(person), version=1).file_uris())
    file = Path(newest.pop())
    bring(table(tmp_path, "other"), people(5))
    (other,) = table(tmp_path, "other").glob("*.parquet")
    assert other.stat().st_size == file.stat().st_size
    other.replace(file)
    assert examine(person).findings == ()
    assert codes(person) == ["content-differs"]
    assert mended(person) == [number(one) for one in (0, 1, 7)]


def test_a_feature_nobody_here_reads_is_left_behind(person: Path) -> None:
    table_ = DeltaTable(str(person))
    table_.alter.set_table_properties({"delta.enableDeletionVectors": "true"})
    write_deltalake(str(person), people(5), mode="append")
    found = codes(person)
    assert found[:1] in (["foreign-feature"], ["foreign-commit"])
    assert mended(person) == [number(one) for one in (0, 1, 2, 7)]


def test_a_full_disk_leaves_the_version_that_is_there(person: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(overwrite, "_sync", full)
    add = [{"name": "married_on", "type": "date"}]
    before = names(person)
    with pytest.raises(DiskFullError):
        care(person.parents[3], {"kind": "evolve", "table": NAME, "add": add, "consents": CONSENTS})
    keeping = {**NAME, "keep_days": 1, "most_small": 1}
    (told,) = care(person.parents[3], {"kind": "tidy", "tables": [keeping]}).tables
    assert told.problem_code == "library.disk.full"
    assert (names(person), ids(person), codes(person)) == (before, [number(0), number(1), number(2)], [])


def test_a_log_that_was_rewritten_is_noticed(person: Path) -> None:
    assert care(person.parents[3], {"kind": "examine"}).tables[0].findings == ()
    (person / "_delta_log" / f"{2:020d}.json").unlink()
    assert codes(person) == ["log-rewritten"]
    with pytest.raises(TableDamagedError, match="log-rewritten"):
        care(person.parents[3], {"kind": "mend", "table": NAME})


def test_columns_are_added_when_two_agreed(person: Path) -> None:
    home = person.parents[3]
    add = [{"name": "married_on", "type": "date"}, {"name": "name", "type": "text"}]
    task = {"kind": "evolve", "table": NAME, "add": add, "consents": CONSENTS}
    with pytest.raises(ConsentMissingError):
        care(home, {**task, "consents": CONSENTS[:1]})
    same = [{**CONSENTS[0], "role": role} for role in ("owner", "authority")]
    with pytest.raises(ConsentMissingError):
        care(home, {**task, "consents": same})
    before = open_table(person).version()
    care(home, task)
    assert arrow_schema(open_table(person)).field("married_on").type == pa.date32()
    assert (open_table(person).version(), codes(person)) == (before + 1, [])
    care(home, task)
    assert open_table(person).version() == before + 1
    with pytest.raises(ColumnTakenError, match="name"):
        care(home, {**task, "add": [{"name": "name", "type": "integer"}]})
