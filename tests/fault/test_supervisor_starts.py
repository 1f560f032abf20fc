"""What keeps an instance from starting has a name, and starting in vain leaves nothing running."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat

import psycopg
import pytest

from jutong.runtime import state
from jutong.runtime.child import answers
from jutong.runtime.postgres import Postgres
from jutong.runtime.postmaster import is_alive
from tests.fault.conftest import SECONDS, wait_for

pytestmark = pytest.mark.fault


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_end_it_ends_everything_it_started(instance, number):
    process = instance.ready("family")
    pids = [instance.pid(name) for name in ("registry", "web", "worker")]
    assert answers("127.0.0.1", instance.port)
    process.send_signal(number)
    assert process.wait(timeout=SECONDS) == 0
    assert not any(is_alive(pid) for pid in pids)
    assert not state.is_supervised(instance.home)
    assert state.read(instance.home) is None


def test_a_process_that_will_not_end_is_ended(instance):
    process = instance.ready("stubborn")
    pid = instance.pid("web")
    assert instance.end(process) == 0
    assert not is_alive(pid)


def test_ended_while_starting_it_leaves_nothing(instance):
    process = instance.up()
    wait_for(lambda: state.read(instance.home), "the start is written down")
    assert instance.end(process) == 0
    assert Postgres(instance.home.path).pid() is None


def test_two_supervisors_on_one_home_refuse_each_other(instance):
    first = instance.ready()
    second = instance.up()
    said = instance.said(second)
    assert said.startswith("runtime.instance.already-running")
    assert str(first.pid) in said
    assert second.wait(timeout=SECONDS) == 1
    assert answers("127.0.0.1", instance.port)


def test_a_port_in_use_is_named_before_anything_starts(instance):
    with socket.create_server(("127.0.0.1", instance.port)):
        process = instance.up()
        said = instance.said(process)
        assert said.startswith("runtime.port.in-use")
        assert str(instance.port) in said
        assert process.wait(timeout=SECONDS) == 1
    assert not (instance.home.path / "registry").exists()


def test_a_process_that_fails_at_once_stops_the_start_and_says_why(instance):
    process = instance.up("broken")
    said = instance.said(process)
    assert said.startswith("runtime.process.not-ready")
    assert "told to fail" in said
    assert process.wait(timeout=SECONDS) == 1
    assert Postgres(instance.home.path).pid() is None


def test_a_registry_that_cannot_be_prepared_stops_the_start_and_says_why(instance):
    process = instance.up(PREPARE_CODE="raise SystemExit('table 7 is crooked')")
    said = instance.said(process)
    assert said.startswith("runtime.registry.preparation-failed")
    assert "table 7 is crooked" in said
    assert process.wait(timeout=SECONDS) == 1
    assert Postgres(instance.home.path).pid() is None


def test_the_registry_is_prepared_once_and_again_when_it_changed(instance):
    counted = instance.home.path.parent / "count"
    code = f"open({str(counted)!r}, 'a').write('x')"
    for expected in ("x", "x"):
        assert instance.end(instance.ready(PREPARE_CODE=code)) == 0
        assert counted.read_text() == expected
    instance.ready(PREPARE_CODE=code)
    with psycopg.connect(instance.home.dsn_file.read_text().strip()) as connection:
        connection.execute("CREATE TABLE django_migrations (id int, app text, name text, applied timestamptz)")
        connection.execute("INSERT INTO django_migrations VALUES (1, 'org', '0001', now())")
    assert instance.end(instance.started[-1]) == 0
    instance.ready(PREPARE_CODE=code)
    assert counted.read_text() == "xx"


def test_ended_while_the_registry_is_prepared_it_leaves_nothing(instance):
    begun = instance.home.path.parent / "begun"
    process = instance.up(PREPARE_CODE=f"import signal; open({str(begun)!r}, 'w'); signal.pause()")
    wait_for(begun.exists, "the preparation has begun")
    assert instance.end(process) == 0
    assert Postgres(instance.home.path).pid() is None
    assert not (instance.home.run / "prepared.json").exists()


def test_an_external_registry_that_does_not_answer_is_named(instance):
    process = instance.up(JUTONG_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert instance.said(process).startswith("runtime.registry.unreachable")
    assert process.wait(timeout=SECONDS) == 1


def test_an_external_registry_is_used_and_left_alone(instance, registry_server):
    url = registry_server.ensure_database("outside", "outside", "secret")
    process = instance.ready(JUTONG_DATABASE_URL=url)
    known = state.read(instance.home)
    assert known is not None
    assert known.registry == "external"
    assert not instance.home.dsn_file.exists()
    assert instance.end(process) == 0
    assert registry_server.is_running()


def test_a_node_runs_without_a_registry(instance):
    process = instance.ready(role="node")
    assert not (instance.home.path / "registry").exists()
    assert instance.end(process) == 0


def test_the_state_is_for_us_alone_and_says_what_runs(instance):
    process = instance.ready()
    path = instance.home.run / "state.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["phase"] == "ready"
    assert found["pid"] == process.pid
    assert {row["name"]: row["port"] for row in found["processes"]} == {
        "registry": None,
        "web": instance.port,
        "worker": None,
    }
    assert os.getpgid(instance.pid("web")) != os.getpgid(process.pid)
