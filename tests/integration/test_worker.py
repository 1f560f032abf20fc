from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.django_connector import DjangoConnector

from jutong.center.clocks.models import StatutoryClock
from jutong.center.sharing.models import Notice, Violation
from jutong.runtime.postgres import Postgres
from tests.sharing_steps import submitted
from tests.sharing_world import build

DEADLINE = 60.0


@pytest.fixture(autouse=True)
def empty_queue(transactional_db) -> None:
    """The flush between tests leaves the queue alone, because its tables are not Django's."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("it did not come about in time", pytrace=False)
        time.sleep(0.05)


def dsn(server: Postgres) -> str:
    name = connection.settings_dict["NAME"]
    head, _, rest = server.dsn.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{rest}" if rest else "")


@contextmanager
def worker(server: Postgres) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        [sys.executable, "-m", "jutong.tasks.worker"],
        env={**os.environ, "JUTONG_DATABASE_URL": dsn(server)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def overdue() -> None:
    world = build()
    submitted(world, timezone.now())
    yesterday = timezone.now().date() - timedelta(days=2)
    StatutoryClock.objects.update(due_on=yesterday)


def test_the_worker_scans_at_once_and_stops_when_told(registry_server: Postgres) -> None:
    overdue()
    with worker(registry_server) as child:
        until(Violation.objects.exists)
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=DEADLINE) == 0
    violation = Violation.objects.get()
    assert (violation.code, violation.organisation.short_name) == ("P4", "市民政局")
    assert Notice.objects.filter(role="authority").count() == 1
    assert StatutoryClock.objects.get(subject_kind="application").state == "running"


def test_a_killed_worker_loses_no_scan(registry_server: Postgres) -> None:
    overdue()
    with psycopg.connect(dsn(registry_server)) as holder:
        holder.execute("LOCK TABLE clocks_statutoryclock IN ACCESS EXCLUSIVE MODE")
        with worker(registry_server) as child:
            until(_waits_for_a_lock)
            child.kill()
            child.wait(timeout=DEADLINE)
        holder.rollback()
    assert not Violation.objects.exists()
    with worker(registry_server):
        until(Violation.objects.exists)
    assert Violation.objects.count() == 1


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_what_a_dead_worker_left_behind_is_run_again(registry_server: Postgres) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '2 minutes') RETURNING id"
        )
        dead = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args, worker_id)"
            " VALUES ('default', 'expire-grants', 'doing', '{\"timestamp\": 0}', %s) RETURNING id",
            [dead],
        )
        job = cursor.fetchone()[0]
    _in_worker_app("rescue_stalled")
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job])
        assert cursor.fetchone()[0] == "todo"


def test_jobs_that_failed_are_forgotten_after_days(registry_server: Postgres) -> None:
    with connection.cursor() as cursor:
        for name, age in (("old", "5 days"), ("new", "1 hour")):
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('default', %s, 'failed')"
                " RETURNING id",
                [name],
            )
            job = cursor.fetchone()[0]
            cursor.execute("DELETE FROM procrastinate_events WHERE job_id = %s", [job])
            cursor.execute(
                "INSERT INTO procrastinate_events (job_id, type, at) VALUES (%s, 'failed', now() - %s::interval)",
                [job, age],
            )
    _in_worker_app("forget_old_jobs")
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs")
        assert [row[0] for row in cursor.fetchall()] == ["new"]


def _in_worker_app(name: str) -> None:
    from procrastinate.contrib.django import app

    from jutong.tasks import periodic

    async def run() -> None:
        async with worker_app.open_async():
            await getattr(periodic, name)(timestamp=0)

    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    with app.replace_connector(connector.get_worker_connector()) as worker_app:
        asyncio.run(run())


def test_a_scan_that_fails_at_the_start_keeps_no_other_from_running(
    transactional_db, monkeypatch, caplog: pytest.LogCaptureFixture
) -> None:
    from jutong.tasks import periodic

    def broken(now: datetime) -> int:
        raise OSError("disk full")

    monkeypatch.setitem(periodic.SCANS, "scan-breaches", broken)
    done: list[datetime] = []

    def fine(now: datetime) -> int:
        done.append(now)
        return 0

    monkeypatch.setitem(periodic.SCANS, "clean-up", fine)
    now = timezone.now()
    periodic.catch_up(now)
    assert done == [now]
    assert "scan-breaches failed" in caplog.text
