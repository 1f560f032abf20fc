"""A disk that fills up under the registry, for real: a small file system of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from jutong.runtime.postmaster import is_alive
from tests.fault.conftest import Instance, wait_for

pytestmark = pytest.mark.fault

LEFT = 6 << 20
"""Bytes left to the registry: less than one segment of its log."""


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="jutong-fd-", dir="/tmp"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip(f"no right to mount a small disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture
def cramped(small_disk) -> Iterator[Instance]:
    found = Instance(small_disk / "home")
    yield found
    for process in found.started:
        found.end(process)
        assert process.stdout is not None
        process.stdout.close()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as ballast:
        while shutil.disk_usage(path).free > LEFT:
            ballast.write(bytes(65536))


def write_until_full(dsn: str) -> int:
    """Insert rows until the registry says that it cannot; return how many were acknowledged."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE written (number int PRIMARY KEY, text text)")
        for number in range(100_000):
            try:
                connection.execute("INSERT INTO written VALUES (%s, repeat(md5(%s::text), 50))", (number, number))
            except (psycopg.errors.DiskFull, psycopg.OperationalError):
                return number
    raise AssertionError("the disk never became full")


def answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_full_disk_loses_nothing_acknowledged_and_passes_when_there_is_room(cramped, small_disk):
    process = cramped.ready()
    dsn = cramped.home.dsn_file.read_text(encoding="utf-8").strip()
    fill(small_disk / "ballast")
    acknowledged = write_until_full(dsn)
    assert acknowledged > 0
    log = cramped.home.logs / "supervisor.log"
    wait_for(lambda: "runtime.disk.full" in log.read_text(encoding="ascii"), "the supervisor names the reason")
    assert is_alive(process.pid)
    os.truncate(small_disk / "ballast", 0)
    wait_for(lambda: answers(dsn), "the registry is back")
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*), max(number) FROM written").fetchone()
        assert row == (acknowledged, acknowledged - 1)
        connection.execute("INSERT INTO written VALUES (-1, 'there is room again')")
