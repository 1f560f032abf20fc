"""A row that a job of changes set aside is put right: it takes its place, and the log goes on from where it was."""

from __future__ import annotations

from pathlib import Path

from jutong.contracts.modes import ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import NotNull
from jutong.kernel.clock import utc_now
from jutong.node.exchange.repair import Repair
from jutong.node.exchange.replay import Replay
from tests.integration.node.test_exchange_changes import PUBLISH, Source, logical, rows, source  # noqa: F401 - fixtures
from tests.unit.node.exchange.moving import order_for, run_move

RULES = (NotNull(id="named", column="name"),)


def order_of(source: Source) -> JobOrder:  # noqa: F811
    order = order_for(source.config, "civil", "person", "id", "name")
    return order.model_copy(update={"mode": ChangesMode(keys=("id",)), "rules": RULES})


def test_a_row_put_right_takes_the_place_of_its_former_version(source: Source, tmp_path: Path) -> None:  # noqa: F811
    source.run("CREATE TABLE person (id int PRIMARY KEY, name text)", PUBLISH,
               "INSERT INTO person VALUES (1, 'a'), (2, 'b')")  # fmt: skip
    run_move(order_of(source), source.config, tmp_path)
    source.run("UPDATE person SET name = '' WHERE id = 2", "INSERT INTO person VALUES (3, 'c')")
    order = order_of(source)
    receipt = run_move(order, source.config, tmp_path)
    assert (receipt.changes, receipt.rows_quarantined) == (2, 1)
    assert [row["name"] for row in rows(tmp_path)] == ["a", "b", "c"]
    with Repair(tmp_path / "jobs" / order.job_id, order, "z@desk") as repair:
        ((row, _),) = repair.page(0, 9)
        repair.fix(row.name, {"name": "B"}, "底册", utc_now())
        assert Replay(repair, tmp_path, source.config).run(utc_now()).written == 1
    assert [row["name"] for row in rows(tmp_path)] == ["a", "B", "c"]
    source.run("UPDATE person SET name = 'A' WHERE id = 1")
    following = run_move(order_of(source), source.config, tmp_path)
    assert (following.changes, following.rows_read) == (1, 1)  # from where the log had been read to, not afresh
    assert [row["name"] for row in rows(tmp_path)] == ["A", "B", "c"]
