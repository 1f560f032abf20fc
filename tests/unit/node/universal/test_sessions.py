"""What products are told whose servers no test has: every statement of a move, and what becomes of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import oracledb
import pyarrow as pa
import pytest

from jutong.contracts.care import Care
from jutong.contracts.modes import AppendMode
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.exchange.errors import SourceLostError
from jutong.node.exchange.modes.errors import WatermarkUnfitError
from jutong.node.sources import SourceConfig
from jutong.node.universal import looks, sessions, thin
from jutong.node.universal.errors import RefusedError, SnapshotMissingError
from tests.unit.node.exchange.moving import ORGANISATION, landed, order_for, run_move

MSSQL = SourceConfig("house", "mssql", ORGANISATION, dsn="mssql://u:p@10.0.0.9/house")
ORACLE = SourceConfig("tax", "oracle", ORGANISATION, dsn="oracle://u:p@10.0.0.8:1522/SERVICE")


class Server:
    """Answers statements by what they begin with, and keeps them."""

    def __init__(self, answers: dict[str, Any], batches: Sequence[pa.Table] = ()) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.closed = False
        self._batches = batches

    def run(self, statement: str) -> None:
        self.rows(statement)

    def rows(self, statement: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        self.asked.append(statement)
        found: Any = next((found for start, found in self.answers.items() if statement.startswith(start)), [])
        if isinstance(found, Exception):
            raise found
        return list(found)

    def batches(self, statement: str, schema: pa.Schema, rows: int, widest: int) -> Iterator[pa.RecordBatch]:
        self.asked.append(statement)
        for table in self._batches:
            yield from table.cast(schema).to_batches()

    def close(self) -> None:
        self.closed = True


def house(**more: Any) -> Server:
    catalog = sessions.CAPABILITIES["mssql"].catalog
    rows = pa.table({"id": pa.array([1, 2], pa.int32()), "at": ["2026-01-01 08:00:00.123000", None],
                     "fee": ["0.50", "-1.00"], "note": ["䶮", ""]})  # fmt: skip
    return Server(
        {
            "SELECT NCHAR(19886)": [("䶮",)],
            catalog.columns: [("id", "int", 4, 10, 0), ("at", "datetime2", 8, 26, 6), ("fee", "decimal", 9, 12, 2),
                              ("note", "nvarchar", -1, 0, 0), ("sum", "money", 8, 19, 4)],
            catalog.keys: [("id", "int", 10, 0)],
            "SELECT count_big(*), max(DATALENGTH([note]))": [(2, 6)],
            "SELECT count_big(*) FROM": [(2,)],
            **more,
        },
        [rows],
    )  # fmt: skip


def test_what_sql_server_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = house()
    monkeypatch.setattr(sessions, "signed_in", lambda *_: server)
    order = order_for(MSSQL, "dbo", "ta]ble", "id", "at", "fee", "note")
    receipt = run_move(order.model_copy(update={"care": Care(lock_seconds=3)}), MSSQL, tmp_path)
    assert (receipt.rows_written, server.closed) == (2, True)
    assert landed(tmp_path).to_pylist()[1] == {"id": 2, "at": None, "fee": -1, "note": ""}
    assert server.asked[:3] == [
        "SET DATEFORMAT ymd", "SET TRANSACTION ISOLATION LEVEL SNAPSHOT", "SET LOCK_TIMEOUT 3000",
    ]  # fmt: skip
    assert server.asked[-1] == (
        "SELECT [id], CONVERT(varchar(27), [at], 121), CAST([fee] AS varchar(41)), [note] FROM [dbo].[ta]]ble]"
    )


def test_sql_server_without_snapshots_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    off: Any = RefusedError("42000", 3952, "Snapshot isolation transaction failed")
    server = house(**{"SELECT count_big(*), max(": off})
    monkeypatch.setattr(sessions, "signed_in", lambda *_: server)
    order = order_for(MSSQL, "dbo", "t", "id", "note")
    server.answers = {"SELECT count_big(*), max(": off, **server.answers}
    with pytest.raises(SnapshotMissingError) as caught:
        run_move(order, MSSQL, tmp_path)
    assert "ALLOW_SNAPSHOT_ISOLATION ON" in caught.value.advise()
    server.answers["SELECT count_big(*), max("] = RefusedError("40001", 1222, "lock request")
    with pytest.raises(SourceLostError) as lost:
        run_move(order, MSSQL, tmp_path)
    assert lost.value.fields["reason"] == "lock timeout"
    # The text SQL Server makes of money has two decimals, the value four: rows would come twice.
    moneyed = order_for(MSSQL, "dbo", "t", "id", "sum").model_copy(update={"mode": AppendMode(watermark="sum")})
    with pytest.raises(WatermarkUnfitError):
        run_move(moneyed, MSSQL, tmp_path)


class Cursor:
    """A cursor of Oracle's driver, as far as it is used."""

    description: tuple[Any, ...] | None = None

    def __init__(self, asked: list[tuple[str, list[str]]]) -> None:
        self._asked = asked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str, values: list[str], *, fetch_lobs: bool) -> None:
        assert fetch_lobs is False
        self._asked.append((statement, values))
        self.description = (("c",),) if statement.startswith("SELECT") else None
        if "ALL_TAB_COLUMNS" in statement:
            raise oracledb.DatabaseError(_Told(942, "ORA-00942", "table or view does not exist"))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return [("䶮",)]


