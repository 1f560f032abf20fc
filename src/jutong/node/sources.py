"""What this node stands beside, from ``$JUTONG_HOME/node/sources.json``: databases, folders, and doors it may knock at.

The file holds read-only passwords, so it is refused when anybody but its owner may read or change it, and no
message made here repeats an address or a password.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.kernel.errors import JutongError
from jutong.node.connectors.errors import SourcesExposedError, SourcesFileError, SourceUnknownError
from jutong.node.files.elsewhere import Store
from jutong.node.files.mapping import FileTables, is_folder
from jutong.node.mapped import Service
from jutong.node.peers import Peer
from jutong.node.queues.mapping import Streams

Dialect = Literal["postgresql", "sqlite", "mysql"]
"""``mysql`` serves MariaDB as well: one protocol."""
Kind = Literal[
    "postgresql", "sqlite", "mysql", "rest", "library", "files", "endpoints", "jutong", "nats", "oracle", "mssql",
    "dameng", "kingbase", "odbc",
]  # fmt: skip
"""A database by its dialect, a mapped REST service, tables of the library, a folder of files, or a list of host and
port pairs the node may probe."""
DIALECTS: tuple[str, ...] = get_args(Kind)

Mapped = TypeVar("Mapped", bound=Document)

WRITABLE: tuple[str, ...] = ("postgresql", "mysql", "files", "nats")
"""What moves may fill where the node's operator allows it."""

FILE = "node/sources.json"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_ORGANISATION = re.compile(r"[0-9A-Z]{1,18}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]):[1-9][0-9]{0,4}")
_FIELDS = {
    "name", "dialect", "organisation_code", "dsn", "path", "schemas", "hosts", "rest", "writes", "files", "zone",
    "peer", "nats", "store", "driver", "speaks",
}  # fmt: skip
UNIVERSAL = ("oracle", "mssql", "dameng", "kingbase", "odbc")
"""Databases read through a driver of their maker's; ``odbc`` is any other driver, for a product it ``speaks`` as."""
SPEAKS = ("postgresql", "mysql", "kingbase", "mssql", "dameng")
_DRIVER = re.compile(r"[\w ./+-]{1,200}")
_SCHEMES = {
    "postgresql": ("postgresql", "postgres"), "mysql": ("mysql", "mariadb"), "rest": ("https", "http"),
    "jutong": ("https", "http"), "nats": ("nats", "tls"), **{name: (name,) for name in UNIVERSAL},
}  # fmt: skip
MYSQL_PORT = 3306


@dataclass(frozen=True)
class SourceConfig:
    """One database, folder or list of doors of one department.

    ``dsn`` is an address ``postgresql://user:password@host:port/database`` or ``mysql://...``; ``path`` is the file
    of a SQLite database, or the folder below which files may be looked at. ``schemas`` narrows what is looked at
    (PostgreSQL); empty means all the account may read. ``hosts`` are the doors, ``host:port``, the node may knock
    at: whoever registers a service in the center cannot send the node anywhere else. A REST service has its address
    as ``dsn`` and its mapping as ``rest``; library tables have the library's folder as ``path``, and only the tables of
    ``organisation_code`` in it are seen. ``writes`` are the schemas of a database that moves may fill (of MariaDB the
    database itself, of files folders below theirs); none is listed unless the node's operator says so. ``files`` maps
    tables of a folder, if any, and ``store`` says where it is when it is not on this machine and has no ``path``.
    ``zone`` is what date and time without a zone are meant in, such as ``Asia/Shanghai``; they are moved as instants.
    Another Jutong node has its gateway's address as ``dsn`` and what its grants are to us as ``peer``; a NATS server
    the mapping of its streams as ``nats``, and as ``writes`` the streams moves may publish to.
    ``driver`` is the ODBC driver's registered name or its file, ``speaks`` the product a dialect ``odbc`` is asked as.
    """

    name: str
    dialect: Kind
    organisation_code: str
    dsn: str = field(default="", repr=False)
    path: Path | None = None
    schemas: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    rest: Service | None = None
    writes: tuple[str, ...] = ()
    files: FileTables | None = None
    zone: str = ""
    peer: Peer | None = None
    nats: Streams | None = None
    driver: str = ""
    speaks: str = ""
    store: Store | None = None

    @property
    def streams(self) -> Streams:
        """The mapping of a message server's streams, which has none where it is only written to."""
        return self.nats or Streams()

    @property
    def peer_node(self) -> Peer:
        """The mapping of another Jutong node.

        Raises:
            ValueError: for a source that is none.
        """
        if self.peer is None:
            raise ValueError(f"source {self.name} is no other node")
        return self.peer

    @property
    def service(self) -> Service:
        """The mapping of a REST service.

        Raises:
            ValueError: for a source that is none.
        """
        if self.rest is None:
            raise ValueError(f"source {self.name} is no service")
        return self.rest

    @property
    def file(self) -> Path:
        """The SQLite file, or the folder.

        Raises:
            ValueError: for a source that is no file.
        """
        if self.path is None:
            raise ValueError(f"source {self.name} is not a file")
        return self.path

    def mysql_options(self) -> dict[str, Any]:
        """Return host, port, user, password and database of the address, as drivers name them."""
        parts = urlsplit(self.dsn)
        return {
            "host": parts.hostname or "127.0.0.1",
            "port": parts.port or MYSQL_PORT,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": unquote(parts.path.lstrip("/")),
        }


