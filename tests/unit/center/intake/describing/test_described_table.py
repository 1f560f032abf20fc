from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jutong.center.intake.describing.table import ColumnCounts, Element, described, is_technical

COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "bigint", "comment": "", "key": True},
    {"name": "gmsfhm", "type": "character varying(18)", "comment": "公民身份号码（18位）", "key": False},
    {"name": "xm", "type": "character varying(50)", "comment": "姓名", "key": False},
    {"name": "djrq", "type": "date", "comment": "登记日期"},
]


def table(columns: Sequence[Mapping[str, Any]], comment: str = "婚姻登记信息表", name: str = "hy_dj") -> dict[str, Any]:
    return {"schema_name": "public", "name": name, "comment": comment, "row_estimate": 10, "columns": list(columns)}


def test_a_table_becomes_an_entry_with_names_from_its_comments() -> None:
    found = described(table(COLUMNS), format_type="PostgreSQL")
    assert found.fields.name == "婚姻登记信息"
    assert "公民身份号码" in found.fields.summary
    assert found.fields.data_format == "database"
    assert found.fields.format_type == "PostgreSQL"
    assert [item.name for item in found.items] == ["id", "公民身份号码", "姓名", "登记日期"]
    assert [item.column for item in found.items] == ["id", "gmsfhm", "xm", "djrq"]
    assert [item.data_type for item in found.items] == ["I", "C", "C", "D"]
    number = found.items[1]
    assert (number.length, number.note, number.is_personal, number.grade) == (
        18,
        "公民身份号码（18位）",
        True,
        "general-3",
    )
    assert (number.widest_mode, number.mask) == ("masked", "identity")


def test_people_ask_by_the_number_and_not_by_a_surrogate_key() -> None:
    found = described(table(COLUMNS))
    assert [item.name for item in found.items if item.is_key] == ["公民身份号码"]
    assert found.fields.share_way == "service"


def test_without_such_an_item_the_primary_key_is_the_key() -> None:
    plain: list[dict[str, Any]] = [
        {"name": "bh", "type": "text", "comment": "编号", "key": True},
        {"name": "mc", "type": "text"},
    ]
    found = described(table(plain, comment="公园表"))
    assert [item.name for item in found.items if item.is_key] == ["编号"]
    assert found.fields.name == "公园"
    assert found.fields.grade == "general-1"
    assert found.fields.share_attribute == "unconditional"


def test_without_any_key_the_table_is_exchanged_as_a_whole() -> None:
    found = described(table([{"name": "mc", "type": "text", "comment": "名称"}], comment=""))
    assert found.fields.share_way == "batch"
    assert found.fields.name == "hy_dj"


def test_the_entry_takes_the_grade_of_its_highest_item_and_says_which() -> None:
    found = described(table(COLUMNS))
    assert found.fields.grade == "general-3"
    assert found.fields.share_attribute == "conditional"
    reason = found.reasons[""][0]
    assert reason.fields["item"] == "公民身份号码"
    assert {row.fields["found"] for row in found.reasons["公民身份号码"]} == {"公民身份号码（18位）", "gmsfhm"}


def test_a_sample_speaks_where_names_do_not() -> None:
    blind = [{"name": "c1", "type": "varchar(32)", "comment": ""}, {"name": "c2", "type": "varchar(32)", "comment": ""}]
    counts = {"c1": ColumnCounts(200, {"phone": 190}), "c2": ColumnCounts(200, {"phone": 3})}
    first, second = described(table(blind), counts=counts).items
    assert (first.is_personal, first.mask) == (True, "phone")
    assert not second.is_personal


def test_items_of_one_name_are_told_apart_by_their_columns() -> None:
    twice: list[dict[str, Any]] = [
        {"name": "a", "type": "text", "comment": "备注"},
        {"name": "b", "type": "text", "comment": "备注"},
    ]
    assert [item.name for item in described(table(twice)).items] == ["备注", "备注_b"]


def test_an_element_names_a_column_nobody_described() -> None:
    def match(name: str, comment: str, data_type: str) -> Element | None:
        return Element("DE0001", "公民身份号码", 0.9, "同义词") if name == "gmsfhm" and data_type == "C" else None

    found = described(table([{"name": "gmsfhm", "type": "char(18)", "comment": ""}]), match=match)
    assert (found.items[0].name, found.items[0].element) == ("公民身份号码", "DE0001")
    assert any(row.fields.get("code") == "DE0001" for row in found.reasons["公民身份号码"])


def test_a_table_without_columns_is_the_lowest_grade() -> None:
    assert described(table([])).fields.grade == "general-1"


def test_tables_a_program_keeps_for_itself_are_told_by_their_names() -> None:
    assert all(map(is_technical, ("django_migrations", "flyway_schema_history", "sys_user_bak", "t_20240101", "a_log")))
    assert not any(map(is_technical, ("rk_czrk", "login_count", "hy_dj")))
