"""A network between the node and a database that pauses, breaks off or changes bytes, at a place that can be named."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

BLOCK = 65_536
SECONDS = 60.0
Kind = Literal["pause", "reset", "half-close", "corrupt"]
Way = Literal["up", "down"]
"""To the database, and from it."""


@dataclass(frozen=True)
class Fault:
    """What happens behind the byte ``at`` of one way, counted over all connections; it happens once."""

    kind: Kind
    way: Way
    at: int


class Proxy:
    """Listens on a loopback port and passes everything on. Use as a context manager.

    Args:
        upstream: connects to the database.
    """

    def __init__(self, upstream: Callable[[], socket.socket]) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._fault: Fault | None = None
        self._passed = {"up": 0, "down": 0}
        self._go = threading.Event()
        self._go.set()
        self.happened = threading.Event()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def passed(self) -> dict[str, int]:
        with self._lock:
            return dict(self._passed)

    def arm(self, fault: Fault | None) -> None:
        """Count anew, and break at the place."""
        with self._lock:
            self._passed = {"up": 0, "down": 0}
            self._fault = fault
        self.happened.clear()
        self._go.set()

    def go_on(self) -> None:
        """End a pause."""
        self._go.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._go.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = self._upstream()
                except OSError:
                    near.close()
                    continue
                with self._lock:
                    self._ends += [near, far]
                for way, source, sink in (("up", near, far), ("down", far, near)):
                    threading.Thread(target=self._pump, args=(way, source, sink), daemon=True).start()

    def _pump(self, way: Way, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(BLOCK):
                fault, place = self._due(way, len(data))
                if fault is None:
                    self._go.wait(SECONDS)
                    sink.sendall(data)
                elif not self._broken(fault.kind, data, place, source, sink):
                    return
            sink.shutdown(socket.SHUT_WR)

    def _due(self, way: Way, size: int) -> tuple[Fault | None, int]:
        """Return the fault that falls into the next bytes, and where."""
        with self._lock:
            before = self._passed[way]
            self._passed[way] += size
            fault = self._fault
            if fault is None or fault.way != way or not before <= fault.at < before + size:
                return None, 0
            self._fault = None
            if fault.kind == "pause":
                self._go.clear()
        return fault, fault.at - before

    def _broken(self, kind: Kind, data: bytes, place: int, source: socket.socket, sink: socket.socket) -> bool:
        """Let it happen; return whether the connection goes on."""
        if kind == "corrupt":
            changed = bytearray(data)
            changed[place] ^= 0x15
            sink.sendall(changed)
        else:
            sink.sendall(data[:place])
        self.happened.set()
        if kind == "pause":
            self._go.wait(SECONDS)
            sink.sendall(data[place:])
        elif kind == "half-close":
            sink.shutdown(socket.SHUT_WR)
            return False
        elif kind == "reset":
            for end in (source, sink):
                with contextlib.suppress(OSError):  # a local socket has no such option
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RD)
                end.close()
            return False
        return True
