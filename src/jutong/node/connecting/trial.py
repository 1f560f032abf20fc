"""Signs in at a database somebody described; says in plain words what is wrong, or what the account may do there."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import psycopg
import pymysql
from pymysql.constants import CR, ER

from jutong.kernel.i18n import gettext_noop
from jutong.node.connecting.errors import ConnectFailedError
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS, LOOK_SECONDS
from jutong.node.sources import UNIVERSAL, SourceConfig
from jutong.node.universal import apart

Kind = Literal["postgresql", "mysql", "oracle", "mssql", "dameng", "kingbase"]
KINDS: dict[Kind, tuple[str, int]] = {
    "postgresql": ("PostgreSQL", 5432), "mysql": ("MariaDB / MySQL", 3306), "oracle": ("Oracle", 1521),
    "mssql": ("SQL Server", 1433), "dameng": ("达梦 DM", 5236), "kingbase": ("人大金仓 KingbaseES", 54321),
}  # fmt: skip
MOST_SCHEMAS = 200
_NO_HOST_RIGHT = 1130
"""MySQL: this client's address may not connect at all."""


@dataclass(frozen=True)
class Door:
    """A database as somebody described it. ``address`` is what its host was found to be, and was allowed.

    ``driver`` and ``options`` are what an operator wrote of a database of the universal lane.
    """

    kind: Kind
    host: str
    port: int
    address: str
    database: str
    user: str
    password: str = field(repr=False)
    driver: str = ""
    options: str = ""

    @property
    def dsn(self) -> str:
        """The address a source is configured with: it always leads to the checked machine."""
        user, password, database = (quote(text, safe="") for text in (self.user, self.password, self.database))
        host = self.host if self.kind == "postgresql" else self.address
        bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
        pinned = f"?hostaddr={quote(self.address, safe=':')}" if self.kind == "postgresql" else ""
        behind = pinned or (f"?{self.options}" if self.options else "")
        return f"{self.kind}://{user}:{password}@{bracketed}:{self.port}/{database}{behind}"


@dataclass(frozen=True)
class Schema:
    """A schema, how many tables and views of it the account may read, and whether moves may fill tables there."""

    name: str
    tables: int
    may_create: bool


@dataclass(frozen=True)
class Trial:
    """What was found. ``writable`` counts tables the account may change; ``powerful`` is an account without limits."""

    version: str
    schemas: tuple[Schema, ...]
    writable: int
    powerful: bool
    replica: bool
    notes: tuple[str, ...] = ()
    """What is peculiar to the product; sentences to translate."""


_PROBLEMS: dict[str, tuple[str, str]] = {
    "refused": (
        gettext_noop("{door} 上没有程序在听"),
        gettext_noop("核对端口，确认数据库已启动、并且监听内网地址而不只是它自己（listen_addresses或bind-address）"),
    ),
    "silent": (
        gettext_noop("{door} 一直没有应答"),
        gettext_noop("网络管理员放行从本节点到 {door} 的访问，多半是防火墙拦下了"),
    ),
    "unreachable": (gettext_noop("从本节点到不了 {host}"), gettext_noop("核对地址，并请网络管理员检查路由")),
    "stranger": (
        gettext_noop("{door} 上应答的不是{kind}"),
        gettext_noop("核对端口，或返回上一步换一种数据库"),
    ),
    "signin": (gettext_noop("数据库不接受这个用户名或口令"), gettext_noop("核对用户名和口令，注意大小写和首尾空格")),
    "barred": (
        gettext_noop("数据库不允许这个账号从本节点登录"),
        gettext_noop("数据库管理员放行本节点的地址（pg_hba.conf，或账号的“主机”一栏）"),
    ),
    "database": (gettext_noop("没有名为“{database}”的数据库，或账号无权进入"), gettext_noop("核对数据库名称")),
    "full": (gettext_noop("数据库的连接数已满"), gettext_noop("数据库管理员释放连接或提高上限后再试")),
    "lost": (gettext_noop("连接中断（{detail}）"), gettext_noop("数据库管理员查看数据库日志里同一时刻的记录")),
}
_PG_SIGNS = (
    ("pg_hba.conf", "barred"),
    ("authentication failed", "signin"),
    ("no password supplied", "signin"),
    ('role "', "signin"),
    ('database "', "database"),
    ("too many", "full"),
    ("remaining connection slots", "full"),
    ("timeout expired", "silent"),
    ("invalid response", "stranger"),
    ("expected authentication request", "stranger"),
    ("SSL negotiation", "stranger"),
    ("server closed the connection", "stranger"),
)
_MYSQL_NUMBERS = {
    ER.ACCESS_DENIED_ERROR: "signin",
    ER.DBACCESS_DENIED_ERROR: "database",
    ER.BAD_DB_ERROR: "database",
    ER.CON_COUNT_ERROR: "full",
    _NO_HOST_RIGHT: "barred",
    CR.CR_SERVER_LOST: "stranger",
    CR.CR_CONN_HOST_ERROR: "stranger",
}


