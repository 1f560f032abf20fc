"""The scans as jobs of the queue in the registry.

A job is put off again by cron whether or not the one before it came to its end, so a worker that is killed delays
a scan by a minute at most. Import only when Django is ready.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import connections
from procrastinate.contrib.django import app

from jutong.center.catalog.actions import runs
from jutong.kernel.clock import utc_now
from jutong.tasks import scans

logger = logging.getLogger(__name__)
EVERY_MINUTE = "* * * * *"
EVERY_HOUR = "17 * * * *"
EVERY_NIGHT = "37 18 * * *"
"""02:37 in Beijing; the worker's clock is UTC."""
STALLED_SECONDS = 30
"""A running job whose worker gave no sign for so long is run again; a living worker gives one every ten seconds."""
KEPT_HOURS = 72
"""How long jobs that failed stay to be looked at."""

SCANS: dict[str, Callable[[datetime], int]] = {}
"""The scans that are made up for at a worker's start, by the names of their jobs."""


def _every(cron: str, name: str, scan: Callable[[datetime], int], *, at_start: bool = True) -> None:
    def run(timestamp: int) -> None:
        count = scan(utc_now())
        if count:
            logger.info("%s: %d", name, count)

    task = app.task(name=name, queueing_lock=name)(run)
    app.periodic(cron=cron)(task)
    if at_start:
        SCANS[name] = scan


_every(EVERY_MINUTE, "scan-breaches", scans.scan_breaches)
_every(EVERY_MINUTE, "escalate", scans.escalate)
_every(EVERY_HOUR, "offer-violations", scans.offer_violations)
_every(EVERY_HOUR, "find-violations", scans.find_violations, at_start=False)
_every(EVERY_MINUTE, "expire-grants", scans.expire_grants)
_every(EVERY_MINUTE, "prove-disposals", scans.prove_disposals)
_every(EVERY_HOUR, "keep-ledgers", scans.keep_ledgers)
_every(EVERY_HOUR, "measure-agreements", scans.measure_agreements)
_every(EVERY_MINUTE, "issue-waiting-grants", scans.issue_waiting_grants)
_every(EVERY_MINUTE, "count-uses", scans.count_uses)
_every(EVERY_MINUTE, "alert-holders", scans.alert_holders)
_every(EVERY_HOUR, "ask-idle-grants", scans.ask_idle_grants)
_every(EVERY_MINUTE, "mark-unknown-jobs", scans.mark_unknown_jobs)
_every(EVERY_MINUTE, "run-transfers", scans.run_transfers)
_every(EVERY_MINUTE, "tell-late-transfers", scans.tell_late_transfers)
_every(EVERY_MINUTE, "carry-on-batches", scans.carry_on_batches)
_every(EVERY_MINUTE, "watch-bindings", scans.watch_bindings)
_every(EVERY_HOUR, "flag-unbound", scans.flag_unbound)
_every(EVERY_MINUTE, "follow-holdings", scans.follow_holdings)
_every(EVERY_MINUTE, "tell-saved-searches", scans.tell_saved_searches)
_every(EVERY_HOUR, "close-inquiries", scans.close_inquiries)
_every(EVERY_HOUR, "disclose-uses", scans.disclose_uses)
_every(EVERY_MINUTE, "make-digests", scans.make_digests)
_every(EVERY_HOUR, "clean-up", scans.clean_up)
_every(EVERY_HOUR, "rate-new-entries", scans.rate_new_entries)
_every(EVERY_NIGHT, "run-norms", scans.run_norms, at_start=False)
_every(EVERY_NIGHT, "reconcile-index", scans.reconcile_index, at_start=False)
_every(EVERY_NIGHT, "care-for-library", scans.care_for_library, at_start=False)
_every(EVERY_NIGHT, "reread-holdings", scans.reread_holdings, at_start=False)


@app.periodic(cron=EVERY_MINUTE)
@app.task(name="rescue-stalled", queueing_lock="rescue-stalled")
async def rescue_stalled(timestamp: int) -> None:
    """Run again what a killed worker left behind; jobs are idempotent."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        logger.warning("running again the stalled job %s of %s", job.id, job.task_name)
        await app.job_manager.retry_job(job)


@app.periodic(cron=EVERY_HOUR)
@app.task(name="forget-old-jobs", queueing_lock="forget-old-jobs")
async def forget_old_jobs(timestamp: int) -> None:
    """Forget jobs that failed long ago; those that succeeded are not kept at all."""
    await app.job_manager.delete_old_jobs(
        nb_hours=KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


@app.task(name=runs.TASK)
def run_batch(run_id: str) -> None:
    """Take a step for many versions to the end, a chunk at a time; the scan goes on with what a killed one left."""
    while runs.carry_on(run_id=UUID(run_id), now=utc_now()):
        pass


def catch_up(now: datetime) -> None:
    """Do every scan once, at the start of a worker, so that nothing waits for the next minute.

    A scan that fails here is logged and left to its job.
    """
    for name, scan in SCANS.items():
        try:
            scan(now)
        except Exception:
            logger.exception("%s failed at the start", name)
    connections.close_all()
