"""A private MariaDB server for the tests that read one, on a free loopback port."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
import pytest

from tests.plugins.missing import PATH, component_missing

if TYPE_CHECKING:
    from jutong.runtime.account import Account

START_SECONDS = 90.0


@dataclass(frozen=True)
class MariaDB:
    """Where the server listens and how its administrator signs in."""

    host: str
    port: int
    user: str
    password: str

    def connect(self, database: str | None = None) -> pymysql.connections.Connection[pymysql.cursors.Cursor]:
        return pymysql.connect(
            host=self.host, port=self.port, user=self.user, password=self.password,
            database=database, autocommit=True, charset="utf8mb4",
            ssl_disabled=True,  # to load the authorities takes longer than most tests' statements
        )  # fmt: skip

    def create_database(self, name: str) -> str:
        """Create an empty database and return its name."""
        connection = self.connect()
        with connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        return name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _programs() -> tuple[str, str]:
    server = shutil.which("mariadbd", path=PATH)
    install = shutil.which("mariadb-install-db", path=PATH)
    if server is None or install is None:
        component_missing("MariaDB")
    return server, install


def _install(program: str, data: Path, account: Account) -> None:
    command = [
        program,
        "--no-defaults",
        f"--datadir={data}",
        f"--tmpdir={data}",
        "--skip-test-db",
        "--skip-name-resolve",
    ]
    command += ["--auth-root-authentication-method=normal"] + ([f"--user={account.name}"] if account.other else [])
    subprocess.run(command, check=True, capture_output=True, timeout=START_SECONDS)


def _wait(server: MariaDB, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.connect().close()
        except pymysql.err.OperationalError:
            if child.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"MariaDB did not start:\n{log.read_text(errors='replace')[-2000:]}", pytrace=False)
            time.sleep(0.05)
        else:
            return


class Private:
    """A server of one's own in a new room, not started yet.

    Args:
        durable: keep what was committed when the server is killed.
    """

    def __init__(self, *, durable: bool = False) -> None:
        from jutong.runtime.account import server_account

        program, install = _programs()
        self._room = Path(tempfile.mkdtemp(prefix="jutong-maria-", dir="/tmp"))
        self._account = server_account(self._room / "data")
        self._account.own(self._room)
        temporary = self._room / "tmp"  # of its own: a server that starts removes what it takes for leftovers there
        temporary.mkdir()
        self._account.own(temporary)
        _install(install, self._room / "data", self._account)
        self.server = MariaDB("127.0.0.1", _free_port(), "root", "")
        self._child: subprocess.Popen[bytes] | None = None
        self._command = [
            program, "--no-defaults", f"--datadir={self._room / 'data'}", f"--tmpdir={temporary}",
            f"--socket={self._room / 's'}", f"--port={self.server.port}", "--bind-address=127.0.0.1",
            "--skip-name-resolve", f"--innodb-flush-log-at-trx-commit={int(durable)}",
            "--character-set-server=utf8mb4", "--innodb-buffer-pool-size=64M",
            *(("--skip-log-bin",) if durable else ("--log-bin=row", "--server-id=11", "--binlog-format=ROW")),
        ]  # fmt: skip

    def start(self) -> MariaDB:
        """Start, and return when it answers."""
        from jutong.runtime.account import NO_CAPABILITY, as_account

        log = self._room / "server.log"
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                as_account(self._account, NO_CAPABILITY, signal.SIGTERM, self._command),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", start_new_session=True,
            )  # fmt: skip
        _wait(self.server, self._child, log)
        return self.server

    def kill(self) -> None:
        """End it as the loss of power does."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(timeout=START_SECONDS)

    def close(self) -> None:
        """End it and remove its room."""
        if self._child is not None:
            self._child.terminate()
            self._child.wait(timeout=START_SECONDS)
        shutil.rmtree(self._room, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """A running MariaDB, started with the first test that asks for it."""
    private = Private()
    try:
        yield private.start()
    finally:
        private.close()
