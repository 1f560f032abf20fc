"""The embedded server as the platform uses it: real processes, real connections."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from jutong.runtime import account, bundle, postgres, postmaster
from jutong.runtime.errors import (
    DatabaseNameError,
    DiskFullError,
    NotAHomeError,
    PostgresStartError,
    PostgresVersionError,
    ServerUserError,
)
from jutong.runtime.home import Home
from jutong.runtime.postgres import Postgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")


def wait_for(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the awaited state did not come"
        time.sleep(0.02)


@pytest.fixture
def room() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="jutong-it-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(room: Path) -> Iterator[Postgres]:
    found = Postgres(room / "home", durable=False)
    yield found
    found.stop()


def ask(dsn: str, question: str):
    with psycopg.connect(dsn) as connection:
        row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]


def test_a_new_registry_answers_psycopg_and_keeps_chinese_apart(server):
    dsn = server.start()
    assert server.is_running()
    assert ask(dsn, "SELECT current_user") == "jutong"
    assert ask(dsn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert ask(dsn, "SHOW data_checksums") == "on"
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        row = connection.execute("SELECT show_trgm('社保缴费')").fetchone()
        assert row is not None
        assert len(row[0]) == 5


async def test_the_same_address_serves_asyncpg(registry_server):
    connection = await asyncpg.connect(registry_server.dsn)
    try:
        assert await connection.fetchval("SELECT 20 + 3") == 23
    finally:
        await connection.close()


def test_nothing_listens_on_the_network(server):
    assert ask(server.start(), "SHOW listen_addresses") == ""


def test_a_wrong_password_is_refused(server):
    server.start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.address("jutong", "jutong", "wrong"))


def test_what_was_committed_is_there_after_a_restart(server):
    dsn = server.start()
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    server.stop()
    assert not server.is_running()
    assert server.start() == dsn
    assert ask(dsn, "SELECT number FROM kept") == 7


def test_a_second_start_joins_the_running_server(server):
    server.start()
    other = Postgres(server.home.path, durable=False)
    assert other.start() == server.dsn
    assert other.pid() == server.pid()
    assert other.exit_code() is None


def test_stop_without_a_server_does_nothing(server):
    server.stop()
    assert server.pid() is None


def test_kill_of_the_server_loses_nothing_committed(room):
    server = Postgres(room / "home")
    dsn = server.start()
    try:
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: server.exit_code() is not None)
        assert server.start() == dsn
        assert ask(dsn, "SELECT number FROM kept") == 1
        assert server.pid() != pid
    finally:
        server.stop()


def test_a_stale_pid_file_with_a_living_strangers_number_is_no_obstacle(server):
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n0\n5432\n\n\n\nready\n")
    assert postmaster.look(server.data) is None
    server.start()
    assert server.is_running()


def test_half_made_data_is_thrown_away(server):
    (server.folder / "data.new").mkdir(parents=True)
    (server.folder / "data.new" / "rubbish").touch()
    (server.home.path / "JUTONG_HOME").touch()
    server.start()
    assert not (server.folder / "data.new").exists()


def test_files_and_sockets_are_closed_to_others(server):
    server.start()
    for path in (server.folder, server.data, server.socket_folder(), server.home.keys):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for path in server.home.keys.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_long_home_gets_a_short_socket_that_is_kept(room):
    server = Postgres(room / ("x" * 120) / "home", durable=False)
    try:
        ask(server.start(), "SELECT 1")
        folder = server.socket_folder()
        assert not folder.is_relative_to(server.home.path)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        server.stop()
        server.start()
        assert server.socket_folder() == folder
    finally:
        server.stop()
        shutil.rmtree(server.socket_folder())


def test_departments_cannot_look_into_each_other(registry_server):
    owner = registry_server.ensure_database("apart_civil", "apart_civil", "a")
    reader = registry_server.ensure_reader("apart_civil", "apart_civil", "apart_civil_reader", "b")
    registry_server.ensure_database("apart_police", "apart_police", "c")
    with psycopg.connect(owner) as connection:
        connection.execute("CREATE TABLE marriage AS SELECT 'x' AS state")
    assert ask(reader, "SELECT state FROM marriage") == "x"
    with psycopg.connect(reader) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM marriage")
    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        psycopg.connect(registry_server.address("apart_police", "apart_civil", "a"))
    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        psycopg.connect(registry_server.address("jutong", "apart_civil", "a"))


def test_ensuring_a_database_again_sets_the_password(registry_server):
    registry_server.ensure_database("again", "again", "first")
    assert ask(registry_server.ensure_database("again", "again", "second's @/?"), "SELECT 1") == 1


@pytest.mark.parametrize("name", ["", "Upper", "1st", "a-b", 'a"; DROP DATABASE x', "x" * 64])
def test_names_that_are_no_plain_identifiers_are_refused(registry_server, name):
    with pytest.raises(DatabaseNameError):
        registry_server.ensure_database(name, "somebody", "p")


def test_a_folder_with_other_content_is_refused(room):
    (room / "thesis.txt").write_text("years of work")
    with pytest.raises(NotAHomeError):
        Postgres(room).start()
    assert (room / "thesis.txt").read_text() == "years of work"


def test_a_full_disk_is_named_before_anything_is_written(server, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(DiskFullError) as caught:
        server.start()
    assert caught.value.fields["free_mb"] == 0
    assert not server.folder.exists()


def test_a_server_that_cannot_start_says_why(server):
    server.start()
    server.stop()
    (server.data / "operator.conf").write_text("shared_buffers = 'much'\n")
    with pytest.raises(PostgresStartError, match=r"shared_buffers|configuration file"):
        server.start()
    (server.data / "operator.conf").unlink()
    server.start()


def test_data_of_another_major_version_is_not_touched(server):
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(PostgresVersionError) as caught:
        server.start()
    assert caught.value.fields["found"] == 15


@as_root
def test_root_hands_the_server_to_an_unprivileged_user(server):
    server.start()
    pid = server.pid()
    assert pid is not None
    assert Path(f"/proc/{pid}").stat().st_uid != 0


@as_root
def test_a_home_nobody_else_can_enter_works_with_one_capability(server):
    """The room is 0700 and root's, as a clone under /root or in a fresh temporary folder is."""
    server.start()
    held = Path(f"/proc/{server.pid()}/status").read_text()
    wanted = 1 << account.CAP_DAC_READ_SEARCH
    if not account.permitted() & wanted:
        wanted = 1 << account.CAP_DAC_OVERRIDE
    assert f"CapEff:\t{wanted:016x}" in held
    assert "NoNewPrivs:\t1" in held


