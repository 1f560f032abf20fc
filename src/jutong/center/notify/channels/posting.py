"""One HTTP POST to a server that was let through. Redirects are not followed and proxies not asked.

The standard library's client is used because it logs nothing: addresses of robots are secrets.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from jutong.center.notify.channels import answers
from jutong.center.notify.channels.base import SECONDS
from jutong.center.notify.errors import SendFailedError
from jutong.center.notify.hosts import Spot, admit_url

MOST_BYTES = 65_536
WHOLE_SECONDS = 40.0
"""How long an answer may take altogether, so that a drip of bytes holds nobody up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


class _Connection(http.client.HTTPConnection):
    """Connects to the address that was looked at, whatever the name says now."""

    def __init__(self, spot: Spot, context: ssl.SSLContext | None) -> None:
        super().__init__(spot.host, spot.port, timeout=SECONDS)
        self._spot, self._context = spot, context
        if context is not None:
            self.default_port = 443

    def connect(self) -> None:
        plain = socket.create_connection((self._spot.address, self._spot.port), SECONDS)
        self.sock = plain
        if self._context is not None:
            self.sock = self._context.wrap_socket(plain, server_hostname=self._spot.host)


def trusting(ca_pem: str) -> ssl.SSLContext:
    """Return what certificates are checked with: the system's roots, or the one root given instead."""
    context = ssl.create_default_context(cadata=ca_pem or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def post(url: str, body: bytes, headers: Mapping[str, str], *, channel: str, ca_pem: str = "") -> Answer:
    """Send a body and return the answer, whatever its status.

    Raises:
        SendFailedError: if no whole answer came.
        HostNotAllowedError: if the server is not on the list.
    """
    parts, spot = admit_url(url)
    connection = _Connection(spot, trusting(ca_pem) if parts.scheme == "https" else None)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, {**headers, "Connection": "close"})
        return _read(connection.getresponse())
    except ssl.SSLCertVerificationError as error:
        raise SendFailedError(channel=channel, reason=answers.UNTRUSTED, detail=error.verify_message) from error
    except TimeoutError as error:
        raise SendFailedError(channel=channel, reason=answers.BROKEN_OFF, detail="timeout") from error
    except http.client.HTTPException as error:
        raise SendFailedError(channel=channel, reason=answers.BROKEN_OFF, detail=type(error).__name__) from error
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise SendFailedError(channel=channel, reason=answers.UNREACHED, detail=detail) from error
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse) -> Answer:
    until, found = time.monotonic() + WHOLE_SECONDS, b""
    while len(found) < MOST_BYTES and (piece := response.read1(MOST_BYTES - len(found))):
        found += piece
        if time.monotonic() > until:
            raise TimeoutError
    return Answer(response.status, found)
