"""Whole moves with steps: what lands, what is set aside, and that a kill changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from jutong.contracts import rules as rule
from jutong.contracts import steps as step
from jutong.contracts.rules import ColumnMask
from jutong.kernel.clock import utc_now
from jutong.library import tables
from jutong.node.exchange import quarantine
from jutong.node.exchange.move import Workplace, move
from jutong.node.exchange.repair import Repair
from jutong.node.exchange.replay import Replay
from tests.unit.node.exchange.moving import landed, landed_path, order_for, sqlite_source

ROWS = 3_000


def test_a_stepped_move_killed_between_chunks_lands_every_value_once(tmp_path: Path) -> None:
    """Codes are translated, names written one way, one column becomes two; a card number of chunk 1 comes again in 3.

    The process dies in the third chunk. Putting a row right with a number that landed is refused once more.
    """
    rows = [(n, f"ｃ{n % 2_500:04d}", "110221" if n % 2 else "110103", f"张　{n} ") for n in range(1, ROWS + 1)]
    source = sqlite_source(
        tmp_path,
        "CREATE TABLE person (id INTEGER PRIMARY KEY, card TEXT, area TEXT, name TEXT)",
        ("INSERT INTO person VALUES (?, ?, ?, ?)", rows),
    )
    order = order_for(source, "main", "person", "id", "card", "area", "name").model_copy(
        update={
            "job_id": str(uuid4()),
            "chunk_rows": 1_000,
            "steps": (
                step.Standardise(id="card", column="card"),
                step.Standardise(id="name", column="name", spaces="none"),
                step.Translate(
                    id="area", column="area", into="area_now", table="gbt2260", from_day="1995-12-31",
                    to_day="2022-12-31",
                ),
                step.Drop(id="old", column="area"),
            ),
            "rules": (rule.Unique(id="once", column="card", over="job"),),
            "masks": (ColumnMask(column="card", mask="pseudonym", agreement="J-1"),),
        }
    )  # fmt: skip
    folder = tmp_path / "node/jobs" / order.job_id
    folder.mkdir(parents=True)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/node.secret").write_text("cd" * 32)
    place = Workplace(tmp_path / "library", folder, secret=tmp_path / "keys/node.secret")
    told = 0

    def dies(*_: object) -> None:
        nonlocal told
        told += 1
        if list(folder.glob("seen/once/00001-*.run")):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(order, source, place=place, clock=utc_now, progress=dies)
    assert told
    receipt = move(order, source, place=place, clock=utc_now, progress=lambda *_: None)
    assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined) == (ROWS, 2_500, 500)
    assert [(one.id, one.kind, one.rows) for one in receipt.rules] == [
        ("area", "translate", 0),
        ("once", "unique", 500),
    ]
    assert receipt.source_digest == receipt.target_digest == tables.read_digest(landed_path(tmp_path))
    found = landed(tmp_path)
    assert found.column_names == ["id", "card", "name", "area_now"]
    assert set(found["id"].to_pylist()) == set(range(1, 2_501))
    assert len(set(found["card"].to_pylist())) == 2_500
    assert {str(card)[0] for card in found["card"].to_pylist()} == {"P"}
    assert found["name"][0].as_py() == f"张{found['id'][0]}"
    assert set(found["area_now"].to_pylist()) == {"110114", "110101"}
    refused = quarantine.pick(folder, 2, 501)
    assert refused is not None
    assert refused.values == {"id": 2_501, "card": "ｃ0001", "area": "110221", "name": "张　2501 "}
    with Repair(folder, order, "tester") as repair:
        repair.fix("2-501", {"card": "c0002"}, "typed wrongly", datetime(2026, 1, 1, tzinfo=UTC))
        repair.fix("2-502", {"card": "c9999"}, "typed wrongly", datetime(2026, 1, 1, tzinfo=UTC))
        again = Replay(repair, tmp_path, source).run(utc_now())
        assert (again.written, [line[1:] for line in again.still_wrong]) == (1, [("card", "unique")])
        # What one replay brought, the next one knows.
        repair.fix("2-503", {"card": "c9999"}, "typed wrongly", datetime(2026, 1, 1, tzinfo=UTC))
        repair.drop("2-501", "nobody knows", datetime(2026, 1, 1, tzinfo=UTC))
        again = Replay(repair, tmp_path, source).run(utc_now())
        assert (again.written, [line[:2] for line in again.still_wrong]) == (0, [("2-503", "card")])
