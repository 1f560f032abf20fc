"""Which servers the center may speak to, so that a channel never becomes a way into the inner network.

A name has to be on the list, and every address it leads to has to be public or listed itself. The address that was
looked at is the one that is connected to; a name that changes its answer in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from jutong.center.notify.errors import HostNotAllowedError, HostUnknownError, PlainTransportError, PrivateAddressError
from jutong.center.notify.models import AllowedHost

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A server that was let through: the name certificates are checked against and the address to connect to."""

    host: str
    address: str
    port: int


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name.

    Raises:
        HostUnknownError: if it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnknownError(host=host) from error
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def as_network(text: str) -> Network | None:
    """Return a line of the list as a network; ``None`` for a name."""
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def admit(host: str, port: int, *, lookup: Lookup = look_up) -> Spot:
    """Return where to connect to.

    Raises:
        HostNotAllowedError: for a name or address not on the list.
        PrivateAddressError: for a name that leads to an inner address not on the list itself.
        HostUnknownError: for a name without address.
    """
    names, networks = _listed()
    host = host.strip("[]").rstrip(".").lower()
    literal = as_network(host)
    if literal is None and host not in names:
        raise HostNotAllowedError(host=host)
    if literal is not None and not _within(ipaddress.ip_address(host), networks):
        raise HostNotAllowedError(host=host)
    addresses = [host] if literal is not None else lookup(host, port)
    if not addresses:
        raise HostUnknownError(host=host)
    for address in addresses:
        parsed = _plain(ipaddress.ip_address(address.partition("%")[0]))
        if not (parsed.is_global and not parsed.is_multicast) and not _within(parsed, networks):
            raise PrivateAddressError(host=host, address=address)
    return Spot(host, addresses[0], port)


def admit_url(url: str, *, lookup: Lookup = look_up) -> tuple[SplitResult, Spot]:
    """Return a web address in parts and where to connect to.

    Raises:
        PlainTransportError: for http to anything but a listed address.
        HostNotAllowedError: as ``admit``.
    """
    parts = urlsplit(url)
    spot = admit(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), lookup=lookup)
    if parts.scheme != "https" and not _within(ipaddress.ip_address(spot.address), _listed()[1]):
        raise PlainTransportError(host=spot.host)
    return parts, spot


def _listed() -> tuple[set[str], list[Network]]:
    lines = list(AllowedHost.objects.values_list("host", flat=True))
    networks = [found for found in map(as_network, lines) if found is not None]
    return {line for line in lines if as_network(line) is None}, networks


def _plain(address: IPAddress) -> IPAddress:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _within(address: IPAddress, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
