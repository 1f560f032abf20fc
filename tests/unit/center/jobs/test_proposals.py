"""What is proposed for a move, and why: every proposal fits its column, and can be ordered as it stands."""

from __future__ import annotations

import pyarrow as pa
import pytest
from django.utils import translation

from jutong.center.jobs.proposals import ItemFacts, Proposal, propose
from jutong.contracts.receipts import ColumnInfo
from jutong.contracts.steps import origins
from jutong.node.exchange.rules.sieve import Sieve
from jutong.standards import elements


def told(name: str, kind: str, **fields: object) -> ColumnInfo:
    return ColumnInfo.model_validate({"name": name, "type": kind, "nullable": True, **fields})


COLUMNS = (
    told("XM", "character varying(100)", comment="姓名"),
    told("SFZH", "character(18)", key=True),
    told("mz", "integer"),
    told("csrq", "varchar(10)"),
    told("dz", "text"),
    told("gxsj", "timestamp without time zone"),
    told("bz", "char(4)"),
    told("zczb", "varchar(20)"),
    told("unbound", "text"),
)
ITEMS = (
    ItemFacts("姓名", "XM", "C", 64, grade="general-3", widest_mode="masked", mask="name"),
    ItemFacts("公民身份号码", "SFZH", "C", 18, is_key=True, grade="general-4", widest_mode="verify", mask="identity"),
    ItemFacts("民族代码", "mz", "C", 2, code_table="gbt3304"),
    ItemFacts("出生日期", "csrq", "D", 10, grade="general-3", widest_mode="masked", mask="month"),
    ItemFacts("居住地址", "dz", "C", 200, element="DE01014"),
    ItemFacts("更新时间", "gxsj", "T"),
    ItemFacts("备注类别", "bz", "C", 4),
    ItemFacts("注册资本", "zczb", "Y", 18),
    ItemFacts("没有挂接", "gone", "C"),
)
ARROW = {"integer": pa.int32(), "timestamp without time zone": pa.timestamp("us")}


def brief(found: Proposal) -> dict[str, str]:
    """Return kind and column of every proposal with what tells it apart."""
    rows: dict[str, str] = {}
    rows |= {f"{one.what.kind} {getattr(one.what, 'column', '')}": one.because() for one in found.steps}
    rows |= {f"{one.what.kind} {one.what.column}": one.because() for one in found.rules}
    return rows | {f"{one.what.mask} {one.what.column}": one.because() for one in found.masks}


def test_proposals_follow_the_catalog_and_the_database() -> None:
    found = propose(COLUMNS, ITEMS, agreement="J-1")
    rows = brief(found)
    assert set(rows) == {
        "standardise XM", "standardise SFZH", "as-text mz", "standardise dz", "time-zone gxsj", "standardise bz",
        "length XM", "not-null SFZH", "identity SFZH", "code-table mz", "cast csrq", "length dz", "cast zczb",
        "unique SFZH", "name XM", "pseudonym SFZH", "year csrq",
    }  # fmt: skip
    assert "公民身份号码" in rows["identity SFZH"]
    assert "character(18)" not in rows["length XM"]
    assert "64" in rows["length XM"]
    assert all("{" not in reason for reason in rows.values())
    with translation.override("en"):
        assert all("{" not in reason for reason in brief(found).values())


def test_only_a_time_without_zone_is_proposed_one() -> None:
    """As each product names its types; what is no time at all here, for it is too fine, is none there."""
    kinds = {
        "datetime": True, "datetime2(6)": True, "datetime(6)": True, "timestamp(6) without time zone": True,
        "datetime2(7)": False, "datetimeoffset(6)": False, "datetime(6) with time zone": False,
        "timestamp(6) with local time zone": False, "timestamp(6)": False, "date": False,
    }  # fmt: skip
    columns = tuple(told(f"c{number}", kind) for number, kind in enumerate(kinds))
    items = tuple(ItemFacts(column.name, column.name, "T") for column in columns)
    zoned = {one.what.column for one in propose(columns, items).steps if one.what.kind == "time-zone"}
    assert zoned == {column.name for column in columns if kinds[column.type]}


def test_what_is_proposed_fits_its_columns() -> None:
    """A node takes the whole proposal: every id once, every column there and of a type that suits."""
    found = propose(COLUMNS, ITEMS)
    kinds = {column.name: ARROW.get(column.type, pa.string()) for column in COLUMNS if column.name in found.columns}
    steps = tuple(one.what for one in found.steps)
    assert list(origins(found.columns, steps)) == list(found.columns) == list(kinds)
    masks = tuple(one.what for one in found.masks)
    assert {mask.mask for mask in masks} == {"name", "all", "year"}  # without an agreement nothing keys a pseudonym
    sieve = Sieve([one.what for one in found.rules], masks, pa.schema(kinds), steps)
    assert sieve.lands_as.field("zczb").type == pa.decimal128(18, 2)


@pytest.mark.parametrize("columns", [(), COLUMNS[:1]])
def test_nothing_is_proposed_for_what_is_not_there(columns: tuple[ColumnInfo, ...]) -> None:
    found = propose(columns, ITEMS)
    assert found.columns == tuple(column.name for column in columns)
    named = {getattr(one.what, "column", "") for one in found.steps} | {one.what.column for one in found.rules}
    assert named | {one.what.column for one in found.masks} <= set(found.columns)


def test_ids_are_told_apart_whatever_columns_are_called() -> None:
    names = ("名称", "机构", "a" * 60, "a" * 61, "A_b", "a-b")
    columns = tuple(told(name, "char(4)") for name in names)
    items = tuple(ItemFacts(f"项{place}", name, "C", 2) for place, name in enumerate(names))
    found = propose(columns, items)
    ids = [one.what.id for one in found.steps] + [one.what.id for one in found.rules]
    assert len(ids) == len(set(ids)) == 12


def test_the_form_of_every_shipped_element_is_one_a_node_can_match() -> None:
    for element in elements.shipped():
        item = ItemFacts(element.name, "c", "C", element=element.code)
        for one in propose((told("c", "text"),), (item,)).rules:
            Sieve([one.what], (), pa.schema([pa.field("c", pa.string())]))
