"""Source and target restarted in immediate mode, as by a crash, while jobs of both kinds are at work."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.node.exchange import runner
from jutong.node.exchange.jobs import JobFolder, chunks_finished
from jutong.runtime.postgres import Postgres
from tests.fault.exchange.city import MARIA, City, Course, Filled, Piped
from tests.fault.exchange.conftest import PASSWORD
from tests.fault.exchange.marias import Loaded
from tests.plugins.mariadb import Private
from tests.unit.node.exchange.moving import PATIENCE_SECONDS, wait_for

pytestmark = pytest.mark.fault
TRIES = 6


@pytest.fixture
def second() -> Iterator[Postgres]:
    """A server of this test's own, durable, that may be crashed."""
    room = Path(tempfile.mkdtemp(prefix="jutong-ft-", dir="/tmp"))
    room.chmod(0o711)
    server = Postgres(room / "home")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(room, ignore_errors=True)


def crash(server: Postgres) -> None:
    """End the server as ``pg_ctl stop -m immediate`` does, and start it again."""
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while server.exit_code() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    server.start()


def through(order: JobOrder, course: Course, crashes: Callable[[], None]) -> list[MovedReceipt]:
    """Start a job, crash a server in the midst of it, and try again as the node does; return what was said."""
    said: list[MovedReceipt] = []
    handle = runner.start(order, home=course.city.home, source=course.source, most_tries=TRIES)
    folder = JobFolder(course.city.home, order.job_id).path
    deadline = time.monotonic() + PATIENCE_SECONDS
    while chunks_finished(folder) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    crashes()
    said.append(wait_for(handle))
    while said[-1].state == "waiting":
        handle = runner.start(order, home=course.city.home, source=course.source, most_tries=TRIES)
        said.append(wait_for(handle))
    return said


def test_a_job_outlives_the_crash_of_its_mariadb(city: City) -> None:
    private = Private(durable=True)
    try:
        server = private.start()
        server.create_database(MARIA)
        dsn = f"mysql://{server.user}:{server.password}@{server.host}:{server.port}/{MARIA}"
        course = Loaded(city.through(maria=dsn), random.Random(1))
        course.begin()
        course.change()
        course.expect()

        def crashed() -> None:
            private.kill()
            private.start()

        *before, receipt = through(course.order(), course, crashed)
        told = [one.problem.partition(":")[0] for one in before]
        assert set(told) <= {"node.exchange.target-lost", "node.source.unreachable"}, told
        assert receipt.state == "done", receipt.problem
        assert course.content() == course.expected
        course.audit(receipt)
        assert not course.left_over()
    finally:
        private.close()


def test_jobs_outlive_the_crash_of_either_server(city: City, second: Postgres) -> None:
    dice = random.Random(1)
    crashing = second.ensure_database("fault_second", "fault_owner", PASSWORD)
    for kind, source, hub in ((Piped, crashing, city.hub.dsn), (Filled, city.source.dsn, crashing)):
        course = kind(city.through(source=source, hub=hub), dice)
        course.begin()
        course.change()
        course.expect()
        *before, receipt = through(course.order(), course, partial(crash, second))
        lost = "node.exchange.source-lost" if source == crashing else "node.exchange.target-lost"
        told = [one.problem.partition(":")[0] for one in before]
        assert set(told) <= {lost, "node.source.unreachable"}, told
        assert receipt.state == "done", receipt.problem
        assert course.content() == course.expected
        course.audit(receipt)
        assert not course.left_over()
