from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jutong.cli import node as command
from jutong.cli.node import node
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.keys import load_or_create_signer
from jutong.node import sources
from jutong.node.connectors.errors import SourceUnknownError
from jutong.node.exchange.jobs import JobFolder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(node, list(arguments))


def configure(home: Path) -> None:
    connection = sqlite3.connect(home / "school.db")
    connection.execute("CREATE TABLE pupil (id INTEGER PRIMARY KEY, name TEXT)")
    connection.execute("CREATE VIEW pupils AS SELECT name FROM pupil")
    connection.commit()
    connection.close()
    path = home / sources.FILE
    path.parent.mkdir()
    rows = [
        {"name": "school", "dialect": "sqlite", "organisation_code": "X1", "path": str(home / "school.db")},
        {
            "name": "tax",
            "dialect": "postgresql",
            "organisation_code": "X2",
            "dsn": "postgresql://u:hunter2@127.0.0.1:1/d",
        },
    ]
    path.write_text(json.dumps(rows))
    path.chmod(0o600)


def test_sources_are_listed_without_their_secrets(home: Path) -> None:
    assert "还没有配置数据源" in run("sources", "list").output
    configure(home)
    done = run("sources", "list")
    assert [line.split() for line in done.output.splitlines()] == [
        ["school", "sqlite", "X1"],
        ["tax", "postgresql", "X2"],
    ]
    assert "hunter2" not in done.output


def test_checking_tells_which_source_does_not_answer(home: Path) -> None:
    configure(home)
    done = run("sources", "check", "school")
    assert (done.exit_code, done.output) == (0, "✓ school  连接正常\n")
    done = run("sources", "check")
    assert done.exit_code == 1
    assert "✓ school" in done.output
    assert "✗ tax" in done.output
    assert "hunter2" not in done.output
    assert isinstance(run("sources", "check", "police").exception, SourceUnknownError)


def test_an_inventory_shows_tables_and_columns(home: Path) -> None:
    configure(home)
    done = run("inventory", "school")
    assert [line.split() for line in done.output.splitlines()] == [
        ["2", "张表或视图"],
        ["main.pupil", "~0", "2"],
        ["main.pupils", "?", "1"],
    ]
    assert "    id    INTEGER  key" in run("inventory", "school", "--columns").output


def test_jobs_are_listed_newest_first_and_never_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "还没有搬运任务" in run("jobs").output
    for number in range(3):
        folder = JobFolder(home, f"0199a0c0-0000-7000-8000-00000000000{number}")
        folder.accept(
            JobOrder(
                job_id=folder.job_id, source="s", schema_name="", table="t", columns=("id",), target="t"
            )
        )  # fmt: skip
        if number:
            folder.finish(
                MovedReceipt(
                    job_id=folder.job_id, state="done" if number == 1 else "failed", rows_read=5 * number,
                    finished_ms=1_764_000_000_000, problem="" if number == 1 else "node.table.missing: x",
                )
            )  # fmt: skip
    lines = run("jobs").output.splitlines()
    assert [line.split()[1] for line in lines] == ["失败", "已完成并核对", "正在搬运"]
    assert "2025-11-25 00:00:00" in lines[0]
    assert "node.table.missing" in lines[0]
    monkeypatch.setattr(command, "MOST_JOBS", 1)
    assert run("jobs").output.splitlines()[-1] == "另有 2 个更早的任务。"


def test_a_key_for_calling_another_node_is_made_once_and_its_private_side_not_shown(home: Path) -> None:
    first, again = run("caller-key", "province"), run("caller-key", "province")
    assert (first.exit_code, first.output) == (0, again.output)
    path = home / "node" / "province.key"
    assert path.stat().st_mode & 0o777 == 0o600
    signer = load_or_create_signer(path, "province")
    assert signer.key_id in first.output
    assert signer.public_b64 in first.output
    assert path.read_text() not in first.output
    assert run("caller-key", "../x").exit_code == 2
