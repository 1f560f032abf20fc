"""The backup and the restore of the operator's page, command by command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jutong.cli.registry import connection_environment
from jutong.runtime.postgres import Postgres


@pytest.fixture
def room() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="jutong-bk-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def jutong(home: Path, *arguments: str) -> str:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("JUTONG_")}
    command = [sys.executable, "-m", "jutong.cli.main", "registry", *arguments]
    done = subprocess.run(
        command, env={**environment, "JUTONG_HOME": str(home)}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_was_backed_up_is_there_in_a_new_home(room):
    old, new, dump = room / "old", room / "new", room / "registry.dump"
    jutong(old, "psql", "--command=CREATE TABLE kept AS SELECT '数据' AS word")
    jutong(old, "pg_dump", "--format=custom", f"--file={dump}")
    new.mkdir(mode=0o700)
    subprocess.run(
        ["tar", "-C", str(old), "-cf", str(room / "rest.tar"), "JUTONG_HOME", "evidence", "keys"], check=True
    )
    subprocess.run(["tar", "-C", str(new), "-xpf", str(room / "rest.tar")], check=True)
    jutong(new, "pg_restore", "--no-owner", "--exit-on-error", str(dump))
    assert jutong(new, "psql", "--tuples-only", "--command=SELECT word FROM kept").strip() == "数据"
    assert not Postgres(old).is_running()
    assert not Postgres(new).is_running()


def test_the_password_travels_in_the_environment():
    assert connection_environment("postgresql://a:b%40c@h:5433/d") == {
        "PGHOST": "h",
        "PGPORT": "5433",
        "PGUSER": "a",
        "PGPASSWORD": "b@c",
        "PGDATABASE": "d",
    }
