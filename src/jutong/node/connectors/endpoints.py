"""Doors the node may knock at: services, queues, cameras. Only those its own configuration lists."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urljoin, urlsplit

import httpx

from jutong.contracts.places import Target
from jutong.contracts.receipts import TableInfo
from jutong.node.connectors.errors import PlaceNotAllowedError, PlaceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.sources import SourceConfig

MOST_STEPS = 3
"""Redirects followed, all to the same door."""
MOST_BYTES = 64 * 1024
_LONGEST_LINE = 512
_OK = range(200, 300)
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_ALIVE_STREAM = frozenset({"200", "401", "403", "405", "454"})
"""RTSP answers that show a living server, wanting a sign-in or another method included."""


def probe(source: SourceConfig) -> None:
    """Nothing to sign in at: each door is tried with the binding that names it."""


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """A list of doors holds no table."""
    return ()


def knock(source: SourceConfig, target: Target) -> None:
    """Try a place the way its protocol is usually tried; nothing of the answer is kept.

    Raises:
        PlaceNotAllowedError: when the configuration does not list the door.
        PlaceUnreachableError: when nothing good answers.
    """
    if target.door not in source.hosts:
        raise PlaceNotAllowedError(source=source.name, door=target.door)
    try:
        if target.scheme in {"http", "https"}:
            _get(target)
        elif target.scheme == "rtsp":
            _options(target)
        else:
            _connect(target).close()
    except (OSError, httpx.HTTPError) as error:
        raise PlaceUnreachableError(door=target.door, reason=_reason(error)) from error


def _connect(target: Target) -> socket.socket:
    return socket.create_connection((target.host.strip("[]"), target.port), timeout=CONNECT_SECONDS)


def _get(target: Target) -> None:
    address = target.url
    # Neither proxies nor netrc of the environment: what is probed is the door itself.
    with httpx.Client(timeout=CONNECT_SECONDS, trust_env=False, follow_redirects=False) as client:
        for _ in range(MOST_STEPS + 1):
            with client.stream("GET", address, headers={"User-Agent": "jutong-probe"}) as response:
                status, onward = response.status_code, response.headers.get("location", "")
                _drain(response)
            if status in _OK:
                return
            if status not in _ELSEWHERE or not onward:
                raise PlaceUnreachableError(door=target.door, reason=f"HTTP {status}")
            address = urljoin(address, onward)
            if not _same_door(address, target):
                raise PlaceUnreachableError(door=target.door, reason="redirects to another host")
    raise PlaceUnreachableError(door=target.door, reason="redirects without end")


def _drain(response: httpx.Response) -> None:
    taken = 0
    for piece in response.iter_raw():
        taken += len(piece)
        if taken > MOST_BYTES:
            return


def _same_door(address: str, target: Target) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.netloc.rpartition("@")[2]
    bare = host.rpartition(":")[0] if port is not None else host
    return parts.scheme == target.scheme and f"{bare.lower()}:{port or usual}" == target.door


def _options(target: Target) -> None:
    with _connect(target) as connection:
        connection.settimeout(CONNECT_SECONDS)
        asked = f"OPTIONS {target.url} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: jutong-probe\r\n\r\n"
        connection.sendall(asked.encode("ascii"))
        line = connection.recv(_LONGEST_LINE).split(b"\r\n", 1)[0].decode("latin-1")
    words = line.split(" ", 2)
    if not words[0].startswith("RTSP/") or len(words) < 2 or words[1] not in _ALIVE_STREAM:  # noqa: PLR2004
        raise PlaceUnreachableError(
            door=target.door, reason="no RTSP answer" if not words[1:] else f"RTSP {words[1][:3]}"
        )


def _reason(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError | httpx.TimeoutException):
            return "timed out"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, ssl.SSLError):
            return "certificate refused"
        if isinstance(cause, socket.gaierror):
            return "no such host"
        cause = cause.__cause__ or cause.__context__
    return "connection lost or refused"
