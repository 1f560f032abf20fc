"""The registry on a PostgreSQL of the system's, which is older than the embedded one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from jutong.runtime.account import NO_CAPABILITY, as_account, server_account
from tests.plugins.missing import component_missing

OLDEST = 15
SECONDS = 60.0


def programs() -> Path:
    found = {int(path.parts[-3]): path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")}
    fitting = [version for version in found if version >= OLDEST]
    if not fitting:
        component_missing("PostgreSQL")
    return found[min(fitting)]


@pytest.fixture
def address() -> Iterator[str]:
    """An empty database made as the operator's page says, on the oldest server there is."""
    bin_folder = programs()
    room = Path(tempfile.mkdtemp(prefix="jutong-pg-", dir="/tmp"))
    account = server_account(room / "data")
    account.own(room)
    room.chmod(0o700)
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}

    def run(death_signal: int, *command: str) -> list[str]:
        return as_account(account, NO_CAPABILITY, death_signal, [str(bin_folder / command[0]), *command[1:]])

    made = ("initdb", "-D", str(room / "data"), "--locale=C.UTF-8", "-E", "UTF8", "-A", "trust", "-U", "postgres", "-N")
    subprocess.run(run(signal.SIGKILL, *made), env=environment, check=True, capture_output=True, cwd="/")
    quiet = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={room}", "-c", "fsync=off")
    with (room / "log").open("wb") as log:
        server = subprocess.Popen(
            run(signal.SIGINT, "postgres", "-D", str(room / "data"), *quiet),
            env=environment, stdout=log, stderr=log, cwd="/",
        )  # fmt: skip
    try:
        furnish(f"postgresql://postgres@/postgres?host={room}", server)
        yield f"postgresql://jutong:x@/jutong?host={room}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=SECONDS)
        shutil.rmtree(room, ignore_errors=True)


def furnish(administrator: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            connection = psycopg.connect(administrator, autocommit=True)
        except psycopg.OperationalError:
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
            continue
        with connection:
            connection.execute("CREATE ROLE jutong LOGIN PASSWORD 'x'")
            connection.execute(
                "CREATE DATABASE jutong OWNER jutong TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            )
        return


def test_the_tables_are_made_on_the_oldest_server_we_promise(address, tmp_path):
    environment = {**os.environ, "JUTONG_HOME": str(tmp_path / "home"), "JUTONG_DATABASE_URL": address}
    command = [sys.executable, "-m", "jutong.cli.main", "migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with psycopg.connect(address) as connection:
        row = connection.execute("SELECT count(*) FROM django_migrations WHERE app = 'sharing'").fetchone()
        assert row is not None
        assert row[0] >= 1
        assert connection.info.server_version >= OLDEST * 10000
    assert not (tmp_path / "home" / "registry").exists()
