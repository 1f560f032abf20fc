from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from jutong.center.org.actor import Actor
from jutong.center.sharing import queries
from jutong.center.sharing.queries import Task, TaskKind

_KEPT = "_jutong_waiting"
_LISTS = {
    TaskKind.CATALOG_CONSENT: "/manage/work/consent",
    TaskKind.CATALOG_SUBMIT: "/manage/work/submit",
    TaskKind.CATALOG_REVIEW: "/review",
    TaskKind.CATALOG_UPDATE: "/changes",
}
"""Where many of a kind are done together."""
_DECIDED_ON = {
    TaskKind.CATALOG_EXTENSION: "/extensions/",
    TaskKind.CATALOG_FILING: "/filings/",
    TaskKind.SOURCE_POSITION: "/ownership/",
    TaskKind.PLAN_DECIDE: "/ownership/plans/",
}


def asked(request: HttpRequest) -> bool:
    """Return whether the tasks of this request are known already."""
    return hasattr(request, _KEPT)


def waiting(request: HttpRequest, actor: Actor, now: datetime) -> list[Task]:
    """Return what waits for the actor, asked once a request: the frame counts what the page may list."""
    if not asked(request):
        setattr(request, _KEPT, queries.inbox(actor, now))
    found: list[Task] = getattr(request, _KEPT)
    return found


def task_link(task: Task) -> str:
    """Return the page where a task is done."""
    if task.link:
        return task.link
    if task.count > 1:
        return _LISTS[task.kind]
    if task.kind in _DECIDED_ON:
        return _DECIDED_ON[task.kind] + task.subject_id
    if task.kind in {TaskKind.CATALOG_REVIEW, TaskKind.CATALOG_CONSENT}:
        return f"/review/{task.subject_id}"
    if task.is_catalog:
        return f"/manage/entries/{task.number}"
    return f"/applications/{task.number}"
