"""The databases this node stands beside, from ``$JUTONG_HOME/node/sources.json``.

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
from typing import Any, Literal, get_args
from urllib.parse import unquote, urlsplit

from jutong.kernel.errors import JutongError
from jutong.node.connectors.errors import SourcesExposedError, SourcesFileError, SourceUnknownError

Dialect = Literal["postgresql", "sqlite", "mysql"]
DIALECTS: tuple[str, ...] = get_args(Dialect)
"""``mysql`` serves MariaDB as well: one protocol."""

FILE = "node/sources.json"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_ORGANISATION = re.compile(r"[0-9A-Z]{1,18}")
_FIELDS = {"name", "dialect", "organisation_code", "dsn", "path", "schemas"}
_SCHEMES = {"postgresql": ("postgresql", "postgres"), "mysql": ("mysql", "mariadb")}
MYSQL_PORT = 3306


@dataclass(frozen=True)
class SourceConfig:
    """One database of one department.

    ``dsn`` is an address ``postgresql://user:password@host:port/database`` or ``mysql://...``; ``path`` is the file
    of a SQLite database. ``schemas`` narrows what is looked at (PostgreSQL); empty means all the account may read.
    """

    name: str
    dialect: Dialect
    organisation_code: str
    dsn: str = field(default="", repr=False)
    path: Path | None = None
    schemas: tuple[str, ...] = ()

    @property
    def file(self) -> Path:
        """The SQLite file.

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
    )


def _shape_problem(row: Any) -> str:
    if not isinstance(row, dict):
        return "not an object"
    if unknown := sorted(set(row) - _FIELDS):
        return f"unknown field {unknown[0]}"
    for name in ("name", "dialect", "organisation_code"):
        if not isinstance(row.get(name), str):
            return f"{name} is missing or no text"
    if not all(isinstance(row.get(name, ""), str) for name in ("dsn", "path")):
        return "dsn and path are texts"
    schemas = row.get("schemas", [])
    if not isinstance(schemas, list) or not all(isinstance(schema, str) for schema in schemas):
        return "schemas is a list of texts"
    return ""


def _value_problem(row: dict[str, Any]) -> str:
    if not _NAME.fullmatch(row["name"]):
        return f"name is {_NAME.pattern}"
    if not _ORGANISATION.fullmatch(row["organisation_code"]):
        return f"organisation_code is {_ORGANISATION.pattern}"
    if row["dialect"] not in DIALECTS:
        return f"dialect is one of {', '.join(DIALECTS)}"
    if row["dialect"] == "sqlite":
        return "" if row.get("path") and not row.get("dsn") else "sqlite takes a path and no dsn"
    if row.get("path"):
        return f"{row['dialect']} takes a dsn and no path"
    return _address_problem(row["dialect"], row.get("dsn", ""))


def _address_problem(dialect: str, dsn: str) -> str:
    # The address is never repeated: it holds the password.
    try:
        parts = urlsplit(dsn)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        return "dsn is no address"
    if parts.scheme not in _SCHEMES[dialect] or not parts.path.strip("/") or not port_ok:
        return f"dsn is {_SCHEMES[dialect][0]}://user:password@host:port/database"
    return ""
