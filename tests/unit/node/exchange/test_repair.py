"""Refused rows are put right or dropped, and written once, whatever is killed on the way."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from jutong.cli.exchange import exchange
from jutong.contracts import rules as given
from jutong.contracts.landing import Landing
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import ReplayedReceipt
from jutong.contracts.rules import ColumnMask
from jutong.kernel.clock import utc_now
from jutong.library.overwrite import Overwrite
from jutong.node import sources
from jutong.node.exchange import runner
from jutong.node.exchange.errors import (
    FixUnfitError,
    ReplayElsewhereError,
    ReplayTooLateError,
    RowDecidedError,
    RowUnknownError,
)
from jutong.node.exchange.jobs import REPLAYS, JobFolder
from jutong.node.exchange.repair import Repair
from jutong.node.exchange.replay import Replay, Replayed
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import ORGANISATION, landed, order_for, sqlite_source, wait_for

GOOD = "330103201504044560"
SCRIPT = f"""
CREATE TABLE person (id INTEGER PRIMARY KEY, number TEXT, name TEXT);
INSERT INTO person VALUES (1, '{GOOD}', '张三'), (2, 'x', '李四'), (3, 'y', '王五'), (4, 'z', '赵六');
"""


@pytest.fixture
def source(tmp_path: Path) -> SourceConfig:
    return sqlite_source(tmp_path, SCRIPT)


def moved(source: SourceConfig, home: Path) -> JobOrder:
    order = order_for(source, "main", "person", "id", "number", "name").model_copy(
        update={
            "rules": (
                given.Identity(id="number", column="number"),
                given.Between(id="scope", column="id", most="9", action="skip"),
            ),
            "masks": (ColumnMask(column="name", mask="name"),),
        }
    )
    assert wait_for(runner.start(order, home=home, source=source)).rows_quarantined == 3
    return order


def repair_of(home: Path, order: JobOrder) -> Repair:
    return Repair(JobFolder(home, order.job_id).path, order)


def replayed(repair: Repair, home: Path, source: SourceConfig) -> Replayed:
    return Replay(repair, home, source).run(utc_now())


def ids(home: Path) -> list[int]:
    found: list[int] = landed(home)["id"].to_pylist()  # type: ignore[assignment]
    return sorted(found)


def test_a_steward_repairs_by_commands(source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = moved(source, tmp_path)
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    row = {"name": "register", "dialect": "sqlite", "organisation_code": ORGANISATION, "path": str(source.file)}
    (tmp_path / sources.FILE).write_text(json.dumps([row]))
    (tmp_path / sources.FILE).chmod(0o600)

    def run(command: str, *arguments: str) -> str:
        done = CliRunner().invoke(exchange, [command, order.job_id, *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    listed = [line.split() for line in run("list").splitlines()]
    assert listed == [[name, "number", "number", "identity", "待处理"] for name in ("0-2", "0-3", "0-4")]
    assert "x" in run("list", "--values", "--limit", "1").split()
    assert "李四" in run("show", "0-2")
    run("fix", "0-2", f"number={GOOD}", "--reason", "户籍底册")
    run("fix", "0-3", "number=still wrong", "--reason", "猜的")
    run("drop", "0-4", "--reason", "已注销")
    said = run("replay")
    assert "写回 1 行" in said
    assert said.splitlines()[1].split() == ["0-3", "number", "identity"]
    assert {"id": 2, "number": GOOD, "name": "李*"} in landed(tmp_path).to_pylist()
    assert [line.split()[-1] for line in run("list").splitlines()] == ["已写回", "已改正，待写回", "作废"]
    assert "写回 0 行" in run("replay")
    (word,) = (tmp_path / REPLAYS).iterdir()
    told = ReplayedReceipt.model_validate_json(word.read_bytes())
    assert (told.job_id, told.number, told.rows, told.left, told.dropped) == (order.job_id, 1, 1, 1, 1)
    assert "@" in told.official
    assert ids(tmp_path) == [1, 2]
    bad = CliRunner().invoke(exchange, ["fix", order.job_id, "0-3", "number", "--reason", "r"])
    assert bad.exit_code == 2


def test_what_cannot_be_is_refused(source: SourceConfig, tmp_path: Path) -> None:
    order = moved(source, tmp_path)
    with repair_of(tmp_path, order) as repair:
        for name in ("0-1", "7-1", "0", "x-1", "-", "0-" + "9" * 30):
            with pytest.raises(RowUnknownError):
                repair.row(name)
        wrong: tuple[dict[str, str | None], ...] = ({"id": "many"}, {"gone": "1"})
        for changes in wrong:
            with pytest.raises(FixUnfitError):
                repair.fix("0-2", changes, "r", utc_now())
        repair.fix("0-2", {"number": GOOD, "id": "22"}, "r", utc_now())
        repair.fix("0-3", {"number": GOOD, "id": "5"}, "r", utc_now())
        # A row put right into what the rules leave out is told, not left out.
        done = replayed(repair, tmp_path, source)
        assert (done.written, done.still_wrong) == (1, (("0-2", "id", "between"),))
        with pytest.raises(RowDecidedError):
            repair.drop("0-3", "r", utc_now())


def test_a_replay_killed_on_either_side_of_its_commit_writes_once(
    source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = moved(source, tmp_path)
    commit = Overwrite.commit

    class Killed(BaseException):
        pass

    def before(*_: object) -> None:
        raise Killed

    def after(target: Overwrite, proof: object) -> None:
        commit(target, proof)  # type: ignore[arg-type]
        raise Killed

    for name, where in (("0-2", before), ("0-3", after)):
        with repair_of(tmp_path, order) as repair:
            repair.fix(name, {"number": GOOD}, "r", utc_now())
            monkeypatch.setattr(Overwrite, "commit", where)
            with pytest.raises(Killed):
                replayed(repair, tmp_path, source)
        monkeypatch.setattr(Overwrite, "commit", commit)
        with repair_of(tmp_path, order) as repair:
            assert replayed(repair, tmp_path, source).written == 1
    assert ids(tmp_path) == [1, 2, 3]


def test_a_table_moved_anew_takes_no_old_rows(source: SourceConfig, tmp_path: Path) -> None:
    order = moved(source, tmp_path)
    again = order.model_copy(update={"job_id": str(uuid4())})
    wait_for(runner.start(again, home=tmp_path, source=source))
    with repair_of(tmp_path, order) as repair:
        repair.fix("0-2", {"number": GOOD}, "r", utc_now())
        with pytest.raises(ReplayTooLateError):
            replayed(repair, tmp_path, source)
    assert ids(tmp_path) == [1]


def test_rows_of_one_cause_are_put_right_together(tmp_path: Path) -> None:
    values = {number: ("男", "女", "未知", "1")[number % 4] for number in range(4_000)}
    rows = [(number, value, f"2026-01-{number % 28 + 1:02d}", "1.50") for number, value in values.items()]
    script = "CREATE TABLE person (id INTEGER PRIMARY KEY, sex TEXT, day TEXT, fee DECIMAL(8,2));"
    source = sqlite_source(tmp_path, script, ("INSERT INTO person VALUES (?, ?, ?, ?)", rows))
    order = order_for(source, "main", "person", "id", "sex", "day", "fee").model_copy(
        update={
            "rules": (
                given.OneOf(id="sex", column="sex", values=("1", "2")),
                given.Between(id="late", column="id", most="3990"),
                given.Cast(id="day", column="day", to="date"),
            ),
            "chunk_rows": 1_000,
        }
    )
    assert wait_for(runner.start(order, home=tmp_path, source=source)).rows_quarantined == 3_003
    with Repair(JobFolder(tmp_path, order.job_id).path, order, "zhang") as repair:
        found = repair.overview()
        assert (found.rows, found.states) == (3_003, {"open": 3_003})
        assert [(one.rule, one.rows, one.open) for one in found.causes] == [("sex", 3_000, 3_000), ("late", 9, 9)]
        assert sorted(repair.values("sex")) == [("女", 1_000), ("未知", 1_000), ("男", 1_000)]
        names = [row.name for row, _ in repair.page(1_498, 3, rule="sex")]
        assert names == ["1-998", "1-999", "2-1"]
        repair.fix("0-1", {"sex": "2", "fee": "9.99"}, "底册", utc_now())
        assert repair.fix_all("sex", {"男": "1", "女": "2"}, "代码表", utc_now()) == 1_999  # one is decided already
        assert repair.drop_all("late", "超出范围", utc_now()) == 5  # those put right above are decided
        assert repair.overview().states == {"open": 998, "fixed": 2_000, "dropped": 5}
        assert {row.values["sex"] for row, _ in repair.page(0, 2_000, state="open")} == {"未知"}
        with pytest.raises(FixUnfitError):
            repair.fix_all("late", {"3999": "many"}, "r", utc_now())
        done = replayed(repair, tmp_path, source)
        assert (done.written, len(done.still_wrong)) == (1_996, 4)
        assert {reason for _, _, reason in done.still_wrong} == {"between"}
    table = landed(tmp_path).sort_by("id")
    assert table.num_rows == 997 + 1_996
    by_id = dict(zip(table["id"].to_pylist(), table["sex"].to_pylist(), strict=True))
    assert all(by_id[number] == {"男": "1", "女": "2", "1": "1"}[values[number]] for number in by_id if number)
    assert (by_id[0], str(table["fee"][0])) == ("2", "9.99")


def test_nothing_is_added_to_files_that_have_left(source: SourceConfig, tmp_path: Path) -> None:
    order = moved(source, tmp_path)
    row = {"name": "out", "dialect": "files", "organisation_code": ORGANISATION, "path": str(tmp_path), "writes": ["."]}
    (tmp_path / sources.FILE).write_text(json.dumps([row]))
    (tmp_path / sources.FILE).chmod(0o600)
    into = Landing(source="out", schema_name=".", table="person.csv", columns=(("id", "id"), ("name", "name")))
    delivered = order.model_copy(update={"into": into})
    with repair_of(tmp_path, delivered) as repair:
        repair.fix("0-2", {"number": GOOD}, "底册", utc_now())
        with pytest.raises(ReplayElsewhereError):
            replayed(repair, tmp_path, source)
        found = repair.decision(repair.row("0-2"))
        assert found is not None
        assert found.state == "fixed"  # nothing is lost: it can be dropped