class _Told:
    def __init__(self, code: int, full_code: str, message: str) -> None:
        self.code, self.full_code, self._message = code, full_code, message

    def __str__(self) -> str:
        return self._message


class Connection:
    """A connection of Oracle's driver; its frames are the driver's own."""

    call_timeout = 0

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self.closed = False

    def cursor(self) -> Cursor:
        return Cursor(self.asked)

    def fetch_df_batches(self, statement: str, *, size: int) -> Iterator[Any]:
        assert size == 5
        for names in (["甲", None], []):  # the driver ends with an empty frame
            yield oracledb.from_arrow(pa.table({"N": pa.array(names, pa.large_string())}))
        raise oracledb.DatabaseError(_Told(1555, "ORA-01555", "snapshot too old"))

    def close(self) -> None:
        self.closed = True


def test_what_oracle_s_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    connection, given = Connection(), {}

    def connect(**options: Any) -> Connection:
        given.update(options)
        return connection

    monkeypatch.setattr(oracledb, "connect", connect)
    session = thin.OracleSession(ORACLE, seconds=7)
    assert {name: given[name] for name in ("host", "port", "service_name", "user", "password")} == {
        "host": "10.0.0.8", "port": 1522, "service_name": "SERVICE", "user": "u", "password": "p",
    }  # fmt: skip
    assert connection.call_timeout == 7_000
    schema = pa.schema([("name", pa.string())])
    frames = session.batches("SELECT n FROM t", schema, 5, 100)
    assert next(frames) == pa.RecordBatch.from_pydict({"name": ["甲", None]}, schema)
    with pytest.raises(RefusedError) as caught:
        next(frames)
    oracle = sessions.CAPABILITIES["oracle"]
    assert oracle.why(caught.value) == "stale"
    session.run("SET TRANSACTION READ ONLY")
    assert session.rows("SELECT a FROM t WHERE b = ? AND c = ?", ("x", "y")) == [("䶮",)]
    assert connection.asked[-1] == ("SELECT a FROM t WHERE b = :1 AND c = :2", ["x", "y"])
    session.close()
    assert connection.closed
    with pytest.raises(SourceUnreachableError) as gone:
        looks.inventory(ORACLE)
    assert gone.value.fields["reason"] == "table or columns gone"


def test_an_account_that_may_not_ask_about_itself_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    capability = sessions.CAPABILITIES["dameng"]
    refused: Any = RefusedError("42000", -5504, "no privilege on V$VERSION")
    server = Server({
        "SELECT UNISTR": [("䶮",)], capability.catalog.schemas: [("TAX", 3)], capability.catalog.account: refused,
    })  # fmt: skip
    monkeypatch.setattr(sessions, "signed_in", lambda *_: server)
    found = looks.account(SourceConfig("tax", "dameng", ORGANISATION, dsn="dameng://u:p@10.0.0.10"))
    assert (found["version"], found["schemas"], found["powerful"]) == ("达梦 DM", [("TAX", 3)], False)
