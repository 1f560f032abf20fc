"""The worker's loop. Import only when Django is ready."""

from __future__ import annotations

import asyncio
import logging

from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from jutong.kernel.clock import utc_now
from jutong.tasks import periodic

logger = logging.getLogger(__name__)
GRACE_SECONDS = 10.0
"""How long a stopping worker lets a running job go on; it is run again after the next start if that is too short."""
POLL_SECONDS = 5.0


async def _work(worker: App) -> None:
    async with worker.open_async():
        await periodic.defer_at_start(utc_now())
        logger.info("worker ready")
        await worker.run_worker_async(
            name="jutong",
            concurrency=1,
            delete_jobs="successful",
            fetch_job_polling_interval=POLL_SECONDS,
            shutdown_graceful_timeout=GRACE_SECONDS,
        )
    logger.info("worker stopped")


def run() -> None:
    """Work until SIGTERM or SIGINT."""
    connector = app.connector
    assert isinstance(connector, DjangoConnector)  # noqa: S101 - procrastinate's Django app sets it
    with app.replace_connector(connector.get_worker_connector()) as worker:
        asyncio.run(_work(worker))
