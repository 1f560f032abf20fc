from __future__ import annotations

import pyarrow as pa
import pytest

from jutong.contracts.orders import JobOrder
from jutong.node.connectors.errors import TableMissingError
from jutong.node.exchange import convert
from jutong.node.exchange.errors import ColumnsChangedError, OrderUnfitError, TypeUnsupportedError, ValueUnfitError
from jutong.node.exchange.plan import Array, CatalogColumn, Mapping, MovePlan, PlannedColumn, plan_move
from jutong.node.exchange.readers import mysql, postgresql, spread, sqlite

CATALOG = [CatalogColumn("id", "bigint"), CatalogColumn("姓名", "text"), CatalogColumn("place", "point")]


def order(*columns: str) -> JobOrder:
    return JobOrder(job_id="j", source="s", schema_name="public", table="t", columns=columns, target="t")


def test_columns_come_in_the_order_of_the_order() -> None:
    plan = plan_move(order("姓名", "id"), CATALOG, postgresql.mapping_of)
    assert [(field.name, field.type) for field in plan.schema] == [("姓名", pa.string()), ("id", pa.int64())]


def test_a_table_nobody_knows_is_missing() -> None:
    with pytest.raises(TableMissingError) as caught:
        plan_move(order("id"), [], postgresql.mapping_of)
    assert caught.value.fields["table"] == "public.t"


def test_columns_that_are_gone_are_named() -> None:
    with pytest.raises(ColumnsChangedError) as caught:
        plan_move(order("id", "phone", "ID"[::-1]), CATALOG, postgresql.mapping_of)
    assert caught.value.fields["change"] == "-phone, -DI"


def test_every_type_that_cannot_travel_is_named() -> None:
    with pytest.raises(TypeUnsupportedError) as caught:
        plan_move(order("id", "place"), CATALOG, postgresql.mapping_of)
    assert caught.value.fields["columns"] == "place（point）"


@pytest.mark.parametrize(
    "columns", [(), ("",), ("a b",), ("a=b",), ("id", "ID"), tuple(f"c{number}" for number in range(301))]
)
def test_columns_the_library_cannot_hold_are_refused(columns: tuple[str, ...]) -> None:
    with pytest.raises(OrderUnfitError):
        plan_move(order(*columns), CATALOG, postgresql.mapping_of)


def test_a_driver_that_delivers_another_type_is_stopped() -> None:
    plan = plan_move(order("id"), CATALOG, postgresql.mapping_of)
    with pytest.raises(ColumnsChangedError) as caught:
        plan.convert(pa.record_batch({"id": pa.array(["1"])}))
    assert "int64 -> string" in caught.value.fields["change"]


