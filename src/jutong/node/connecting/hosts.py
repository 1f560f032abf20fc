"""Which doors people may send this node to: ``$JUTONG_HOME/node/hosts.json``, kept by its operator. No list, no door.

An entry is ``host:port``, ``address:port`` or ``network:port`` (``10.1.2.0/24:5432``); ``*`` is any port. A name is
looked up once, what comes of it is checked, and that very address is connected to and kept: a name that means another
machine a moment later changes nothing. A name leads to this machine itself only where an address entry allows that.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jutong.node.connecting.errors import DoorNotAllowedError, HostsFileError, NameUnresolvedError
from jutong.node.exchange.jobs import write_whole

FILE = "node/hosts.json"
LARGEST_PORT = 65_535
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_PORT = re.compile(r"\*|[1-9][0-9]{0,4}")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Allowed:
    """One entry: a name or a network, and a port, 0 for any."""

    name: str
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    port: int


def parse(entry: str) -> Allowed:
    """Return what an entry means.

    Raises:
        ValueError: if it means nothing.
    """
    host, _, port = entry.strip().lower().rpartition(":")
    if not _PORT.fullmatch(port) or (port != "*" and int(port) > LARGEST_PORT):
        raise ValueError("port")
    number = 0 if port == "*" else int(port)
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return Allowed("", ipaddress.ip_network(bare), number)
    except ValueError:
        pass
    if not _NAME.fullmatch(host) or _numeric(host):
        raise ValueError("host")
    return Allowed(host, None, number)


def load(path: Path) -> list[str]:
    """Return the entries of the list; a missing one has none.

    Raises:
        HostsFileError: when it is no list of entries.
    """
    try:
        found: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise HostsFileError(path=str(path), reason="not JSON") from error
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise HostsFileError(path=str(path), reason="not a list of texts")
    for entry in found:
        try:
            parse(entry)
        except ValueError as error:
            raise HostsFileError(path=str(path), reason=f"{entry[:80]}: {error}") from error
    return found


def save(path: Path, entries: list[str]) -> None:
    """Put a list in the place of the one there; durable before return."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, json.dumps(sorted(set(entries)), indent=1) + "\n", durable=True)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name.

    Raises:
        OSError: if nobody knows it.
    """
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _numeric(host: str) -> bool:
    """Tell whether a resolver may take a name for a number: ``2130706433``, ``0x7f.1``, ``127.1``."""
    last = host.rstrip(".").rpartition(".")[2]
    return last.isdecimal() or last.startswith("0x")


def _plain(text: str) -> Address:
    found = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found


def _never(address: Address) -> bool:
    """Tell of addresses no list can allow: those of this link, such as the metadata services of clouds, and of many."""
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and not address.is_loopback)
    )


def address_of(host: str, port: int, allowed: list[str], resolver: Resolve = resolve) -> str:
    """Return the address to connect to for a door somebody named.

    Args:
        host: a name or an address.
        port: 1 to 65535.
        allowed: the entries of the list.
        resolver: looks a name up.

    Raises:
        DoorNotAllowedError: when no entry allows it.
        NameUnresolvedError: when nobody knows the name.
    """
    name = host.strip().lower().rstrip(".")
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    door = f"{host.strip()[:253]}:{port}"
    entries = [one for one in map(parse, allowed) if one.port in {0, port}]
    by_name = any(one.name == name for one in entries)
    try:
        found = [_plain(bare)]
    except ValueError:
        # Nobody is asked about a name that no entry could allow, whatever it means.
        networks = any(one.network is not None for one in entries)
        if not _NAME.fullmatch(name) or _numeric(name) or not (by_name or networks):
            raise DoorNotAllowedError(door=door) from None
        found = _looked_up(name, port, resolver)
    for address in found:
        if _never(address):
            continue
        inside = any(one.network is not None and address in one.network for one in entries)
        if inside or (by_name and not address.is_loopback):
            return str(address)
    raise DoorNotAllowedError(door=door)


def _looked_up(name: str, port: int, resolver: Resolve) -> list[Address]:
    try:
        return [_plain(text) for text in resolver(name, port)]
    except (OSError, ValueError) as error:
        raise NameUnresolvedError(host=name) from error
