"""The table of what runs beside the registry in each role. A new process is one more row."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from jutong.kernel.i18n import gettext_noop
from jutong.kernel.settings import Settings

ALL, CENTER, NODE = "all", "center", "node"
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
BLOCKING_THREADS = 8


@dataclass(frozen=True)
class Service:
    """One process of the platform.

    Attributes:
        name: short and stable; names the log file too.
        title: what a person reads, in Chinese.
        roles: in which roles of an instance it runs.
        command: the command line for an instance's settings.
        port: the port it listens on, if any; it is then ready when ``GET /healthz`` answers 200.
    """

    name: str
    title: str
    roles: frozenset[str]
    command: Callable[[Settings], list[str]]
    port: Callable[[Settings], int] | None = None


def python(*arguments: str) -> list[str]:
    """Return a command line for our own interpreter that does not import from the current folder."""
    return [sys.executable, "-P", *arguments]


def _web(settings: Settings) -> list[str]:
    return python(
        "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", settings.host, "--port", str(settings.port),
        "--workers", "1", "--blocking-threads", str(BLOCKING_THREADS), "--log-level", settings.log_level,
        "jutong.center.wsgi:application",
    )  # fmt: skip


def _gateway(_: Settings) -> list[str]:
    return python("-m", "jutong.node.main")


def _worker(_: Settings) -> list[str]:
    return python("-m", "jutong.tasks.worker")


SERVICES = (
    Service("web", gettext_noop("页面与接口"), frozenset({ALL, CENTER}), _web, lambda settings: settings.port),
    Service("gateway", gettext_noop("节点网关"), frozenset({ALL, NODE}), _gateway, lambda s: s.gateway_port),
    Service("worker", gettext_noop("后台任务"), frozenset({ALL, CENTER}), _worker),
)


def services_for(settings: Settings, table: tuple[Service, ...] = SERVICES) -> list[Service]:
    """Return the processes of an instance, in the order they start."""
    return [service for service in table if settings.role in service.roles]


def needs_registry(settings: Settings) -> bool:
    """Return whether the role keeps a registry; a node alone has only its evidence and its orders."""
    return settings.role != NODE


def local_host(host: str) -> str:
    """Return an address of this machine under which a service that listens on ``host`` answers."""
    if host in EVERYWHERE:
        return "127.0.0.1" if host == EVERYWHERE[0] else "[::1]"
    return f"[{host}]" if ":" in host else host
