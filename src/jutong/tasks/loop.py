"""The worker's loop. Import only when Django is ready."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connections
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

import jutong.tasks.intake  # noqa: F401 - its jobs register themselves
from jutong.kernel.clock import utc_now
from jutong.tasks import periodic, scans

logger = logging.getLogger(__name__)
GRACE_SECONDS = 10.0
"""How long a stopping worker lets a running job go on; it is run again after the next start if that is too short."""
POLL_SECONDS = 5.0
FOLLOW_SECONDS = 1.0
"""Pause between two looks at the catalog's change feed; searches answer what lies between from the registry."""
SEND_SECONDS = 2.0
"""Pause between two looks at the outbox."""
_STOPPING = threading.Event()
"""Set when the worker stops, so that the outbox ends with the message it is at."""


async def _run(worker: App) -> None:
    async with worker.open_async():
        await asyncio.to_thread(periodic.catch_up, utc_now())
        logger.info("worker ready")
        await worker.run_worker_async(
            name="jutong",
            concurrency=1,
            delete_jobs="successful",
            fetch_job_polling_interval=POLL_SECONDS,
            shutdown_graceful_timeout=GRACE_SECONDS,
            install_signal_handlers=False,
        )


async def _follow() -> None:
    """Keep the search index in step with the catalog, on a thread of its own, whatever the jobs are doing."""
    await _again("index", _follow_once, FOLLOW_SECONDS)


async def _send() -> None:
    """Empty the outbox on a thread of its own: a mail server that answers slowly holds up no job."""
    await _again("outbox", _send_once, SEND_SECONDS)


async def _tell_lineage() -> None:
    """Push lineage on a thread of its own, if there is an address: one that is away holds up no message."""
    await _again("lineage", _tell_lineage_once, SEND_SECONDS)


async def _again(name: str, turn: Callable[[], None], pause: float) -> None:
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) as thread:
        loop = asyncio.get_running_loop()
        while True:
            await loop.run_in_executor(thread, turn)
            await asyncio.sleep(pause)


def _follow_once() -> None:
    try:
        scans.follow_index(utc_now())
    except Exception:
        logger.exception("the search index was not brought up to date")
        connections.close_all()


def _send_once() -> None:
    try:
        scans.send_messages(utc_now, lambda: not _STOPPING.is_set())
    except Exception:
        logger.exception("the outbox was not emptied")
        connections.close_all()


def _tell_lineage_once() -> None:
    try:
        scans.send_lineage(utc_now, lambda: not _STOPPING.is_set())
    except Exception:
        logger.exception("lineage events were not pushed")
        connections.close_all()


async def _work(worker: App) -> None:
    """Run until told to stop. The signals are taken from the first moment on; a cancelled worker ends its job first."""
    _STOPPING.clear()
    beside = [asyncio.create_task(_follow()), asyncio.create_task(_send())]
    if settings.JUTONG.lineage_url:
        beside.append(asyncio.create_task(_tell_lineage()))
    running = asyncio.create_task(_run(worker))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running
    _STOPPING.set()
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    logger.info("worker stopped")


def run() -> None:
    """Work until SIGTERM or SIGINT."""
    if not logging.getLogger().isEnabledFor(logging.DEBUG):
        logging.getLogger("procrastinate").setLevel(logging.WARNING)  # else each scan writes two lines a minute
    connector = app.connector
    assert isinstance(connector, DjangoConnector)  # noqa: S101 - procrastinate's Django app sets it
    with app.replace_connector(connector.get_worker_connector()) as worker:
        asyncio.run(_work(worker))