POSTGRESQL = {
    "boolean": pa.bool_(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "double precision": pa.float64(),
    "bytea": pa.binary(),
    "date": pa.date32(),
    "numeric(12,2)": pa.decimal128(12, 2),
    "numeric(38,38)": pa.decimal128(38, 38),
    "numeric(39,2)": pa.string(),
    "numeric(5,-2)": pa.string(),
    "numeric(2,5)": pa.string(),
    "numeric": pa.string(),
    "text": pa.string(),
    "character varying(18)": pa.string(),
    "character(6)": pa.string(),
    "uuid": pa.string(),
    "jsonb": pa.string(),
    "time(3) without time zone": pa.string(),
    "timestamp(3) without time zone": pa.timestamp("us"),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}
MYSQL = {
    "tinyint(1)": pa.int32(),
    "mediumint(8) unsigned": pa.int32(),
    "int(10) unsigned": pa.int64(),
    "bigint(20)": pa.int64(),
    "bigint(20) unsigned zerofill": pa.decimal128(20, 0),
    "year(4)": pa.int32(),
    "float": pa.float64(),
    "double(8,2)": pa.float64(),
    "decimal(12,2)": pa.decimal128(12, 2),
    "decimal(65,2)": pa.string(),
    "bit(8)": pa.int64(),
    "char(18)": pa.string(),
    "enum('男','女')": pa.string(),
    "json": pa.string(),
    "time(6)": pa.string(),
    "uuid": pa.string(),
    "varbinary(8)": pa.binary(),
    "longblob": pa.binary(),
    "date": pa.date32(),
    "datetime(6)": pa.timestamp("us"),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
SQLITE = {
    "INTEGER": pa.int64(),
    "unsigned big int": pa.int64(),
    "BOOLEAN": pa.int64(),
    "VARCHAR(18)": pa.string(),
    "DATE": pa.string(),
    "": pa.string(),
    "NUMERIC": pa.string(),
    "DECIMAL(12, 2)": pa.decimal128(12, 2),
    "numeric(10)": pa.decimal128(10, 0),
    "DECIMAL(60,2)": pa.string(),
    "DOUBLE PRECISION": pa.float64(),
    "REAL": pa.float64(),
    "BLOB": pa.binary(),
}


@pytest.mark.parametrize(("declared", "arrow"), POSTGRESQL.items())
def test_postgresql_types(declared: str, arrow: pa.DataType) -> None:
    found = postgresql.mapping_of(CatalogColumn("c", declared, "b"))
    assert found is not None
    assert found.arrow == arrow


@pytest.mark.parametrize(("declared", "arrow"), MYSQL.items())
def test_mysql_types(declared: str, arrow: pa.DataType) -> None:
    found = mysql.mapping_of(CatalogColumn("c", declared))
    assert found is not None
    assert found.arrow == arrow


@pytest.mark.parametrize(("declared", "arrow"), SQLITE.items())
def test_sqlite_types(declared: str, arrow: pa.DataType) -> None:
    assert sqlite.mapping_of(CatalogColumn("c", declared)).arrow == arrow


@pytest.mark.parametrize("declared", ["integer[]", "interval", "money", "point", "tsvector", "int4range", "bit(3)"])
def test_postgresql_types_that_do_not_travel(declared: str) -> None:
    assert postgresql.mapping_of(CatalogColumn("c", declared, "b")) is None


def test_postgresql_enumerations_travel_as_text() -> None:
    found = postgresql.mapping_of(CatalogColumn("c", "civil.gender", "e"))
    assert found is not None
    assert found.arrow == pa.string()


@pytest.mark.parametrize("declared", ["geometry", "point", "bit(64)", "?"])
def test_mysql_types_that_do_not_travel(declared: str) -> None:
    assert mysql.mapping_of(CatalogColumn("c", declared)) is None


def converted(function: object, values: Array, arrow: pa.DataType) -> list[object]:
    mapping = Mapping("{}", values.type, arrow, function)  # type: ignore[arg-type]
    plan = MovePlan("s", "", "t", (PlannedColumn("c", "kind", mapping),))
    return plan.convert(pa.record_batch({"c": values})).column(0).to_pylist()


@pytest.mark.parametrize(
    ("function", "values", "arrow"),
    [
        (convert.decimal, ["1.50", "nan"], pa.decimal128(12, 2)),
        (convert.decimal, ["Infinity"], pa.decimal128(12, 2)),
        (convert.decimal, ["1.234"], pa.decimal128(12, 2)),
        (convert.decimal, ["12345678901.00"], pa.decimal128(12, 2)),
        (convert.integer, ["12", "x"], pa.int32()),
        (convert.integer, ["2147483648"], pa.int32()),
        (convert.floating, ["one"], pa.float64()),
        (convert.date, ["0000-00-00"], pa.date32()),
        (convert.date, ["2020-02-30"], pa.date32()),
        (convert.timestamp, ["0000-00-00 00:00:00"], pa.timestamp("us")),
        (convert.timestamp, ["2020-01-00 00:00:00.5"], pa.timestamp("us", tz="UTC")),
    ],
)
def test_values_without_a_faithful_form_stop_the_move(function: object, values: list[str], arrow: pa.DataType) -> None:
    with pytest.raises(ValueUnfitError) as caught:
        converted(function, pa.array(values), arrow)
    assert caught.value.fields["column"] == "c"
    assert not any(value in str(caught.value) for value in values if value not in {"0000-00-00", "x", "nan"})


def test_texts_are_read_as_what_they_say() -> None:
    assert [str(value) for value in converted(convert.decimal, pa.array(["-0.10", "7"]), pa.decimal128(4, 2))] == [
        "-0.10",
        "7.00",
    ]
    micro = converted(convert.timestamp, pa.array(["2026-01-02 03:04:05.000006"]), pa.timestamp("us", tz="UTC"))
    assert str(micro[0]) == "2026-01-02 03:04:05.000006+00:00"
    assert converted(convert.integer, pa.array(["-5", None]), pa.int64()) == [-5, None]


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us"), pa.timestamp("us", tz="UTC")])
def test_infinity_wrapped_around_by_a_driver_is_seen(kind: pa.DataType) -> None:
    wide = pa.int32() if pa.types.is_date32(kind) else pa.int64()
    good = pa.array([0, None, 10_000], wide).view(kind)
    assert len(converted(convert.instant, good, kind)) == 3
    wrapped = -2_147_472_692 if wide == pa.int32() else -9_222_425_352_054_775_809
    with pytest.raises(ValueUnfitError):
        converted(convert.instant, pa.array([0, wrapped], wide).view(kind), kind)
    assert converted(convert.instant, pa.array([None], wide).view(kind), kind) == [None]


def test_text_that_is_no_utf8_stops_the_move() -> None:
    broken = pa.array([b"\xb9\xab"]).cast(pa.binary()).view(pa.string())
    with pytest.raises(ValueUnfitError, match="UTF-8"):
        converted(convert.text, broken, pa.string())


def test_keys_that_lie_closely_are_cut_without_looking_at_them() -> None:
    assert spread((1, 5000), 5000, 1000) == (1000, 2000, 3000, 4000, 5000)
    assert spread((1, 5001), 5001, 1000) == (1000, 2000, 3000, 4000)
    assert spread((9000, 10), 5500, 1000) == (1643, 3277, 4911, 6545, 8179)
    assert spread((-2500, 2499), 5000, 2500) == (-1, 2499)
    assert spread((1, 10_001), 5000, 1000) == ()
