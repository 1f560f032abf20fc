from __future__ import annotations

import pytest

from jutong.standards import code_tables, lists
from jutong.standards.code_tables import BadRow, CodeRow, read_codes
from jutong.standards.elements import shipped as elements


def test_every_shipped_table_has_codes_and_a_digest_of_its_own():
    tables = code_tables.shipped()
    keys = [table.key for table in tables]
    assert keys == sorted(set(keys))
    assert set(lists.all_lists()) <= set(keys)
    assert {"gbt2260", "gbt3304", "gbt4754", "gbt2261.1-sex"} <= set(keys)
    assert len({table.digest for table in tables}) == len(tables)
    for table in tables:
        assert table.spans, table.key
        assert all(row.code and row.name for row in table.spans), table.key
    assert next(table for table in tables if table.key == "gbt2260").changes()
    assert len(next(table for table in tables if table.key == "gbt4754").spans) == 117
    assert dict(next(table for table in tables if table.key == "update-cycle").labels_en)["daily"]


def test_elements_name_tables_that_are_there():
    keys = {table.key for table in code_tables.shipped()}
    assert {row.code_table for row in elements() if row.code_table} <= keys


def test_a_file_of_codes_is_read():
    text = '\ufeff代码,名称,上级\r\n1,"农, 林",\r\n\r\n11, 农业 ,1\r\n'
    assert read_codes(text) == (CodeRow("1", "农, 林", ""), CodeRow("11", "农业", "1"))
    assert read_codes("code,name\n1,a") == (CodeRow("1", "a"),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1), ("code,name\n", 1), ("code,name\n1\n", 2), ("code,name\n1,\n", 2), ("code,name\n1,a\n1,b\n", 3),
        ("code,name\n1,a\n" + "2" * 33 + ",b\n", 3), ('code,name\n1,"a\n', 2), ("code,name\n1,a\x00\n", 2),
    ],
)  # fmt: skip
def test_the_first_bad_row_is_named(text, line):
    with pytest.raises(BadRow) as caught:
        read_codes(text)
    assert caught.value.line == line
    assert caught.value.problem


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(code_tables, "MOST_ROWS", 2)
    with pytest.raises(BadRow, match="行数太多"):
        read_codes("c,n\n1,a\n2,b\n3,c\n")
