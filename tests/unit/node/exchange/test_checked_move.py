"""Moves with rules: what lands, what is set aside, and that the sums are right."""

from __future__ import annotations

import stat
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jutong.contracts import rules as given
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask, Rule
from jutong.library import tables
from jutong.node.exchange import chunks, quarantine
from jutong.node.exchange.errors import OrderUnfitError, RuleLimitError, TotalsDifferError
from jutong.node.exchange.repair import Repair
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import landed, landed_path, order_for, run_move, sqlite_source

GOOD, OLD, BAD = "330103201504044560", "330103850404456", "330103201504044568"
SCRIPT = f"""
CREATE TABLE person (id INTEGER PRIMARY KEY, number TEXT, name TEXT, kind TEXT, born TEXT, pay TEXT, spent INTEGER,
                     earned INTEGER);
INSERT INTO person VALUES
 (1, '{GOOD}', '欧阳小明', '1', '2015-04-04', '12.50', 1, 2),
 (2, '{OLD}', '张三', '2', '19850404', '7', 2, 2),
 (3, '{BAD}', '李四', '1', '2015-04-04', '1.00', 0, 1),
 (4, NULL, '  ', '9', '2015-02-30', '1.234', 5, 1),
 (5, '{GOOD}', '王五', '2', NULL, NULL, NULL, 1),
 (6, 'x', '测试', 'T', '', 'x', 9, 1);
"""
COLUMNS = ("id", "number", "name", "kind", "born", "pay", "spent", "earned")
RULES: tuple[Rule, ...] = (
    given.OneOf(id="scope", column="kind", values=("1", "2", "9"), action="skip"),
    given.Identity(id="number", column="number", to_18=True),
    given.NotNull(id="named", column="name"),
    given.Length(id="short", column="name", most=3, action="warn"),
    given.Cast(id="born", column="born", to="date"),
    given.Between(id="young", column="born", least="1980-01-01"),
    given.Cast(id="pay", column="pay", to="decimal", precision=8, scale=2),
    given.Compare(id="spent", column="spent", operator="le", other="earned"),
    given.Unique(id="once", column="number"),
    given.Pattern(id="han", column="name", pattern=r"\p{Han}+|\s+"),
)


def source_of(tmp_path: Path) -> SourceConfig:
    return sqlite_source(tmp_path, SCRIPT)


def ordered(source: SourceConfig, *rules: Rule, masks: tuple[ColumnMask, ...] = (), **changes: Any) -> JobOrder:
    order = order_for(source, "main", "person", *COLUMNS)
    return order.model_copy(update={"rules": rules, "masks": masks, **changes})


def folder_of(home: Path, order: JobOrder) -> Path:
    return home / "jobs" / order.job_id


def refused_rows(home: Path, order: JobOrder, skip: int = 0, limit: int = 20) -> list[quarantine.Refused]:
    with Repair(folder_of(home, order), order) as repair:
        return [row for row, _ in repair.page(skip, limit)]


def test_what_passes_lands_and_what_does_not_is_kept_with_every_reason(tmp_path: Path) -> None:
    source = source_of(tmp_path)
    masks = (ColumnMask(column="name", mask="name"), ColumnMask(column="born", mask="year"))
    order = ordered(source, *RULES, masks=masks)
    receipt = run_move(order, source, tmp_path)
    assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined, receipt.rows_skipped) == (6, 2, 3, 1)
    assert {count.id: count.rows for count in receipt.rules} == {
        "scope": 1, "number": 1, "named": 1, "short": 1, "born": 1, "young": 0, "pay": 1, "spent": 1,
        "once": 1, "han": 0,
    }  # fmt: skip
    assert receipt.source_digest == receipt.target_digest == tables.read_digest(landed_path(tmp_path))
    assert landed(tmp_path).to_pylist() == [
        {"id": 1, "number": GOOD, "name": "欧阳**", "kind": "1", "born": "2015", "pay": Decimal("12.50"), "spent": 1,
         "earned": 2},
        {"id": 2, "number": "330103198504044566", "name": "张*", "kind": "2", "born": "1985", "pay": Decimal("7.00"),
         "spent": 2, "earned": 2},
    ]  # fmt: skip
    refused = refused_rows(tmp_path, order)
    assert [row.name for row in refused] == ["0-3", "0-4", "0-5"]
    assert [[found.rule for found in row.findings] for row in refused] == [
        ["number"], ["named", "born", "pay", "spent"], ["once"],
    ]  # fmt: skip
    assert refused[1].findings[1] == quarantine.Finding("born", "born", "cast-date", "2015-02-30")
    # As it was read: neither masked nor cast.
    assert refused[0].values["number"] == BAD
    assert refused[0].values["name"] == "李四"
    for file in (folder_of(tmp_path, order) / quarantine.FOLDER).iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_pages_of_the_quarantine_and_single_rows(tmp_path: Path) -> None:
    rows = [(number, f"bad{number}") for number in range(1, 3_001)]
    source = sqlite_source(
        tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT)", ("INSERT INTO t VALUES (?, ?)", rows)
    )
    order = order_for(source, "main", "t", "id", "code").model_copy(
        update={"rules": (given.CreditCode(id="code", column="code"),), "chunk_rows": 1_000}
    )
    receipt = run_move(order, source, tmp_path)
    assert (receipt.chunks, receipt.rows_quarantined, receipt.rows_written) == (3, 3_000, 0)
    folder = folder_of(tmp_path, order)
    across = [row.values["id"] for row in refused_rows(tmp_path, order, 1_995, 10)]
    assert across == list(range(1_996, 2_006))
    assert refused_rows(tmp_path, order, 3_000) == []
    found = quarantine.pick(folder, 2, 7)
    assert found is not None
    assert (found.values["code"], [one.value for one in found.findings]) == ("bad2007", ["bad2007"])
    assert quarantine.pick(folder, 2, 1_001) is quarantine.pick(folder, 9, 1) is None