def _failed(door: Door, which: str, detail: str = "") -> ConnectFailedError:
    problem, advice = _PROBLEMS[which]
    return ConnectFailedError(
        problem=problem, advice=advice, door=f"{door.host}:{door.port}", host=door.host, kind=KINDS[door.kind][0],
        database=door.database, detail=detail,
    )  # fmt: skip


def knock(door: Door) -> None:
    """Open and close a connection.

    Raises:
        ConnectFailedError: naming why there is none.
    """
    try:
        socket.create_connection((door.address, door.port), timeout=CONNECT_SECONDS).close()
    except TimeoutError as error:
        raise _failed(door, "silent") from error
    except ConnectionRefusedError as error:
        raise _failed(door, "refused") from error
    except OSError as error:
        far = error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
        raise _failed(door, "unreachable" if far else "lost", type(error).__name__) from error


def trial(door: Door) -> Trial:
    """Sign in, look around, leave. No row is read.

    Raises:
        ConnectFailedError: naming in plain words what is wrong and who can help.
    """
    knock(door)
    if door.kind in UNIVERSAL:
        return _universal(door)
    return _postgresql(door) if door.kind == "postgresql" else _mysql(door)


def _universal(door: Door) -> Trial:
    """Try a database of the universal lane; its driver is loaded in a process of its own."""
    source = SourceConfig(KINDS[door.kind][0], door.kind, "0", dsn=door.dsn, driver=door.driver)
    try:
        with apart.helper(source) as helper:
            found = helper.ask("account")
    except SourceUnreachableError as error:
        raise _failed(door, "lost", str(error.fields["reason"])) from error
    if why := found.get("refused"):
        # Somebody listens there, for the knock was answered; that is only not the product.
        which = {"refused": "stranger", "lost": "stranger"}.get(why, why)
        raise _failed(door, which if which in _PROBLEMS else "lost", found["detail"])
    schemas = tuple(Schema(name, tables, may_create=False) for name, tables in found["schemas"][:MOST_SCHEMAS])
    return Trial(
        _short(found["version"]), schemas, found["writable"], found["powerful"], found["replica"],
        tuple(found["notes"]),
    )  # fmt: skip


_PG_SCHEMAS = """
SELECT n.nspname,
       count(c.oid) FILTER (WHERE has_table_privilege(c.oid, 'SELECT')
                               OR has_any_column_privilege(c.oid, 'SELECT')),
       has_schema_privilege(n.oid, 'CREATE'),
       count(c.oid) FILTER (WHERE has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
  FROM pg_namespace n
  LEFT JOIN pg_class c
    ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
 WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND has_schema_privilege(n.oid, 'USAGE')
 GROUP BY n.oid, n.nspname ORDER BY n.nspname LIMIT 200
"""
_PG_ACCOUNT = "SELECT rolsuper, pg_is_in_recovery(), version() FROM pg_roles WHERE rolname = current_user"


