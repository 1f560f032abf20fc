"""From a source's address to what a driver is told; which of a product's ODBC drivers this machine has."""

from __future__ import annotations

import os
from configparser import ConfigParser
from configparser import Error as ParseError
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from jutong.node.drivers import DriverMissingError
from jutong.node.sources import SourceConfig

DRIVERS: dict[str, tuple[str, ...]] = {
    "mssql": ("ODBC Driver 18 for SQL Server", "ODBC Driver 17 for SQL Server", "FreeTDS"),
    "dameng": ("DM8 ODBC DRIVER", "DM8 ODBC Driver", "DM ODBC DRIVER"),
    "kingbase": ("KingbaseES ODBC Driver", "KingbaseES Unicode", "Kingbase ODBC Driver", "PostgreSQL Unicode"),
    "postgresql": ("PostgreSQL Unicode",),
    "mysql": ("MariaDB Unicode", "MySQL ODBC 9.0 Unicode Driver", "MySQL ODBC 8.0 Unicode Driver"),
}
"""Names under which each product's driver is usually registered, the best first."""

OPTIONS = {
    "encrypt", "trustservercertificate", "hostnameincertificate", "servercertificate", "sslmode", "clientcharset",
    "tds_version", "char_code",
}  # fmt: skip
"""What the query of an address may set; nothing that leads elsewhere or writes a file."""

FETCH_ROWS = 4_096
"""Rows a driver of PostgreSQL's family holds at once."""

# Lengths the server does not declare are unknown: then we say how long a value may be, from having asked.
_POSTGRESQL = {
    "UseDeclareFetch": "1", "Fetch": str(FETCH_ROWS), "MaxVarcharSize": "0", "MaxLongVarcharSize": "0",
    "TextAsLongVarchar": "1", "UnknownsAsLongVarchar": "1", "ByteaAsLongVarBinary": "1", "ApplicationName": "jutong",
    "KeepaliveTime": "30", "KeepaliveInterval": "10",
}  # fmt: skip
_FIXED: dict[str, dict[str, str]] = {
    "postgresql": _POSTGRESQL,
    "kingbase": _POSTGRESQL,
    "mysql": {"CHARSET": "utf8mb4", "NO_CACHE": "1", "FORWARDONLY": "1"},
    "mssql": {"Encrypt": "yes", "TrustServerCertificate": "yes", "APP": "jutong"},
    "freetds": {"TDS_Version": "7.4", "ClientCharset": "UTF-8", "APP": "jutong"},
    "dameng": {},
}


def registered() -> set[str]:
    """Return the names of the ODBC drivers this machine knows."""
    folder = os.environ.get("ODBCSYSINI", "/etc")
    file = os.environ.get("ODBCINSTINI", "odbcinst.ini")
    found = ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        found.read(Path(folder) / file, encoding="utf-8")
    except (ParseError, UnicodeDecodeError):
        return set()
    return set(found.sections()) - {"ODBC", "ODBC Drivers"}


def driver_of(source: SourceConfig) -> str:
    """Return the name or path of the ODBC driver a source is reached through.

    Raises:
        DriverMissingError: when this machine has none for it.
    """
    if source.driver:
        return source.driver
    known, usual = registered(), DRIVERS.get(source.speaks or source.dialect, ())
    for name in usual:
        if name in known:
            return name
    # The product's name is told by its dialect; the way out names what the lookup is for.
    raise DriverMissingError(
        source=source.name, driver=f"ODBC {source.dialect}", way=f"odbcinst.ini: {' / '.join(usual) or 'driver'}"
    )


def connection_text(source: SourceConfig) -> str:
    """Return what the driver manager is told, without user and password.

    Raises:
        DriverMissingError: as ``driver_of`` does.
    """
    parts = urlsplit(source.dsn)
    product, driver = source.speaks or source.dialect, driver_of(source)
    free = product == "mssql" and ("freetds" in driver.lower() or "tdsodbc" in driver.lower())
    host, port = parts.hostname or "", str(parts.port or PORTS[product])
    told = {"Driver": driver, **_FIXED["freetds" if free else product]}
    if product == "mssql" and not free:
        told["Server"] = f"tcp:{host},{port}"
    else:
        told |= {"Server": host, "TCP_PORT" if product == "dameng" else "Port": port}
    if product != "dameng":
        told["Database"] = unquote(parts.path.lstrip("/"))
    lower = {name.lower(): name for name in told}
    for name, value in parse_qsl(parts.query):
        if name.lower() in OPTIONS:
            told[lower.get(name.lower(), name)] = value
    return "".join(f"{name}={_braced(value)};" for name, value in told.items())


PORTS = {"mssql": 1433, "dameng": 5236, "kingbase": 54321, "postgresql": 5432, "mysql": 3306, "oracle": 1521}


def _braced(value: str) -> str:
    plain = value.replace(".", "").replace("-", "").replace("_", "").replace(":", "").replace(",", "")
    return value if plain.isalnum() and plain.isascii() else "{" + value.replace("}", "}}") + "}"