@pytest.mark.parametrize(
    ("changes", "limit"), [({"action": "stop"}, 0), ({"most_rows": 1}, 1), ({"most_permille": 200}, 1)]
)
def test_a_limit_ends_the_move_with_nothing_moved(tmp_path: Path, changes: dict[str, Any], limit: int) -> None:
    source = source_of(tmp_path)
    order = ordered(source, given.Identity(id="number", column="number", **changes))
    with pytest.raises(RuleLimitError) as caught:
        run_move(order, source, tmp_path)
    assert (caught.value.fields["rows"], caught.value.fields["limit"]) == (2, limit)
    assert BAD not in str(caught.value)
    assert not landed_path(tmp_path).joinpath("_delta_log").exists()
    assert not list(landed_path(tmp_path).glob("*.parquet"))
    # What was wrong can be looked at.
    assert [row.values["number"] for row in refused_rows(tmp_path, order)] == [BAD, "x"]


def test_a_limit_that_is_just_kept(tmp_path: Path) -> None:
    source = source_of(tmp_path)
    order = ordered(source, given.Identity(id="number", column="number", most_rows=2, most_permille=334))
    assert run_move(order, source, tmp_path).rows_quarantined == 2


UNFIT: tuple[tuple[Rule, ...], ...] = (
    (given.Pattern(id="a", column="name", pattern=r"(a)\1"),),
    (given.Pattern(id="a", column="name", pattern="a)(b"),),
    (given.Identity(id="a", column="spent"),),
    (given.NotNull(id="a", column="gone"),),
    (given.Between(id="a", column="spent", least="x"),),
    (given.Between(id="a", column="name", least="x"),),
    (given.Compare(id="a", column="spent", operator="le", other="name"),),
    (given.CodeTable(id="a", column="kind", table="none-such"),),
    (given.NotNull(id="a", column="name"), given.NotNull(id="a", column="kind")),
)


def test_rules_that_do_not_fit_are_refused_before_the_first_row(tmp_path: Path) -> None:
    source = source_of(tmp_path)
    for rules in UNFIT:
        with pytest.raises(OrderUnfitError):
            run_move(ordered(source, *rules), source, tmp_path)
    with pytest.raises(OrderUnfitError):
        run_move(ordered(source, masks=(ColumnMask(column="gone", mask="all"),)), source, tmp_path)
    twice = ColumnMask(column="name", mask="all")
    with pytest.raises(OrderUnfitError):
        run_move(ordered(source, masks=(twice, twice)), source, tmp_path)


def test_repeats_are_found_across_batches_but_not_across_chunks(tmp_path: Path) -> None:
    rows = [(number, str(number % 40_000), "x" * (number % 2)) for number in range(1, 80_001)]
    source = sqlite_source(
        tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT, part TEXT)",
        ("INSERT INTO t VALUES (?, ?, ?)", rows),
    )  # fmt: skip
    one = order_for(source, "main", "t", "id", "code", "part")
    for rule in (
        given.Unique(id="u", column="code"), given.Unique(id="u", column="code", with_columns=("part", "part")),
    ):  # fmt: skip
        whole = run_move(one.model_copy(update={"job_id": order_for(source, "", "t").job_id, "rules": (rule,)}), source,
                         tmp_path)  # fmt: skip
        assert whole.rows_quarantined == 40_000
    cut = order_for(source, "main", "t", "id", "code").model_copy(
        update={"rules": (given.Unique(id="u", column="code"),), "chunk_rows": 40_000}
    )
    assert run_move(cut, source, tmp_path).rows_quarantined == 0


def test_a_row_lost_from_the_quarantine_fails_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(tmp_path)
    order = ordered(source, given.Identity(id="number", column="number"))
    save = chunks.save

    def spoil(folder: Path, ledger: chunks.Ledger) -> None:
        save(folder, ledger)
        if ledger.done:
            (folder / quarantine.FOLDER / "00000.rows.parquet").unlink()

    monkeypatch.setattr(chunks, "save", spoil)
    with pytest.raises(TotalsDifferError) as caught:
        run_move(order, source, tmp_path)
    assert caught.value.fields == {"read": 6, "written": 4, "quarantined": 0, "skipped": 0}


def test_dates_in_both_forms(tmp_path: Path) -> None:
    source = source_of(tmp_path)
    order = ordered(source, given.Cast(id="born", column="born", to="date"))
    run_move(order, source, tmp_path)
    assert landed(tmp_path)["born"].to_pylist() == [date(2015, 4, 4), date(1985, 4, 4), date(2015, 4, 4), None]
