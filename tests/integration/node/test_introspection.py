from __future__ import annotations

import socket
from urllib.parse import quote

import psycopg
import pytest

from jutong.node import sources
from jutong.node.connectors import introspect
from jutong.node.connectors import mysql as mysql_connector
from jutong.node.connectors import postgresql as postgresql_connector
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.plugins.mariadb import MariaDB

PASSWORD = "inventory-password"


@pytest.fixture
def civil(registry_server: Postgres) -> SourceConfig:
    dsn = registry_server.ensure_database("introspected", "introspect_owner", PASSWORD)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS civil CASCADE")
        connection.execute("CREATE SCHEMA civil")
        connection.execute(
            """
            CREATE DOMAIN civil.idno AS char(18) NOT NULL;
            CREATE TABLE civil.person (
                id bigint, area text, name varchar(50) NOT NULL, idno civil.idno, income numeric(12, 2),
                gone int, at timestamptz(3), PRIMARY KEY (id, area)
            ) PARTITION BY LIST (area);
            CREATE TABLE civil.person_a PARTITION OF civil.person FOR VALUES IN ('a');
            ALTER TABLE civil.person DROP COLUMN gone;
            CREATE VIEW civil.adult AS SELECT id, name FROM civil.person;
            COMMENT ON TABLE civil.person IS '人口基础信息';
            COMMENT ON COLUMN civil.person.name IS '姓名';
            INSERT INTO civil.person SELECT g, 'a', 'x', '1', 1, now() FROM generate_series(1, 500) g;
            """
        )
        connection.execute("ANALYZE")
    return SourceConfig("civil", "postgresql", "X", dsn=dsn, schemas=("civil",))


def test_postgresql_is_described(civil: SourceConfig) -> None:
    adult, person = introspect.inventory(civil)
    assert (person.schema_name, person.name, person.comment, person.row_estimate) == (
        "civil", "person", "人口基础信息", 500,
    )  # fmt: skip
    assert [(c.name, c.type, c.nullable, c.comment, c.key) for c in person.columns] == [
        ("id", "bigint", False, "", True),
        ("area", "text", False, "", True),
        ("name", "character varying(50)", False, "姓名", False),
        ("idno", "character(18)", False, "", False),
        ("income", "numeric(12,2)", True, "", False),
        ("at", "timestamp(3) with time zone", True, "", False),
    ]
    assert [c.name for c in adult.columns] == ["id", "name"]


def test_only_what_the_account_may_read_is_listed(registry_server: Postgres, civil: SourceConfig) -> None:
    registry_server.ensure_role("half_reader", PASSWORD)
    with psycopg.connect(civil.dsn, autocommit=True) as connection:
        connection.execute("GRANT CONNECT ON DATABASE introspected TO half_reader")
        connection.execute("GRANT USAGE ON SCHEMA civil TO half_reader")
        connection.execute("GRANT SELECT (id, name) ON civil.person TO half_reader")
    reader = SourceConfig(
        "half", "postgresql", "X", dsn=registry_server.address("introspected", "half_reader", PASSWORD)
    )
    (person,) = introspect.inventory(reader)
    assert [column.name for column in person.columns] == ["id", "name"]


def test_postgresql_is_read_only_and_has_a_deadline(civil: SourceConfig) -> None:
    with postgresql_connector.session(civil) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM civil.person")
    with (
        pytest.raises(SourceUnreachableError) as caught,
        postgresql_connector.session(civil, seconds=1) as connection,
    ):
        connection.execute("SELECT pg_sleep(30)")
    assert caught.value.fields["reason"] == "timed out"


def test_postgresql_problems_are_named_without_secrets(registry_server: Postgres, civil: SourceConfig) -> None:
    assert sources.check(civil) == ""
    wrong = registry_server.address("introspected", "introspect_owner", "hunter2")
    problem = sources.check(SourceConfig("c", "postgresql", "X", dsn=wrong))
    assert "sign-in refused" in problem
    assert "hunter2" not in problem
    absent = registry_server.address("no_such_database", "introspect_owner", PASSWORD)
    assert "no such role or database" in sources.check(SourceConfig("c", "postgresql", "X", dsn=absent))
    gone = f"postgresql://u:p@127.0.0.1:{free_port()}/d"
    assert "connection refused" in sources.check(SourceConfig("c", "postgresql", "X", dsn=gone))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def housing(mariadb: MariaDB) -> SourceConfig:
    name = mariadb.create_database("introspected")
    with mariadb.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE flat (id BIGINT UNSIGNED PRIMARY KEY, owner VARCHAR(50) NOT NULL COMMENT '权利人',"
            " area DECIMAL(10,2), kind ENUM('住宅','商铺')) COMMENT '不动产登记'"
        )
        cursor.execute("INSERT INTO flat VALUES (1, '甲', 88.50, '住宅')")
        cursor.execute("CREATE VIEW big AS SELECT id FROM flat")
        cursor.execute("CREATE OR REPLACE USER 'flat''reader'@'%' IDENTIFIED BY 'p@ss/word'")
        cursor.execute(f"GRANT SELECT ON {name}.* TO 'flat''reader'@'%'")
    return mysql_source(mariadb, "flat'reader", "p@ss/word")


def mysql_source(server: MariaDB, user: str, password: str, database: str = "introspected") -> SourceConfig:
    dsn = f"mysql://{quote(user, safe='')}:{quote(password, safe='')}@{server.host}:{server.port}/{database}"
    return SourceConfig("housing", "mysql", "X", dsn=dsn)


@pytest.mark.mariadb
def test_mariadb_is_described(housing: SourceConfig) -> None:
    big, flat = introspect.inventory(housing)
    assert (flat.schema_name, flat.name, flat.comment) == ("introspected", "flat", "不动产登记")
    assert [(c.name, c.type, c.nullable, c.comment, c.key) for c in flat.columns] == [
        ("id", "bigint(20) unsigned", False, "", True),
        ("owner", "varchar(50)", False, "权利人", False),
        ("area", "decimal(10,2)", True, "", False),
        ("kind", "enum('住宅','商铺')", True, "", False),
    ]
    assert (big.comment, big.row_estimate) == ("", -1)


@pytest.mark.mariadb
def test_mariadb_is_read_only_and_has_a_deadline(housing: SourceConfig, mariadb: MariaDB) -> None:
    admin = mysql_source(mariadb, "root", "")
    with (
        pytest.raises(SourceUnreachableError),
        mysql_connector.session(admin) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM flat")
    with (
        pytest.raises(SourceUnreachableError) as caught,
        mysql_connector.session(housing, seconds=1) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT SLEEP(30)")
    assert caught.value.fields["reason"] == "timed out"


@pytest.mark.mariadb
def test_mariadb_problems_are_named_without_secrets(housing: SourceConfig, mariadb: MariaDB) -> None:
    assert sources.check(housing) == ""
    problem = sources.check(mysql_source(mariadb, "flat'reader", "hunter2"))
    assert "sign-in refused" in problem
    assert "hunter2" not in problem
    assert "no such database" in sources.check(mysql_source(mariadb, "root", "", "absent"))
    gone = SourceConfig("g", "mysql", "X", dsn=f"mysql://u:p@127.0.0.1:{free_port()}/d")
    assert "connection refused" in sources.check(gone)
