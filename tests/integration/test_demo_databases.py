"""The departments' databases as the node meets them: complete, commented, readable and nothing else."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pymysql
import pytest

from jutong.demo import library_store
from jutong.demo.cases import SCHOOL_FAMILY
from jutong.demo.city import department
from jutong.demo.databases import SourceConfig, build
from jutong.demo.registers import land
from jutong.demo.stores.mysql import MysqlStore
from jutong.node.sources import SourceConfig as NodeSource
from jutong.runtime.postgres import SUPERUSER, Postgres

if TYPE_CHECKING:
    from tests.plugins.mariadb import MariaDB

SCALE = 0.02
Sources = dict[str, SourceConfig]


@pytest.fixture(scope="module")
def admin_dsn(registry_server: Postgres) -> Iterator[str]:
    """An account like one an operator grants on an external server: it may create databases and roles, no more."""
    super_dsn = registry_server.address(
        "postgres", SUPERUSER, registry_server.home.secret("registry-superuser.password")
    )
    with psycopg.connect(super_dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE demo_operator LOGIN CREATEDB CREATEROLE PASSWORD 'operator'")
    yield registry_server.address("postgres", "demo_operator", "operator")
    with psycopg.connect(super_dsn, autocommit=True) as connection:
        for name in ("police_population", "civil_affairs"):
            connection.execute(f"DROP DATABASE IF EXISTS it_demo_{name} WITH (FORCE)")
            connection.execute(f"DROP ROLE IF EXISTS it_demo_{name}_reader")
        connection.execute("DROP DATABASE IF EXISTS it_demo_library_copies WITH (FORCE)")
        connection.execute("DROP ROLE IF EXISTS it_demo_library_copies_owner")
        connection.execute("DROP ROLE demo_operator")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def sources(admin_dsn: str, folder: Path) -> Sources:
    made = build(admin_dsn, Path(os.path.relpath(folder)), scale=SCALE, prefix="it_demo")
    return {source.name: source for source in made}


def counted(source: SourceConfig, table: str) -> int:
    if source.path:
        with closing(sqlite3.connect(f"file:{source.path}?mode=ro", uri=True)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    with psycopg.connect(source.dsn) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert row
        return int(row[0])


def test_two_stand_on_postgresql_and_the_rest_needs_no_server(sources: Sources) -> None:
    dialects = {name: source.dialect for name, source in sources.items()}
    assert dialects == {
        "police-population": "postgresql",
        "civil-affairs": "postgresql",
        "land-estate": "sqlite",
        "market-registration": "sqlite",
        "education-roll": "sqlite",
        "labour-insurance": "sqlite",
    }
    for source in sources.values():
        assert source.organisation_code == department(source.organisation_key).code
        assert "postgresql://" not in repr(source)


def test_the_school_familys_facts_are_found_by_key(sources: Sources) -> None:
    child = SCHOOL_FAMILY.child
    with psycopg.connect(sources["police-population"].dsn) as connection:
        row = connection.execute(
            "SELECT xm, hh, hjdz, csrq, hjqhdm FROM rk_czrk WHERE gmsfhm = %s", (child.number,)
        ).fetchone()
        assert row == (
            child.name,
            SCHOOL_FAMILY.household.number,
            SCHOOL_FAMILY.household.address.text,
            child.born,
            "629902",
        )
    with closing(sqlite3.connect(f"file:{sources['land-estate'].path}?mode=ro", uri=True)) as connection:
        found = connection.execute("SELECT zl FROM bdc_djxx WHERE qlrzjh = ?", (SCHOOL_FAMILY.father.number,))
        assert found.fetchall() == [(SCHOOL_FAMILY.household.address.text,)]


def test_tables_have_chinese_comments_keys_and_indexes(sources: Sources) -> None:
    with psycopg.connect(sources["civil-affairs"].dsn) as connection:
        comment = connection.execute("SELECT obj_description('shjz_dbdx'::regclass)").fetchone()
        assert comment == ("最低生活保障对象信息",)
        column = connection.execute("SELECT col_description('shjz_dbdx'::regclass, 3)").fetchone()
        assert column == ("公民身份号码",)
        indexes = connection.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'shjz_dbdx'").fetchall()
        assert {"shjz_dbdx_pkey", "shjz_dbdx_sfzh", "shjz_dbdx_jtbh"} == {row[0] for row in indexes}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO rk_hjxx (hh, hlb, hzxm, gxsj) VALUES ('1', '1', 'x', now())",
        "UPDATE rk_czrk SET xm = 'x'",
        "DELETE FROM rk_hcy",
        "TRUNCATE rk_hcy",
        "DROP TABLE rk_hcy",
        "CREATE TABLE mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
        "CREATE ROLE other",
    ],
)
def test_the_reader_cannot_write_even_when_it_asks_for_it(sources: Sources, statement: str) -> None:
    with psycopg.connect(sources["police-population"].dsn, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_a_reader_sees_its_own_database_only(sources: Sources) -> None:
    other = sources["police-population"].dsn.replace("it_demo_police_population?", "it_demo_civil_affairs?")
    assert other != sources["police-population"].dsn
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(other)


def test_a_file_opened_as_the_node_does_refuses_writes(sources: Sources) -> None:
    uri = f"file:{sources['market-registration'].path}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM qy_jbxx")


def test_what_stands_is_left_alone_and_another_seed_replaces_it(sources: Sources, admin_dsn: str, folder: Path) -> None:
    path = sources["labour-insurance"].path
    assert path
    assert path.is_absolute()
    before = path.stat().st_mtime_ns, path.stat().st_ino
    with psycopg.connect(sources["police-population"].dsn) as connection:
        file = connection.execute("SELECT pg_relation_filenode('rk_czrk')").fetchone()
        again = build(admin_dsn, folder, scale=SCALE, prefix="it_demo")
        assert connection.execute("SELECT pg_relation_filenode('rk_czrk')").fetchone() == file
    assert [source.name for source in again] == list(sources)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    count = counted(sources["police-population"], "rk_czrk")
    build(admin_dsn, folder, scale=SCALE * 2, prefix="it_demo")
    assert counted(sources["police-population"], "rk_czrk") > 1.5 * count
    assert path.stat().st_ino != before[1]
    build(admin_dsn, folder, scale=SCALE, prefix="it_demo")
    assert counted(sources["police-population"], "rk_czrk") == count


def test_the_node_can_look_at_every_source(sources: Sources) -> None:
    from jutong.node.connectors.introspect import inventory

    for source in sources.values():
        seen = NodeSource(source.name, source.dialect, source.organisation_code, source.dsn, source.path)
        tables = inventory(seen)
        assert tables
        assert all(any(column.key for column in table.columns) for table in tables)


@pytest.mark.mariadb
def test_the_estate_register_stands_on_mariadb_where_one_is_configured(
    mariadb: MariaDB, admin_dsn: str, folder: Path, sources: Sources
) -> None:
    dsn = f"mysql://{mariadb.user}:{mariadb.password}@{mariadb.host}:{mariadb.port}/"
    made = {row.name: row for row in build(admin_dsn, folder, scale=SCALE, prefix="it_demo", mysql_dsn=dsn)}
    source = made["land-estate"]
    assert source.dialect == "mysql"
    seen = NodeSource(source.name, source.dialect, source.organisation_code, source.dsn)
    options = seen.mysql_options() | {"charset": "utf8mb4"}
    with pymysql.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT zl, qlrmc, djsj FROM bdc_djxx WHERE qlrzjh = %s", (SCHOOL_FAMILY.father.number,))
        assert SCHOOL_FAMILY.estate
        expected = (SCHOOL_FAMILY.household.address.text, SCHOOL_FAMILY.father.name, SCHOOL_FAMILY.estate.on)
        assert cursor.fetchall() == (expected,)
        cursor.execute("SELECT count(*) FROM bdc_djxx")
        assert cursor.fetchone() == (counted(sources["land-estate"], "bdc_djxx"),)
        cursor.execute("SELECT table_comment FROM information_schema.tables WHERE table_name = 'bdc_djxx'")
        assert cursor.fetchone() == (land.ESTATES.comment,)
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() == (("bdc_djxx",), ("bdc_dyxx",))
        for statement in ("DELETE FROM bdc_djxx", "CREATE TABLE mine (a INT)", "SELECT * FROM demo_stamp"):
            with pytest.raises(pymysql.err.OperationalError, match="denied"):
                cursor.execute(statement)
    again = build(admin_dsn, folder, scale=SCALE, prefix="it_demo", mysql_dsn=dsn)
    assert again[2] == source
    with mariadb.connect("it_demo_land_estate") as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM demo_stamp")
    assert MysqlStore(dsn, "it_demo_land_estate", "it_demo_land_estate_reader", "x").dsn.startswith("mysql://")
    build(admin_dsn, folder, scale=SCALE, prefix="it_demo", mysql_dsn=dsn)
    with mariadb.connect("it_demo_land_estate") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM demo_stamp")
        assert cursor.fetchone() == (1,)


def test_the_database_for_copies_belongs_to_whoever_writes_them(admin_dsn: str, tmp_path: Path) -> None:
    row = library_store.source(admin_dsn, tmp_path, prefix="it_demo")
    assert library_store.source(admin_dsn, tmp_path, prefix="it_demo") == row
    assert (tmp_path / "library-copies.password").stat().st_mode & 0o777 == 0o600
    assert (row["writes"], row["schemas"]) == (["library"], ["library"])
    with psycopg.connect(row["dsn"], autocommit=True) as connection:
        connection.execute("CREATE SCHEMA library")
        connection.execute("CREATE TABLE library.rk_person (entity_id text PRIMARY KEY)")
