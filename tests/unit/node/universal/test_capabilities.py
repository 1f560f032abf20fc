"""What the universal lane knows of products that no test server stands for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jutong.node.connecting.trial import Door
from jutong.node.drivers import DriverMissingError, load
from jutong.node.exchange.errors import ValueUnfitError
from jutong.node.exchange.plan import CatalogColumn, PlannedColumn
from jutong.node.sources import SourceConfig
from jutong.node.universal import addresses, sessions, types
from jutong.node.universal.errors import RefusedError
from jutong.node.universal.sessions import CAPABILITIES
from jutong.node.universal.thin import numbered

TEXT, UTC, NAIVE = pa.string(), pa.timestamp("us", tz="UTC"), pa.timestamp("us")


@pytest.mark.parametrize(
    ("product", "found", "declared", "lands"),
    [
        # what a catalog keeps apart: type, length, precision, scale
        ("mssql", ("decimal", 9, 12, 2), "decimal(12,2)", pa.decimal128(12, 2)),
        ("mssql", ("money", 8, 19, 4), "money", pa.decimal128(19, 4)),
        ("mssql", ("nvarchar", -1, 0, 0), "nvarchar(max)", TEXT),
        ("mssql", ("nvarchar", 50, 0, 0), "nvarchar(50)", TEXT),
        ("mssql", ("datetime2", 8, 26, 6), "datetime2(6)", NAIVE),
        ("mssql", ("datetime2", 8, 27, 7), "datetime2(7)", TEXT),  # 100 ns: kept whole as a text
        ("mssql", ("datetimeoffset", 10, 33, 6), "datetimeoffset(6)", UTC),
        ("mssql", ("datetimeoffset", 10, 34, 7), "datetimeoffset(7)", TEXT),
        ("mssql", ("bit", 1, 1, 0), "bit", pa.bool_()),
        ("mssql", ("tinyint", 1, 3, 0), "tinyint", pa.int16()),  # 0 to 255
        ("mssql", ("timestamp", 8, 0, 0), "timestamp(0)", pa.binary()),  # no time: the version of a row
        ("mssql", ("sql_variant", 8016, 0, 0), "sql_variant", None),
        ("oracle", ("NUMBER", 22, 9, 0), "number(9,0)", pa.int32()),
        ("oracle", ("NUMBER", 22, 18, 0), "number(18,0)", pa.int64()),
        ("oracle", ("NUMBER", 22, 38, 0), "number(38,0)", pa.decimal128(38, 0)),
        ("oracle", ("NUMBER", 22, None, 0), "number(38,0)", pa.decimal128(38, 0)),  # INTEGER
        ("oracle", ("NUMBER", 22, None, None), "number", TEXT),  # any number of digits
        ("oracle", ("NUMBER", 22, 5, -2), "number(5,-2)", pa.decimal128(7, 0)),
        ("oracle", ("NUMBER", 22, 2, 5), "number(2,5)", pa.decimal128(5, 5)),
        ("oracle", ("FLOAT", 22, 126, None), "float", TEXT),
        ("oracle", ("DATE", 7, None, None), "date", NAIVE),  # it has a time of day
        ("oracle", ("TIMESTAMP(6) WITHOUT TIME ZONE", 11, None, 6), "timestamp(6) without time zone", NAIVE),
        ("oracle", ("TIMESTAMP(9) WITHOUT TIME ZONE", 11, None, 9), "timestamp(9) without time zone", TEXT),
        ("oracle", ("TIMESTAMP(6) WITH TIME ZONE", 13, None, 6), "timestamp(6) with time zone", UTC),
        ("oracle", ("TIMESTAMP(6) WITH LOCAL TIME ZONE", 11, None, 6), "timestamp(6) with local time zone", UTC),
        ("oracle", ("RAW", 16, None, None), "raw(16)", pa.binary()),
        ("oracle", ("CLOB", 4000, None, None), "clob", TEXT),
        ("oracle", ("INTERVAL DAY(2) TO SECOND(6)", 11, 2, 6), "interval day(2) to second(6)", TEXT),
        ("oracle", ("BFILE", 530, None, None), "bfile", None),
        ("dameng", ("DECIMAL", 12, 12, 2), "decimal(12,2)", pa.decimal128(12, 2)),
        ("dameng", ("DEC", 12, 9, 0), "dec(9,0)", pa.int32()),
        ("dameng", ("NUMBER", 22, 0, 0), "number(0,0)", TEXT),  # 达梦 tells a missing precision as 0
        ("dameng", ("DATETIME", 8, 36, 6), "datetime(6)", NAIVE),
        ("dameng", ("TIMESTAMP WITHOUT TIME ZONE", 8, 39, 9), "timestamp(9) without time zone", TEXT),
        ("dameng", ("TIMESTAMP WITH TIME ZONE", 10, 36, 6), "timestamp(6) with time zone", UTC),
        ("dameng", ("TEXT", 2147483647, None, None), "text", TEXT),
        ("dameng", ("BIT", 1, None, None), "bit", pa.bool_()),
        ("kingbase", ("character varying(20 char)", None, None, None), "character varying(20 char)", TEXT),
        ("kingbase", ("clob", None, None, None), "clob", TEXT),
        ("kingbase", ("numeric(38,0)", None, None, None), "numeric(38,0)", pa.decimal128(38, 0)),
        ("kingbase", ("point", None, None, None), "point", None),
        ("mysql", ("bigint(20) unsigned", None, None, None), "bigint(20) unsigned", pa.decimal128(20, 0)),
        ("mysql", ("bit(64)", None, None, None), "bit(64)", None),
        ("mysql", ("enum('(1,2)','b')", None, None, None), "enum('(1,2)','b')", TEXT),
    ],
)
def test_types_are_decided_from_the_catalog(product: str, found: tuple[Any, ...], declared: str, lands: Any) -> None:
    assert types.declared(*found) == declared
    mapping = CAPABILITIES[product].mapping_of(CatalogColumn("c", declared))
    assert (mapping.arrow if mapping else None) == lands


def test_nothing_is_read_as_a_driver_converts_it() -> None:
    """Only what every driver hands over rightly is read as it is: whole and floating numbers, texts, bytes."""
    plain = {pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.string(), pa.binary()}
    for name, capability in CAPABILITIES.items():
        declared = {
            "decimal(12,2)", "numeric(12,2)", "number(12,2)", "date", "datetime", "datetime2(6)", "timestamp(6)",
            "timestamp without time zone", "timestamp with time zone", "time", "bit", "boolean", "money",
        }  # fmt: skip
        found = [capability.mapping_of(CatalogColumn("c", kind)) for kind in sorted(declared)]
        for mapping in filter(None, found):
            assert mapping.read_as in plain, name
            assert mapping.expression != "{}" or mapping.arrow == mapping.read_as, (name, mapping.arrow)


@pytest.mark.parametrize(("product", "column", "sign"), [("mssql", "a]b", "[a]]b]"), ("oracle", 'a"b', '"a""b"'),
                                                         ("mysql", "a`b", "`a``b`")])  # fmt: skip
def test_names_are_quoted_as_the_product_does(product: str, column: str, sign: str) -> None:
    assert CAPABILITIES[product].quote(column) == sign


def test_statements_take_two_texts_and_nothing_else() -> None:
    for capability in CAPABILITIES.values():
        catalog = capability.catalog
        assert [one.count("?") for one in (catalog.columns, catalog.keys)] == [2, 2]
        for statement in (catalog.tables, catalog.references, catalog.schemas, catalog.account, *capability.begin):
            assert "?" not in statement
        assert capability.probe.isascii()  # on its way there it cannot be spoilt
        opened = re.sub(r"'[^']*'", "", catalog.tables)
        assert opened.count("(") == opened.count(")")
    assert numbered("WHERE a = ? AND b = ?") == "WHERE a = :1 AND b = :2"


def test_a_midnight_behind_a_date_is_nothing_and_a_time_is_refused() -> None:
    mapping = types.as_date("{}")
    column = PlannedColumn("day", "date", mapping)
    found = types.day(pa.array(["2026-01-31 00:00:00", "1999-02-28", None]), column)
    assert [str(value) for value in found.to_pylist()] == ["2026-01-31", "1999-02-28", "None"]
    with pytest.raises(ValueUnfitError):
        types.day(pa.array(["2026-01-31 08:00:00"]), column)


def told(dialect: str, rest: str = "10.0.0.5:1234/house", **more: str) -> str:
    dsn = f"{dialect}://u:p@{rest}"
    return addresses.connection_text(SourceConfig("s", dialect, "1", dsn=dsn, **more))  # type: ignore[arg-type]


def test_a_driver_is_told_where_and_nothing_that_leads_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["FreeTDS", "ODBC Driver 18 for SQL Server", "DM8 ODBC DRIVER"]
    tmp_path.joinpath("odbcinst.ini").write_text("".join(f"[{name}]\nDriver=x.so\n" for name in names))
    monkeypatch.setenv("ODBCSYSINI", str(tmp_path))
    assert addresses.registered() == set(names)
    best = told("mssql")
    assert best.startswith("Driver={ODBC Driver 18 for SQL Server};")
    assert "Server={tcp:10.0.0.5,1234};" in best or "Server=tcp:10.0.0.5,1234;" in best
    free = told("mssql", driver="/usr/lib/libtdsodbc.so")
    assert "Server=10.0.0.5;Port=1234;" in free
    assert "ClientCharset=UTF-8;" in free
    dameng = told("dameng", "[2001:db8::1]")
    assert "Server=2001:db8::1;TCP_PORT=5236;" in dameng
    assert "Database" not in dameng
    # A name cannot end its place in the text, an option outside the list is not handed on.
    odd = told("mssql", "h/a%7D;Driver=evil?Encrypt=strict&FileDSN=/etc/passwd&TraceFile=x")
    assert "Database={a}};Driver=evil};" in odd
    assert "Encrypt=strict;" in odd
    assert "FileDSN" not in odd
    assert "Trace" not in odd
    with pytest.raises(DriverMissingError) as caught:
        told("kingbase")
    assert "KingbaseES ODBC Driver" in caught.value.advise()
    tmp_path.joinpath("odbcinst.ini").write_bytes(b"\xff\xfe[")
    assert addresses.registered() == set()


def test_a_driver_that_is_not_installed_is_named_with_what_brings_it() -> None:
    with pytest.raises(DriverMissingError) as caught:
        load("no_such_driver.anywhere", extra="odbc", source="housing")
    assert "no_such_driver" in caught.value.explain()
    assert "pip install 'jutong[odbc]'" in caught.value.advise()


@pytest.mark.parametrize(
    ("product", "error", "reason"),
    [
        ("oracle", RefusedError("", 1017, ""), "sign-in refused"),
        ("oracle", RefusedError("", 1555, ""), "snapshot too old"),
        ("oracle", RefusedError("", 0, "DPY-4024 call timeout"), "statement timeout"),
        ("mssql", RefusedError("42000", 3952, ""), "snapshot isolation is off"),
        ("mssql", RefusedError("28000", 18456, ""), "sign-in refused"),
        ("mssql", RefusedError("HYT00", 0, "Login timeout expired"), "timed out"),
        ("dameng", RefusedError("HY000", -2501, ""), "sign-in refused"),
        ("postgresql", RefusedError("08001", 101, 'FATAL: database "x" does not exist'), "no such database"),
        ("mysql", RefusedError("HY000", 1969, ""), "statement timeout"),
        ("mysql", RefusedError("HY000", 4711, "a value of somebody's"), "HY000 4711"),
    ],
)
def test_refusals_are_told_in_our_words(product: str, error: RefusedError, reason: str) -> None:
    assert sessions.reason_of(CAPABILITIES[product], error) == reason


def test_a_door_keeps_what_the_operator_wrote_behind_the_address() -> None:
    door = Door("mssql", "db.gov", 1433, "10.0.0.9", "house", "u", "p@ss/w", "FreeTDS", "Encrypt=strict")
    assert door.dsn == "mssql://u:p%40ss%2Fw@10.0.0.9:1433/house?Encrypt=strict"
    assert told("mssql", door.dsn.partition("@")[2], driver=door.driver).endswith("Encrypt=strict;")
