"""Lineage events pushed to an OpenLineage endpoint, if the operator named one.

An event is queued in the transaction of the receipt it tells of, and sent outside of any. A process killed between
sending and writing sends it once more; receivers know it by run and type.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from jutong.center.audit import actions as audit
from jutong.center.jobs import lineage
from jutong.center.jobs.lineage_send import LineageSend, LineageState
from jutong.center.jobs.models import Job
from jutong.center.notify.channels import answers
from jutong.center.notify.channels.posting import post
from jutong.center.notify.errors import SendFailedError
from jutong.center.notify.sending import CLAIM, MOST_TRIES, wait_after
from jutong.center.org.actor import Actor
from jutong.kernel.errors import JutongError

LOGGER = logging.getLogger(__name__)
NAME = "OpenLineage"
MOST = 100
"""Events of one turn."""
KEPT = timedelta(days=30)
"""How long it is known what was sent."""
_TAKEN = range(200, 300)


def queue(job: Job, now: datetime) -> None:
    """Queue the events of a job that are due by now and were not queued before; call it in a transaction."""
    if not settings.JUTONG.lineage_url:
        return
    rows = [LineageSend(job=job, kind=kind, next_at=now) for kind in lineage.due(job)]
    LineageSend.objects.bulk_create(rows, ignore_conflicts=True)


def send_due(*, clock: Callable[[], datetime], by: Actor, going: Callable[[], bool] = lambda: True) -> int:
    """Send what is due, while ``going`` and until the endpoint fails. Returns how many were taken by it."""
    sent = 0
    while sent < MOST and going() and (row := _claim(clock())) is not None:
        problem = _try(row)
        _settle(row, problem, by, clock())
        if problem is not None:
            break  # what is away is away for all
        sent += 1
    return sent


@transaction.atomic
def _claim(now: datetime) -> LineageSend | None:
    starts = LineageSend.objects.filter(job=OuterRef("job"), kind="START", state=LineageState.WAITING)
    waiting = LineageSend.objects.filter(state=LineageState.WAITING, next_at__lte=now)
    due = waiting.filter(Q(kind="START") | ~Exists(starts))  # an end is told after its beginning
    rows = due.select_for_update(of=("self",), skip_locked=True).select_related("job__entry__organisation")
    row = rows.order_by("next_at", "id").first()
    if row is not None:
        row.tries, row.next_at = row.tries + 1, now + CLAIM
        row.save(update_fields=["tries", "next_at"])
    return row


def _try(row: LineageSend) -> JutongError | None:
    known = lineage.ordered(row.job)
    if known is None:
        return None
    body = json.dumps(lineage.event(row.job, known, row.kind), ensure_ascii=False).encode()  # type: ignore[arg-type]
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "jutong"}
    if token := settings.JUTONG.lineage_token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        answer = post(settings.JUTONG.lineage_url, body, headers, channel=NAME)
    except JutongError as problem:
        return problem
    if answer.status in _TAKEN:
        return None
    return SendFailedError(channel=NAME, reason=answers.of_status(answer.status), detail=f"HTTP {answer.status}")


@transaction.atomic
def _settle(row: LineageSend, problem: JutongError | None, by: Actor, now: datetime) -> None:
    row.problem = problem.explain()[:500] if problem else ""
    if problem is None:
        row.state, row.ended_at = LineageState.SENT, now
    elif row.tries >= MOST_TRIES:
        row.state, row.ended_at = LineageState.DEAD, now
        audit.record(
            event="jobs:lineage:fail", by=by, now=now, subject_kind="job", subject_id=row.job_id,
            subject_label=row.job.target, kind=row.kind, tries=row.tries, problem=row.problem,
        )  # fmt: skip
    else:
        row.next_at = now + wait_after(row.tries)
    if problem is not None:
        LOGGER.warning("lineage event %s of job %s was not taken: %s", row.kind, row.job_id, row.problem)
    row.save()


def forget_old(now: datetime) -> int:
    """Forget which events were sent long ago. Returns how many."""
    old = LineageSend.objects.filter(ended_at__lt=now - KEPT).exclude(state=LineageState.WAITING)
    return old.delete()[0]
