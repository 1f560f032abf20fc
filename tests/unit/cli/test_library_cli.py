"""`jutong library`: what an operator sees of tables, has done to them, and what of it is put on record."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from click.testing import CliRunner, Result
from deltalake import write_deltalake

from jutong.cli.main import jutong
from jutong.library.care.history import versions
from tests.unit.library.care.lake import OWNER, bring, care, ids, number, people, table
from tests.unit.library.care.test_erasing import task

TABLE = f"landed/{OWNER}/person"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    for one in range(3):
        bring(table(tmp_path / "library"), people(one))
    return tmp_path


def run(*arguments: str, status: int = 0) -> str:
    found: Result = CliRunner().invoke(jutong, ["library", *arguments])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == status, found.output
    return found.output


def noted(home: Path) -> list[dict[str, object]]:
    return [json.loads(file.read_bytes()) for file in sorted((home / "node" / "noted").glob("*.json"))]


def test_a_table_is_read_as_it_was_and_that_is_noted_first(home: Path, tmp_path: Path) -> None:
    assert "3 个版本可读" in run("tables")
    assert run("versions", TABLE).count("可读") == 3
    out = tmp_path / "out.csv"
    run("export", TABLE, str(out), "--version", "1", "--ground", "核查")
    written = pa_csv.read_csv(out)["id_number"].cast(pa.string()).to_pylist()
    assert sorted(map(str, written)) == [number(0), number(1)]
    assert out.stat().st_mode & 0o777 == 0o600
    run("changed", TABLE, str(out), "--from", "0", "--to", "2", "--key", "id_number", "--ground", "核查")
    assert pa_csv.read_csv(out)["_change_type"].to_pylist() == ["insert", "insert"]
    assert [(one["kind"], one["rows"], one["table"]) for one in noted(home)] == [
        ("exported", 2, TABLE), ("changes-exported", 0, TABLE),
    ]  # fmt: skip


def test_care_backup_and_restore_are_works_of_the_node(home: Path) -> None:
    path = table(home / "library")
    assert run("care") == ""  # nothing was promised, so everything is kept
    run("care", TABLE, "--days", "10", "--remove")
    set_id = run("backup").split("备份编号 ")[1][:36]
    assert set_id in run("backups")
    run("backups", "--check", set_id)
    bring(path, people(7), "overwrite")
    run("restore", set_id, TABLE)
    assert ids(path) == [number(0), number(1), number(2)]
    write_deltalake(str(path), people(99), mode="append")
    assert "平台以外的程序写过" in run("verify", status=1)
    run("mend", TABLE)
    run("verify", "--rows")
    assert versions(path)[-1].readable
    run("backups", "--remove", set_id)
    assert run("backups") == ""
    facts = noted(home)
    assert {one["kind"] for one in facts} == {"worked"}
    assert "done" in {one["state"] for one in facts}
    assert all("@" in str(one["official"]) for one in facts)


def test_what_cannot_be_done_is_said_with_its_code(home: Path) -> None:
    missing = "12345678-1234-1234-1234-123456789abc"
    assert "[library.backup.unknown]" in run("restore", missing, status=1)
    order = task(home)
    care(home, order)
    assert order["erasure_id"] in run("erased")
    assert "0 个仍有该人数据" in run("prove", order["erasure_id"])
    bring(table(home / "library", "again"), people(2))
    run("prove", order["erasure_id"], status=1)
