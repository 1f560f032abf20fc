from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from jutong.demo import databases
from jutong.demo.errors import DemoDatabaseError
from jutong.demo.registers import Register
from jutong.demo.stores import Stamp
from jutong.demo.stores.mysql import MysqlStore
from jutong.demo.stores.postgresql import PostgresStore
from jutong.demo.stores.sqlite import SqliteStore

STAMP = Stamp(0.5, 1)


def test_a_file_is_filled_whole_and_closed_for_writing(tmp_path: Path, registers: dict[str, Register]) -> None:
    store = SqliteStore(tmp_path / "金河" / "education.db")
    assert not store.stands(STAMP)
    store.load(registers["education-roll"], STAMP)
    assert store.stands(STAMP)
    assert not store.stands(Stamp(0.5, 2))
    assert not store.stands(Stamp(0.6, 1))
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o400
    assert [path.name for path in store.path.parent.iterdir()] == ["education.db"]
    with closing(sqlite3.connect(store.path)) as connection:
        count = connection.execute("SELECT count(*) FROM xj_xsxx").fetchone()[0]
        assert count == len(registers["education-roll"].contents[1][1])
        plan = connection.execute("EXPLAIN QUERY PLAN SELECT * FROM xj_xsxx WHERE xssfzh = '1'").fetchall()
        assert "INDEX xj_xsxx_xssfzh" in str(plan)
        (text,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'xj_xsxx'").fetchone()
        assert "-- 学生公民身份号码" in text
        born = connection.execute("SELECT csrq, typeof(csrq), date(csrq) FROM xj_xsxx LIMIT 1").fetchone()
        assert born[1] == "text"
        assert born[0] == born[2]


def test_a_file_is_replaced_when_made_anew(tmp_path: Path, registers: dict[str, Register]) -> None:
    store = SqliteStore(tmp_path / "market.db")
    store.path.write_bytes(b"no database at all, but long enough to be looked at")
    (tmp_path / "market.db.new").write_bytes(b"left behind by a kill")
    assert not store.stands(STAMP)
    store.load(registers["market-registration"], STAMP)
    assert store.stands(STAMP)
    store.load(registers["market-registration"], Stamp(0.5, 2))
    assert store.stands(Stamp(0.5, 2))


def test_addresses_for_readers() -> None:
    tcp = PostgresStore("postgresql://admin:x@127.0.0.1:5433/postgres", "demo", "reader", "p@ss/word")
    assert tcp.dsn == "postgresql://reader:p%40ss%2Fword@127.0.0.1:5433/demo"
    socket = PostgresStore("postgresql://admin:x@/postgres?host=%2Frun%2Fpg&port=5432", "demo", "reader", "p")
    assert socket.dsn == "postgresql://reader:p@/demo?host=%2Frun%2Fpg&port=5432"
    assert PostgresStore("host=::1 user=a", "d", "r", "p").dsn == "postgresql://r:p@[::1]:5432/d"
    assert "p@ss" not in repr(tcp)
    maria = MysqlStore("mysql://root:x@127.0.0.1/", "demo", "reader", "p")
    assert maria.dsn == "mysql://reader:p@127.0.0.1:3306/demo"


def test_passwords_are_drawn_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    first = databases._passwords(path)
    assert databases._passwords(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(set(first.values())) == 6
    path.write_text("half a fi", encoding="utf-8")
    assert set(databases._passwords(path)) == set(first)
    path.write_text(json.dumps({"police-population": "kept"}), encoding="utf-8")
    assert databases._passwords(path)["police-population"] == "kept"


def test_a_server_that_is_not_there_is_a_named_error_without_its_address(tmp_path: Path) -> None:
    with pytest.raises(DemoDatabaseError) as caught:
        databases.build("postgresql://admin:secret@127.0.0.1:1/postgres", tmp_path, scale=0.01)
    assert caught.value.fields["source"] == "police-population"
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.advise()
