"""A throw-away MariaDB for measurements, on a free loopback port; needs Debian's mariadb-server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pymysql

from jutong.runtime.account import NO_CAPABILITY, as_account, server_account

SECONDS = 90
TICKS = os.sysconf("SC_CLK_TCK")
SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"


@dataclass(frozen=True)
class Maria:
    """Where it listens, and its process."""

    port: int
    pid: int

    def connect(self, database: str | None = None) -> pymysql.connections.Connection[pymysql.cursors.Cursor]:
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True, charset="utf8mb4",
            local_infile=True,
        )  # fmt: skip

    @property
    def dsn(self) -> str:
        return f"mysql://bench:bench@127.0.0.1:{self.port}/bench"

    def cpu(self) -> float:
        """Return the CPU-seconds it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def maria(*, logged: bool = False) -> Iterator[Maria]:
    """Run one, if wanted with its row log; raises FileNotFoundError where it is not installed."""
    server, install = (shutil.which(name, path=SEARCHED) for name in ("mariadbd", "mariadb-install-db"))
    if server is None or install is None:
        raise FileNotFoundError("mariadbd")
    with tempfile.TemporaryDirectory(prefix="jutong-bench-", dir="/tmp") as folder, socket.socket() as probe:
        room = Path(folder)
        account = server_account(room / "data")
        (room / "tmp").mkdir()
        for path in (room, room / "tmp"):
            account.own(path)
        user = [f"--user={account.name}"] if account.other else []
        common = ["--no-defaults", f"--datadir={room / 'data'}", f"--tmpdir={room / 'tmp'}"]
        subprocess.run(
            [install, *common, "--skip-test-db", "--auth-root-authentication-method=normal", *user],
            check=True, capture_output=True,
        )  # fmt: skip
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        command = [
            server, *common, f"--socket={room / 's'}", f"--port={port}", "--bind-address=127.0.0.1",
            "--skip-name-resolve", "--character-set-server=utf8mb4", "--innodb-buffer-pool-size=1G",
            *(["--log-bin=row", "--server-id=1", "--binlog-format=ROW"] if logged else ["--skip-log-bin"]),
            "--innodb-flush-log-at-trx-commit=2", "--local-infile=1",
        ]  # fmt: skip
        child = subprocess.Popen(
            as_account(account, NO_CAPABILITY, signal.SIGTERM, command),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        found = Maria(port, child.pid)
        try:
            _prepare(found, child)
            yield found
        finally:
            child.terminate()
            child.wait(timeout=SECONDS)


def _prepare(server: Maria, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        assert child.poll() is None
        assert time.monotonic() < deadline
        with suppress(pymysql.err.OperationalError), server.connect() as connection:
            cursor = connection.cursor()
            cursor.execute("CREATE DATABASE bench CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            cursor.execute("CREATE USER 'bench'@'%' IDENTIFIED BY 'bench'")
            cursor.execute("GRANT ALL ON bench.* TO 'bench'@'%'")
            return
        time.sleep(0.05)
