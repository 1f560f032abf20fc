"""A dry run as the check step shows it, and a back-fill ordered on a transfer's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from pydantic import ValidationError

from jutong.center.jobs import extras
from jutong.center.jobs import transfer_queries as queries
from jutong.center.jobs.extras import WRITTEN
from jutong.center.jobs.models import JobState
from jutong.center.jobs.ordering import OPEN, item_names
from jutong.center.jobs.queries import readable_jobs
from jutong.center.jobs.transfer import Transfer
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.contracts.modes import Period
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page, step
from jutong.web.jobs import transfers
from jutong.web.jobs.live import TONES
from jutong.web.jobs.mapping import invalid
from jutong.web.jobs.words import count_told

LONGEST_BOUND = 80


def trial_context(visit: Visit, transfer: Transfer) -> dict[str, Any]:
    """Return what the page says of the newest dry run of a transfer."""
    trial = readable_jobs(visit.actor).filter(beside=transfer, is_dry=True).order_by("-ordered_at", "-id").first()
    own = transfer.entry.organisation_id == visit.actor.organisation_id and has(visit.actor, Permission.JOBS_JOB_ORDER)
    found: dict[str, Any] = {"trial": trial, "may_try": own, "names": item_names(transfer.entry)}
    if trial is None:
        return found
    return found | {
        "trial_over": trial.state not in {*OPEN, JobState.UNKNOWN},
        "trial_running": trial.state in OPEN,
        "trial_tone": TONES.get(JobState(trial.state), "run") if trial.state != JobState.DONE else "ok",
        "trial_stale": trial.work != transfer.work,
        "trial_broken": [count_told(count) for count in trial.rule_counts if count["rows"]],
    }


@page(Permission.JOBS_JOB_VIEW)
def trial(visit: Visit, transfer_id: str) -> HttpResponseBase:
    """Return the part of the check step that tells of the newest dry run."""
    transfer = queries.transfer(visit.actor, transfer_id)
    if not visit.is_partial:
        return transfers.back_to(transfer)
    return visit.render("jobs/trial.html", {"transfer": transfer, **trial_context(visit, transfer)})


@step(Permission.JOBS_JOB_ORDER)
def backfill(visit: Visit, transfer_id: str) -> HttpResponseBase:
    """Order a period to be brought in again and lead to the job."""
    transfer = queries.transfer(visit.actor, transfer_id)
    try:
        period = _period(visit)
        job = extras.backfill(transfer=transfer, period=period, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return transfers.show(visit, transfer, problem)
    return visit.done(_("已下达补搬，节点马上开始"), f"/jobs/{job.id}")


def _period(visit: Visit) -> Period:
    typed = visit.request.POST
    first, until = (typed.get(name, "").strip()[:LONGEST_BOUND].replace(" ", "T") for name in ("first", "until"))
    try:
        return Period(first=first, until=until)
    except ValidationError as error:
        raise invalid(str(error.errors()[0]["loc"][0]), str(WRITTEN)) from error