def _postgresql(door: Door) -> Trial:
    try:
        with psycopg.connect(
            door.dsn,
            connect_timeout=CONNECT_SECONDS,
            application_name="jutong",
            options=f"-c default_transaction_read_only=on -c statement_timeout={LOOK_SECONDS * 1000}",
        ) as connection:
            account = connection.execute(_PG_ACCOUNT).fetchone()
            rows = connection.execute(_PG_SCHEMAS).fetchall()
    except psycopg.OperationalError as error:
        text = str(error)
        which = next((name for sign, name in _PG_SIGNS if sign in text), "lost")
        raise _failed(door, which, type(error).__name__) from error
    except psycopg.Error as error:
        raise _failed(door, "lost", error.sqlstate or type(error).__name__) from error
    powerful, replica, version = account or (False, False, "PostgreSQL")
    schemas = tuple(Schema(name, tables, may_create) for name, tables, may_create, _ in rows)
    return Trial(_short(version), schemas, sum(row[3] for row in rows), bool(powerful), bool(replica))


_MYSQL_LOOK = """
SELECT (SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()),
       (SELECT count(*) FROM information_schema.SCHEMA_PRIVILEGES
         WHERE TABLE_SCHEMA = DATABASE() AND PRIVILEGE_TYPE IN ('INSERT', 'UPDATE', 'DELETE', 'DROP'))
       + (SELECT count(*) FROM information_schema.TABLE_PRIVILEGES
           WHERE TABLE_SCHEMA = DATABASE() AND PRIVILEGE_TYPE IN ('INSERT', 'UPDATE', 'DELETE', 'DROP')),
       (SELECT count(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE IN ('SUPER', 'INSERT', 'FILE')),
       @@global.read_only, version(), DATABASE(),
       (SELECT count(DISTINCT PRIVILEGE_TYPE) FROM
          (SELECT PRIVILEGE_TYPE, GRANTEE FROM information_schema.SCHEMA_PRIVILEGES WHERE DATABASE() LIKE TABLE_SCHEMA
           UNION ALL SELECT PRIVILEGE_TYPE, GRANTEE FROM information_schema.USER_PRIVILEGES) mine
         WHERE GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')
           AND PRIVILEGE_TYPE IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')) = 4
"""


def _mysql(door: Door) -> Trial:
    with _mysql_session(door) as connection, connection.cursor() as cursor:
        cursor.execute(_MYSQL_LOOK)
        tables, writable, powerful, read_only, version, database, fills = cursor.fetchone() or (
            0, 0, 0, 0, "", "", 0,
        )  # fmt: skip
    schemas = (Schema(str(database), int(tables), may_create=bool(fills)),)
    return Trial(_short(f"MySQL {version}"), schemas, int(writable), bool(powerful), bool(read_only))


@contextmanager
def _mysql_session(door: Door) -> Iterator[Any]:
    try:
        connection: Any = pymysql.connect(
            host=door.address, port=door.port, user=door.user, password=door.password, database=door.database,
            charset="utf8mb4", connect_timeout=CONNECT_SECONDS, read_timeout=LOOK_SECONDS, write_timeout=LOOK_SECONDS,
            autocommit=True, init_command="SET SESSION TRANSACTION READ ONLY", program_name="jutong",
        )  # fmt: skip
        with connection:
            yield connection
    except (pymysql.err.MySQLError, struct.error, OSError, IndexError, AssertionError) as error:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        if isinstance(error, pymysql.err.OperationalError) and "timed out" in str(error):
            raise _failed(door, "silent") from error
        which = "stranger" if not number else _MYSQL_NUMBERS.get(number, "lost")
        raise _failed(door, which, str(number)) from error


def _short(version: str) -> str:
    return " ".join(version.split()[:2])[:60]
