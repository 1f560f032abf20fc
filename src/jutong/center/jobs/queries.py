from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from jutong.center.jobs.models import Job, JobNews
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.paging import Page, newest_first
from jutong.kernel.errors import NotFoundError


def readable_jobs(actor: Actor) -> QuerySet[Job]:
    """Return the jobs of the actor's department; the authority's division's; all for who runs the platform."""
    org.require(actor, Permission.JOBS_JOB_VIEW)
    rows = Job.objects.select_related("entry__organisation", "ordered_by", "transfer", "beside")
    if actor.role == Role.SYSTEM_ADMIN:
        return rows
    rule = Q(entry__organisation_id=actor.organisation_id or org.NOBODY)
    if actor.role == Role.AUTHORITY:
        rule |= Q(entry__organisation__division_code=actor.division_code)
    return rows.filter(rule)


def jobs(actor: Actor, *, entry_code: str = "", after: str = "", limit: int = 20) -> Page[Job]:
    """Return the jobs of the actor's department, for the authority of its division, the newest first."""
    rows = readable_jobs(actor)
    if entry_code:
        rows = rows.filter(entry__code=entry_code)
    return newest_first(rows, "ordered_at", after=after, limit=limit)


def job(actor: Actor, job_id: UUID | str) -> Job:
    """Return one job.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    found = readable_jobs(actor).filter(id=org.as_uuid(job_id)).first()
    if found is None:
        raise NotFoundError(what=str(job_id))
    return found


def log(job: Job, *, limit: int = 200) -> list[JobNews]:
    """Return the newest lines of a job's log, the newest first; who may see the job is asked before."""
    return list(JobNews.objects.filter(job=job).order_by("-at", "-id")[:limit])
