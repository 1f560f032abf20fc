"""Every setting as one typed tree. The docstring under a field is its documentation (`docs/operator`).

Values come from the environment: ``JUTONG_`` plus the upper-case field name. A wrong value is an error that says
what was read, where from and what is allowed.
"""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop

PREFIX = "JUTONG_"
FOR_TESTS = "JUTONG_TEST_"
"""Names the test suite keeps for itself; they are no settings."""
ROLES = ("all", "center", "node")


class SettingError(JutongError):
    """A setting has a value it cannot have."""

    code = "kernel.setting.invalid"
    http_status = 500
    message = gettext_noop("设置{name}的值“{found}”不对，允许：{allowed}。")
    next_step = gettext_noop("请改正环境变量{name}后重新启动。")


@dataclass(frozen=True)
class Settings:
    """What an operator may set for one instance."""

    home: Path = Path(".jutong")
    """Folder that holds everything this instance keeps: registry, evidence, library, keys, logs."""
    port: int = 8300
    """Port of the pages and the API on the listening address; the node's gateway takes the next one."""
    host: str = "127.0.0.1"
    """Listening address of pages and gateway."""
    role: str = "all"
    """What runs here: all, center or node."""
    database_url: str = ""
    """Registry on an external PostgreSQL 15 or newer (postgresql://user:password@host/name); empty: embedded."""
    center_url: str = ""
    """Where this node finds its center; empty: the center of the same instance."""
    gateway_url: str = ""
    """Address under which callers reach this instance's gateway; empty: http://host:port+1."""
    city: str = "金河市"
    """Name shown beside the brand."""
    demo: bool = False
    """Whether this instance holds the invented city; pages then carry the mark 演示."""
    language: str = "zh-hans"
    """Language of the command line and the default of pages: zh-hans or en."""
    secure_cookies: bool = False
    """Set when a TLS proxy stands in front: cookies are then sent over HTTPS only."""
    oidc_server: str = ""
    """Address of the unified sign-in service (OpenID Connect); empty: off."""
    oidc_client: str = ""
    """Client id at the unified sign-in service."""
    oidc_secret: str = ""
    """Client secret at the unified sign-in service."""
    lineage_url: str = ""
    """Where lineage events of every move are posted as OpenLineage (http://host:5000/api/v1/lineage); empty: off."""
    lineage_token: str = ""
    """Bearer token for the lineage address; empty: none is sent."""
    library_backup: str = ""
    """Folder for encrypted backups of the library's tables; empty: backups/library in the home folder."""
    library_keep_days: int = 0
    """Days for which replaced versions of the library's tables stay readable, 1 to 65534; unset: for ever."""
    library_engine: str = "duckdb"
    """What computes over the library: duckdb (in process), or a Spark Connect address (sc://host:port)."""
    library_memory_mb: int = 2048
    """Megabytes the engine in process holds in memory before it goes to the disk."""
    log_level: str = "info"
    """Least level written to the logs: debug, info, warning or error."""

    @property
    def gateway_port(self) -> int:
        """The node gateway's port."""
        return self.port + 1

    @property
    def center_base(self) -> str:
        """Base address of the center, without a trailing slash."""
        return self.center_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def gateway_base(self) -> str:
        """Base address of the gateway, without a trailing slash."""
        return self.gateway_url.rstrip("/") or f"http://{self.host}:{self.gateway_port}"

    def path(self, *parts: str) -> Path:
        """Return a path inside the home folder."""
        return self.home.joinpath(*parts)


HIGHEST_PORT = 65534
_ALLOWED = {
    "role": ROLES,
    "language": ("zh-hans", "en"),
    "log_level": ("debug", "info", "warning", "error"),
}


def _parse(name: str, kind: Any, text: str) -> Any:
    variable = PREFIX + name.upper()
    if kind is bool:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off", ""}:
            return False
        raise SettingError(name=variable, found=text, allowed="1/0, true/false, yes/no, on/off")
    if kind is int:
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= HIGHEST_PORT:
            raise SettingError(name=variable, found=text, allowed=f"1-{HIGHEST_PORT}")
        return int(text)
    if kind is Path:
        return Path(text).expanduser()
    allowed = _ALLOWED.get(name)
    if allowed and text not in allowed:
        raise SettingError(name=variable, found=text, allowed="、".join(allowed))
    return text


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingError: for a value that is not allowed, or a ``JUTONG_`` name that is no setting.
    """
    source = os.environ if environ is None else environ
    kinds = get_type_hints(Settings)
    known = {PREFIX + field.name.upper() for field in fields(Settings)}
    for name in sorted(source):
        if name.startswith(PREFIX) and not name.startswith(FOR_TESTS) and name not in known:
            raise SettingError(name=name, found=source[name], allowed="、".join(sorted(known)))
    values = {
        field.name: _parse(field.name, kinds[field.name], source[PREFIX + field.name.upper()])
        for field in fields(Settings)
        if source.get(PREFIX + field.name.upper())
    }
    settings = Settings(**values)
    return settings if settings.home.is_absolute() else _absolute(settings, values)


def _absolute(settings: Settings, values: dict[str, Any]) -> Settings:
    return Settings(**{**values, "home": Path.cwd() / settings.home})


def describe() -> list[tuple[str, str, str, str]]:
    """Return one row per setting: variable, type, default, documentation."""
    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a dataclass is a class
    notes: dict[str, str] = {}
    last = ""
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and last:
            notes[last] = str(node.value.value)
    kinds = get_type_hints(Settings)
    return [
        (
            PREFIX + field.name.upper(),
            kinds[field.name].__name__,
            str(field.default),
            notes.get(field.name, ""),
        )
        for field in fields(Settings)
    ]
