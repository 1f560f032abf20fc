"""Any process may be killed at any moment: the others notice, and the next start finds everything."""

from __future__ import annotations

import os
import signal

import psycopg
import pytest

from jutong.runtime import state
from jutong.runtime.child import answers, any_alive
from jutong.runtime.postgres import Postgres
from jutong.runtime.postmaster import is_alive
from tests.fault.conftest import wait_for

pytestmark = pytest.mark.fault


def registry(instance) -> str:
    return str(instance.home.dsn_file.read_text(encoding="utf-8")).strip()


def test_a_killed_process_comes_back(instance):
    instance.ready()
    pid = instance.pid("web")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: instance.process("web").restarts == 1, "the restart is written down")
    wait_for(lambda: answers("127.0.0.1", instance.port), "the new process answers")
    assert instance.pid("web") != pid
    assert instance.pid("worker")


def test_what_a_killed_process_had_started_goes_with_it(instance):
    instance.ready("family")
    pid = instance.pid("web")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: instance.process("web").restarts == 1, "the restart is written down")
    assert not any_alive(pid)


def test_a_killed_registry_recovers_what_was_committed(instance):
    instance.ready()
    with psycopg.connect(registry(instance)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 41 AS number")
    pid = instance.pid("registry")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: instance.pid("registry") != pid, "the registry is up again")
    with psycopg.connect(registry(instance)) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (41,)


def test_a_killed_supervisor_takes_everything_along_and_the_next_start_finds_the_data(instance):
    process = instance.ready()
    with psycopg.connect(registry(instance)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    pids = [instance.pid(name) for name in ("registry", "web", "worker")]
    process.kill()
    process.wait()
    wait_for(lambda: not any(is_alive(pid) for pid in pids), "the kernel ended what the supervisor had started")
    assert not state.is_supervised(instance.home)
    instance.ready()
    with psycopg.connect(registry(instance)) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (42,)


def test_killing_everything_at_once_during_writes_loses_no_commit(instance):
    process = instance.ready()
    acknowledged = 0
    pids = [process.pid, *(instance.pid(name) for name in ("registry", "web", "worker"))]
    with psycopg.connect(registry(instance), autocommit=True) as connection:
        connection.execute("CREATE TABLE written (number int PRIMARY KEY)")
        for number in range(200):
            connection.execute("INSERT INTO written VALUES (%s)", (number,))
            acknowledged = number + 1
            if number == 150:
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                break
    process.wait()
    instance.ready()
    with psycopg.connect(registry(instance)) as connection:
        row = connection.execute("SELECT count(*), max(number) FROM written").fetchone()
    assert row == (acknowledged, acknowledged - 1)


def test_a_process_that_outlived_its_supervisor_is_ended_first(instance):
    process = instance.ready("stubborn")
    pid = instance.pid("web")
    process.kill()
    process.wait()
    assert is_alive(pid)
    assert answers("127.0.0.1", instance.port)
    instance.ready()
    assert not is_alive(pid)


def test_a_registry_that_outlived_its_supervisor_is_replaced_by_one_of_our_own(instance):
    instance.home.prepare()
    stranger = Postgres(instance.home.path)
    stranger.start()
    pid = stranger.pid()
    instance.ready()
    assert instance.pid("registry") != pid
    assert stranger.exit_code() == 0