@as_root
def test_programs_in_a_folder_nobody_else_can_enter_still_run(room, server, monkeypatch):
    copied = bundle.find().copy_to(room / "programs")
    assert stat.S_IMODE(room.stat().st_mode) == 0o700
    monkeypatch.setattr(bundle, "find", lambda: copied)
    assert ask(server.start(), "SELECT 1") == 1
    assert not list(server.folder.glob("programs-*"))


@as_root
def test_an_open_path_needs_no_capability(room, server):
    room.chmod(0o711)
    copied = bundle.find().copy_to(room / "programs")
    assert copied.version() == bundle.find().version()
    assert copied.copy_to(room / "programs") == copied
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "find", lambda: copied)
        server.start()
    assert "CapPrm:\t0000000000000000" in Path(f"/proc/{server.pid()}/status").read_text()


@as_root
def test_without_capabilities_the_programs_are_copied_where_the_user_can_go(room, server, monkeypatch):
    room.chmod(0o711)
    closed = room / "closed"
    closed.mkdir(mode=0o700)
    copied = bundle.find().copy_to(closed / "programs")
    monkeypatch.setattr(bundle, "find", lambda: copied)
    monkeypatch.setattr(account, "permitted", lambda: 0)
    assert ask(server.start(), "SELECT 1") == 1
    assert list(server.folder.glob("programs-*"))


@as_root
def test_without_capabilities_a_closed_home_is_a_named_error(server, monkeypatch):
    monkeypatch.setattr(account, "permitted", lambda: 0)
    with pytest.raises(ServerUserError):
        server.start()


def test_a_throw_away_server_leaves_nothing_behind():
    with postgres.temporary() as server:
        assert ask(server.dsn, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user")
        folder, pid = server.home.path, server.pid()
        assert pid is not None
    assert not folder.exists()
    assert not postmaster.is_alive(pid)
    assert Home(folder).is_ours() is False
