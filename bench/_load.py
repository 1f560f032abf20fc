"""A load client that costs as little as possible: prepared request bytes, plain sockets, one epoll loop.

Run as its own process: ``python _load.py PORT CONNECTIONS < requests > results``, where requests are length-prefixed
and results are one JSON line.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from collections.abc import Iterator
from typing import BinaryIO

OK, BUSY = 200, 429


def pack(requests: list[bytes]) -> bytes:
    return b"".join(struct.pack(">I", len(one)) + one for one in requests)


def unpack(stream: BinaryIO) -> Iterator[bytes]:
    while head := stream.read(4):
        yield stream.read(struct.unpack(">I", head)[0])


class Line:
    """One keep-alive connection and what it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.started = 0.0
        self.buffer = b""

    def send(self, request: bytes) -> None:
        self.started = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> int:
        """Return the status once the whole answer is there, else 0."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server hung up")
        self.buffer += data
        head, blank, body = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return 0
        lower = head.lower()
        at = lower.index(b"content-length: ") + 16
        end = lower.find(b"\r\n", at)
        length = int(lower[at : end if end > 0 else None])
        if len(body) < length:
            return 0
        self.buffer = b""
        status = int(head[9:12])
        if status == BUSY and b"\r\nretry-after: " not in lower:
            raise ValueError("who is turned away has to be told when to come back")
        if status not in {OK, BUSY}:
            sys.stderr.write(body.decode(errors="replace")[:300] + "\n")
        return status


def drive(port: int, connections: int, requests: list[bytes]) -> dict[str, object]:
    """Send every request once over so many connections and return times (s) and statuses."""
    poller = select.epoll()
    lines: dict[int, Line] = {}
    waiting = iter(requests)
    begun = time.perf_counter()
    for _ in range(min(connections, len(requests))):
        line = Line(port)
        lines[line.socket.fileno()] = line
        poller.register(line.socket, select.EPOLLIN)
        line.send(next(waiting))
    times: list[float] = []
    statuses: dict[int, int] = {}
    busy = len(lines)
    while busy:
        for number, _ in poller.poll():
            line = lines[number]
            status = line.status()
            if not status:
                continue
            times.append(time.perf_counter() - line.started)
            statuses[status] = statuses.get(status, 0) + 1
            following = next(waiting, None)
            if following is None:
                busy -= 1
                poller.unregister(line.socket)
                line.socket.close()
            else:
                line.send(following)
    seconds = time.perf_counter() - begun
    times.sort()
    return {
        "seconds": seconds,
        "rate": len(times) / seconds,
        "p50": times[len(times) // 2],
        "p95": times[int(len(times) * 0.95)],
        "p99": times[int(len(times) * 0.99)],
        "statuses": statuses,
    }


if __name__ == "__main__":
    print(json.dumps(drive(int(sys.argv[1]), int(sys.argv[2]), list(unpack(sys.stdin.buffer)))))
