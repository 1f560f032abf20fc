"""Blocking drivers off the event loop: a few threads with one read-only connection each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

Connection = TypeVar("Connection")
Result = TypeVar("Result")

THREADS = 8


class ThreadConnections(Generic[Connection]):
    """Runs functions on threads that keep a connection of their own.

    Args:
        name: for the threads' names.
        connect: opens a connection.
        disconnect: closes one; must not raise.
    """

    def __init__(self, name: str, connect: Callable[[], Connection], disconnect: Callable[[Connection], None]) -> None:
        self._connect = connect
        self._disconnect = disconnect
        self._local = threading.local()
        self._open: set[Any] = set()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS, f"source-{name}")

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run ``work`` on one of the threads; inside it ``current`` and ``drop`` concern that thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def current(self) -> Connection:
        """Return this thread's connection, opening it if need be."""
        found: Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._connect()
            self._local.connection = found
            with self._lock:
                self._open.add(found)
        return found

    def drop(self) -> None:
        """Close this thread's connection."""
        found: Connection | None = getattr(self._local, "connection", None)
        if found is not None:
            self._local.connection = None
            with self._lock:
                self._open.discard(found)
            self._disconnect(found)

    def close(self) -> None:
        """Finish what runs, then close every connection."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            for connection in self._open:
                self._disconnect(connection)
            self._open.clear()