def load(path: Path) -> dict[str, SourceConfig]:
    """Read the sources of a node by name; a missing file means none.

    Raises:
        SourcesExposedError: when the file is open to group or others.
        SourcesFileError: when it is no list of well-formed sources.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SourcesFileError(path=str(path), reason=error.strerror or "unreadable") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise SourcesFileError(path=str(path), reason="not a file")
    with os.fdopen(descriptor, "rb") as stream:
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SourcesExposedError(path=str(path), found=f"{stat.S_IMODE(mode):04o}")
        rows = _rows(stream.read(), path)
    sources: dict[str, SourceConfig] = {}
    for number, row in enumerate(rows, start=1):
        source = _source(row, number, path)
        if source.name in sources:
            raise SourcesFileError(path=str(path), reason=f"row {number}: the name {source.name} is taken")
        sources[source.name] = source
    return sources


def pick(sources: Mapping[str, SourceConfig], name: str) -> SourceConfig:
    """Return the source of this name.

    Raises:
        SourceUnknownError: when there is none.
    """
    if name not in sources:
        raise SourceUnknownError(source=name, configured="、".join(sorted(sources)) or "-")
    return sources[name]


def as_row(source: SourceConfig) -> dict[str, Any]:
    """Return a source as JSON values, for another process of this node."""
    row = {name: getattr(source, name) for name in source.__dataclass_fields__}
    for name, _ in _MAPPINGS:
        row[name] = row[name].model_dump(mode="json") if row[name] else None
    return {**row, "path": str(source.path) if source.path else None}


def from_row(row: Mapping[str, Any]) -> SourceConfig:
    """Return the source that ``as_row`` took apart."""
    mapped = {name: kind.model_validate(row[name], strict=False) if row[name] else None for name, kind in _MAPPINGS}
    listed = {name: tuple(row[name]) for name in ("schemas", "hosts", "writes")}
    return SourceConfig(**{**row, **listed, **mapped, "path": Path(row["path"]) if row["path"] else None})


_MAPPINGS: tuple[tuple[str, type[Service | FileTables | Peer | Store | Streams]], ...] = (
    ("rest", Service), ("files", FileTables), ("peer", Peer),
    ("store", Store), ("nats", Streams),
)  # fmt: skip


def check(source: SourceConfig) -> str:
    """Return what is wrong with the source right now, or an empty text. No address and no secret is in it."""
    # The drivers are heavy and only one of them is needed.
    from jutong.node.connectors.introspect import probe  # noqa: PLC0415

    try:
        probe(source)
    except JutongError as error:
        return error.explain()
    return ""


def _rows(content: bytes, path: Path) -> list[Any]:
    try:
        rows = json.loads(content)
    except ValueError as error:
        raise SourcesFileError(path=str(path), reason="not JSON") from error
    if not isinstance(rows, list):
        raise SourcesFileError(path=str(path), reason="not a list")
    return rows


def _source(row: Any, number: int, path: Path) -> SourceConfig:
    problem = _shape_problem(row) or _value_problem(row)
    if problem:
        raise SourcesFileError(path=str(path), reason=f"row {number}: {problem}")
    return SourceConfig(
        name=row["name"],
        dialect=row["dialect"],
        organisation_code=row["organisation_code"],
        dsn=row.get("dsn", ""),
        # A relative path is meant from the file that names it, not from where the node was started.
        path=path.parent.joinpath(row["path"]) if row.get("path") else None,
        schemas=tuple(row.get("schemas", ())),
        hosts=tuple(host.lower() for host in row.get("hosts", ())),
        rest=_mapping(Service, "rest", row["rest"], number, path) if "rest" in row else None,
        writes=tuple(row.get("writes", ())),
        zone=row.get("zone", ""),
        driver=row.get("driver", ""),
        speaks=row.get("speaks", ""),
        files=_mapping(FileTables, "files", row["files"], number, path) if "files" in row else None,
        nats=_beside(_mapping(Streams, "nats", row["nats"], number, path), path) if "nats" in row else None,
        peer=_beside(_mapping(Peer, "peer", row["peer"], number, path), path) if "peer" in row else None,
        store=_beside(_mapping(Store, "store", row["store"], number, path), path) if "store" in row else None,
    )


def _beside(mapping: Mapped, path: Path) -> Mapped:
    """Return a mapping with its files meant from the one that names them."""
    files = {name: str(path.parent / found) for name in ("key", "ca") if (found := getattr(mapping, name, ""))}
    return mapping.model_copy(update=files)


def _mapping(kind: type[Mapped], name: str, content: Any, number: int, path: Path) -> Mapped:
    try:
        return kind.model_validate_json(json.dumps(content))
    except ValidationError as error:
        # The mapping may hold credentials: of what is wrong only the place is told.
        wrong = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in (name, *wrong["loc"]))
        reason = f"row {number}: {place}: {wrong['msg']}"
        raise SourcesFileError(path=str(path), reason=reason) from None


def _shape_problem(row: Any) -> str:
    if not isinstance(row, dict):
        return "not an object"
    if unknown := sorted(set(row) - _FIELDS):
        return f"unknown field {unknown[0]}"
    for name in ("name", "dialect", "organisation_code"):
        if not isinstance(row.get(name), str):
            return f"{name} is missing or no text"
    if not all(isinstance(row.get(name, ""), str) for name in ("dsn", "path", "zone", "driver", "speaks")):
        return "dsn, path, zone, driver and speaks are texts"
    for name in ("schemas", "hosts", "writes"):
        listed = row.get(name, [])
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            return f"{name} is a list of texts"
    return ""


def _value_problem(row: dict[str, Any]) -> str:
    if not _NAME.fullmatch(row["name"]):
        return f"name is {_NAME.pattern}"
    if not _ORGANISATION.fullmatch(row["organisation_code"]):
        return f"organisation_code is {_ORGANISATION.pattern}"
    if row["dialect"] not in DIALECTS:
        return f"dialect is one of {', '.join(DIALECTS)}"
    if row.get("writes") and (problem := _writes_problem(row)):
        return problem
    if row.get("zone") and row["zone"] not in available_timezones():
        return "zone is a name such as Asia/Shanghai"
    return _place_problem(row)


def _writes_problem(row: dict[str, Any]) -> str:
    if row["dialect"] not in WRITABLE:
        return f"only {', '.join(WRITABLE)} can be written to"
    if row["dialect"] == "files" and not all(is_folder(name) for name in row["writes"]):
        return "writes are folders below the path, . for itself"
    own = unquote(urlsplit(row.get("dsn", "")).path.lstrip("/")) if row["dialect"] == "mysql" else ""
    if own and row["writes"] != [own]:
        return "mysql writes into the database of its dsn and no other"
    return ""


def _place_problem(row: dict[str, Any]) -> str:
    if row["dialect"] == "endpoints":
        return _hosts_problem(row)
    if problem := _mapping_problem(row) or _driver_problem(row):
        return problem
    if "store" in row:
        plain = row["dialect"] == "files" and not row.get("path") and not row.get("dsn")
        return "" if plain else "a store takes the place of the path of files"
    if row["dialect"] in {"sqlite", "files", "library"}:
        return "" if row.get("path") and not row.get("dsn") else f"{row['dialect']} takes a path and no dsn"
    if row.get("path"):
        return f"{row['dialect']} takes a dsn and no path"
    return _address_problem(row["dialect"], row.get("dsn", ""))


def _driver_problem(row: dict[str, Any]) -> str:
    if "driver" in row and (row["dialect"] not in UNIVERSAL or not _DRIVER.fullmatch(row["driver"])):
        return "driver is the name or the file of an ODBC driver"
    if row["dialect"] == "odbc" and not (row.get("driver") and row.get("speaks") in SPEAKS):
        return f"odbc takes a driver, and speaks is one of {', '.join(SPEAKS)}"
    if row["dialect"] != "odbc" and "speaks" in row:
        return "speaks belongs to odbc"
    return ""


def _mapping_problem(row: dict[str, Any]) -> str:
    if row.get("hosts"):
        return "hosts belong to endpoints"
    if (row["dialect"] == "rest") != ("rest" in row):
        return "a REST service has a mapping rest, and nothing else has"
    if (row["dialect"] == "jutong") != ("peer" in row):
        return "another Jutong node has a mapping peer, and nothing else has"
    if "nats" in row and row["dialect"] != "nats":
        return "only a message server has a mapping nats"
    if "files" in row and row["dialect"] != "files":
        return "only a folder has a mapping files"
    return ""


def _hosts_problem(row: dict[str, Any]) -> str:
    if row.get("dsn") or row.get("path") or not row.get("hosts"):
        return "endpoints takes hosts and nothing else"
    if wrong := next((host for host in row["hosts"] if not _HOST.fullmatch(host.lower())), ""):
        return f"{wrong} is not host:port"
    return ""


def _address_problem(dialect: str, dsn: str) -> str:
    # The address is never repeated: it holds the password.
    try:
        parts = urlsplit(dsn)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        return "dsn is no address"
    if dialect == "nats":
        plain = parts.hostname and port_ok and not (parts.path.strip("/") or parts.query or parts.fragment)
        return "" if parts.scheme in _SCHEMES[dialect] and plain else "dsn is nats://user:password@host:port"
    if dialect in {"rest", "jutong"}:
        plain = parts.hostname and port_ok and not (parts.username or parts.password or parts.query or parts.fragment)
        return "" if parts.scheme in _SCHEMES[dialect] and plain else "dsn is https://host:port/path"
    placed = parts.path.strip("/") or dialect == "dameng"  # whose servers have one database each
    if parts.scheme not in _SCHEMES[dialect] or not placed or not port_ok:
        return f"dsn is {_SCHEMES[dialect][0]}://user:password@host:port/database"
    return ""
