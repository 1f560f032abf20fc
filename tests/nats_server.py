"""A NATS server with JetStream as a test's own process, and what tests put on it and find there."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nats

from tests.plugins.missing import PATH, component_missing

PROGRAM = shutil.which("nats-server", path=PATH) or ""
PATIENCE_SECONDS = 20.0


class NatsServer:
    """One server; its port stays the same over restarts."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder, self._options = folder, options
        self.port = -1
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        told = self._folder / "ports"
        shutil.rmtree(told, ignore_errors=True)
        told.mkdir(parents=True)
        command = [PROGRAM, "-js", "-sd", str(self._folder / "store"), "-a", "127.0.0.1", "-p", str(self.port)]
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--ports_file_dir", str(told), *self._options], stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for found in told.glob("*.ports"):
                text = found.read_text()
                if text:
                    self.port = int(json.loads(text)["nats"][0].rpartition(":")[2])
                    return
            time.sleep(0.01)
        raise AssertionError("the server did not start")

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(PATIENCE_SECONDS)

    def run(self, work: Any) -> Any:
        """Connect and carry out ``work(jetstream)``."""

        async def connected() -> Any:
            client = await nats.connect(self.dsn)
            try:
                return await work(client.jetstream())
            finally:
                await client.close()

        made: Coroutine[Any, Any, Any] = connected()
        return asyncio.run(made)

    def publish(self, subject: str, *messages: Any, **headers: str) -> None:
        """Put messages on a stream: objects as JSON, bytes as they are."""

        async def put(stream: Any) -> None:
            for message in messages:
                data = message if isinstance(message, bytes) else json.dumps(message).encode()
                await stream.publish(subject, data, headers=headers or None)

        self.run(put)


@contextmanager
def nats_server(folder: Path, *options: str) -> Iterator[NatsServer]:
    if not PROGRAM:
        component_missing("NATS")
    folder.mkdir(parents=True, exist_ok=True)
    server = NatsServer(folder, *options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
