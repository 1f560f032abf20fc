"""Whether an instance's ports are free, asked before anything is started."""

from __future__ import annotations

import errno
import socket

from jutong.kernel.settings import HIGHEST_PORT
from jutong.runtime.errors import PortForbiddenError, PortInUseError

STEP = 10


def check(host: str, port: int, what: str) -> None:
    """Make sure that a service will be able to listen.

    Raises:
        PortInUseError: when something listens there already.
        PortForbiddenError: when the system refuses the address or the port.
    """
    try:
        _listen(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(port=port, what=what, suggestion=suggestion(host, port)) from error
        raise PortForbiddenError(host=host, port=port, what=what, reason=error.strerror or str(error)) from error


def _listen(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # A connection of an earlier run that the kernel still remembers is no obstacle; a listener is.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)


def suggestion(host: str, port: int) -> int:
    """Return a port that is free now together with the one after it, for pages and gateway."""
    for candidate in range(port + STEP, HIGHEST_PORT, STEP):
        try:
            _listen(host, candidate)
            _listen(host, candidate + 1)
        except OSError:
            continue
        return candidate
    return port
