from __future__ import annotations

import base64

from django.http import HttpResponseBase

from jutong.center.jobs import queries, repairing
from jutong.center.org.permissions import Permission
from jutong.contracts.envelope import Envelope
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page
from jutong.web.jobs.live import replays_told
from jutong.web.jobs.words import count_told
from jutong.web.middleware import policy

SHOWN = 20
"""Replays listed, the newest."""


@form_page(Permission.JOBS_QUARANTINE_REPAIR)
def quarantine(visit: Visit, job_id: str) -> HttpResponseBase:
    """Show what a job set aside, in numbers, and give the ticket with which its rows are put right at the node."""
    job = queries.job(visit.actor, job_id)
    context = {
        "job": job,
        "broken": [count_told(count) for count in job.rule_counts if count["rows"] and count["action"] != "warn"],
        "replays": replays_told(job, SHOWN),
    }
    if not visit.is_post:
        return visit.render("jobs/quarantine.html", context)
    try:
        given = repairing.open_quarantine(job=job, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.render("jobs/quarantine.html", {**context, "problem": problem}, status=problem.http_status)
    context |= {"gateway": given.gateway_url, "ticket": encoded(given.ticket)}
    response = visit.render("jobs/quarantine.html", context)
    response.headers["Content-Security-Policy"] = policy(given.gateway_url)
    return response


def encoded(ticket: Envelope) -> str:
    """Return a ticket as a form carries it."""
    return base64.urlsafe_b64encode(ticket.model_dump_json().encode()).decode()
