"""Columns come back out of binary COPY as they went in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from jutong.node.exchange.pgcopy import writing
from jutong.node.exchange.pgcopy.cutting import HEADER, TRAILER, Cutter
from jutong.node.exchange.pgcopy.reading import reader_of
from jutong.node.exchange.plan import CatalogColumn, PlannedColumn
from jutong.node.exchange.readers.postgresql import mapping_of

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
VALUES: dict[str, list[Any]] = {
    "bigint": [-(2**63), 2**63 - 1, 0],
    "integer": [-(2**31), 2**31 - 1, 7],
    "smallint": [-(2**15), 2**15 - 1, 7],
    "boolean": [True, False, True],
    "real": [1.5, -0.25, 0.0],
    "double precision": [1e300, -1e-300, 0.1],
    "date": [date(1, 1, 1), date(9999, 12, 31), date(2000, 1, 1)],
    "timestamp without time zone": [NOW.replace(year=year, tzinfo=None) for year in (1, 9999, 2000)],
    "timestamp with time zone": [NOW, datetime(1, 1, 1, tzinfo=UTC), NOW],
    "text": ["", "䶮" * 40, "a" * 200],
    "character varying(9)": ["阿" * 3, "b", ""],
    "bytea": [b"\0\3\0\0", b"", bytes(range(256))],
    "numeric(12,2)": [Decimal("-9999999999.99"), Decimal("0.01"), Decimal("10000.00")],
    "numeric(18,18)": [Decimal("-0.999999999999999999"), Decimal("0.000000000000000001"), Decimal(0)],
    "numeric(18,0)": [Decimal(10**18 - 1), Decimal(-(10**17)), Decimal(100_000_000)],
    "numeric(9,5)": [Decimal("9999.99999"), Decimal("-0.00001"), Decimal("1000.10000")],
    "numeric(3,3)": [Decimal("-0.001"), Decimal("0.999"), Decimal("0.100")],
}  # fmt: skip


@pytest.mark.parametrize("without", [None, 1])
def test_what_is_written_is_read(without: int | None) -> None:
    columns = [PlannedColumn(f"c{place}", kind, _mapping(kind)) for place, kind in enumerate(VALUES)]
    rows = [[None if row == without else one for row, one in enumerate(values * 3)] for values in VALUES.values()]
    arrays = [pa.array(values, column.mapping.arrow) for values, column in zip(rows, columns, strict=True)]
    assert all(writing.is_written(array.type) for array in arrays)
    # A part of longer columns, as a filter or a slice leaves them.
    cutter = Cutter(len(columns))
    cut = cutter.feed(HEADER + writing.rows_of([array.slice(1, 7) for array in arrays]) + TRAILER)
    cutter.finish()
    for array, cells, column in zip(arrays, cut.cells, columns, strict=True):
        read = reader_of(column)
        assert read is not None
        found = read(cut.data, cells, column)
        found.validate(full=True)
        assert found.equals(array.slice(1, 7)), column.type


def test_what_is_too_long_for_a_machine_word_is_left_to_the_driver() -> None:
    assert not writing.is_written(pa.decimal128(19, 0))
    assert reader_of(PlannedColumn("c", "numeric(19,2)", _mapping("numeric(19,2)"))) is None
    assert reader_of(PlannedColumn("c", "inet", _mapping("inet"))) is None


def _mapping(kind: str) -> Any:
    mapping = mapping_of(CatalogColumn("c", kind))
    assert mapping is not None
    return mapping
