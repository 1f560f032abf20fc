"""The steps of a version being made, and moving a bound table into the library."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.catalog import queries
from jutong.center.catalog.actions import assessing, draft, submission
from jutong.center.catalog.enums import AssessmentKind, UpdateTrigger
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.jobs.actions import order_job
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import InvalidInputError, JutongError, NotFoundError
from jutong.web.door import Visit, step
from jutong.web.manage.entries import show


def take(visit: Visit, code: str, said: str, act: Callable[[Entry], object], to: str = "") -> HttpResponse:
    """Take a step on an own entry and lead on, or show its page with what was refused."""
    try:
        act(queries.entry_for_steward(visit.actor, code))
    except JutongError as problem:
        return show(visit, queries.entry_for_steward(visit.actor, code), problem)
    return visit.done(said, to or f"/manage/entries/{code}")


def open_of(entry: Entry) -> EntryVersion:
    """Return the version being made of an entry.

    Raises:
        NotFoundError: if none is.
    """
    version = queries.open_version(entry)
    if version is None:
        raise NotFoundError(what=entry.code)
    return version


def day_of(text: str) -> date | None:
    """Return the day of a form's field, None where it is empty.

    Raises:
        InvalidInputError: if it is no day.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = _("请填日期，如2026-11-20")
        row = {"field": gettext_noop("日期"), "found": text, "message": message, "clause": ""}
        raise InvalidInputError(problems=[row]) from error


@step(Permission.CATALOG_ENTRY_EDIT)
def assess(visit: Visit, code: str) -> HttpResponseBase:
    """Record one of the two assessments (条例 13)."""
    typed = visit.request.POST
    kind = typed.get("kind", "")

    def act(entry: Entry) -> object:
        return assessing.record_assessment(
            version=open_of(entry),
            kind=kind if kind in AssessmentKind.values else AssessmentKind.SECRECY,
            passed=typed.get("passed") == "1",
            conclusion=typed.get("conclusion", ""),
            assessed_by=typed.get("assessed_by", ""),
            assessed_on=day_of(typed.get("assessed_on", "")) or visit.now.date(),
            by=visit.actor,
            now=visit.now,
        )

    return take(visit, code, _("评估已登记"), act)


@step(Permission.CATALOG_ENTRY_SUBMIT)
def submit(visit: Visit, code: str) -> HttpResponseBase:
    """Submit a version to the authority (条例 16)."""
    return take(
        visit,
        code,
        _("已提交主管部门审核"),
        lambda entry: submission.submit(version=open_of(entry), by=visit.actor, now=visit.now),
    )


@step(Permission.CATALOG_ENTRY_SUBMIT)
def recall(visit: Visit, code: str) -> HttpResponseBase:
    """Take a submitted version back."""
    return take(
        visit,
        code,
        _("已撤回，可以修改"),
        lambda entry: submission.withdraw(version=open_of(entry), by=visit.actor, now=visit.now),
    )


@step(Permission.CATALOG_ENTRY_EDIT)
def change(visit: Visit, code: str) -> HttpResponseBase:
    """Begin a new version of a published entry (条例 17)."""
    typed = visit.request.POST
    trigger = typed.get("trigger", "")

    def act(entry: Entry) -> object:
        return draft.new_version(
            entry=entry,
            trigger=trigger if trigger in UpdateTrigger.values else UpdateTrigger.VOLUNTARY,
            happened_on=day_of(typed.get("happened_on", "")),
            change_note=typed.get("change_note", ""),
            effective_from=day_of(typed.get("effective_from", "")),
            by=visit.actor,
            now=visit.now,
        )

    return take(visit, code, _("已建新版，原版在新版发布前继续有效"), act, f"/manage/entries/{code}/edit")


@step(Permission.JOBS_JOB_ORDER)
def move(visit: Visit, code: str) -> HttpResponseBase:
    """Order the node to move the bound table into the library."""
    return take(
        visit,
        code,
        _("已下达，节点搬完并核对后回执"),
        lambda entry: order_job(entry=entry, by=visit.actor, now=visit.now),
        "/jobs",
    )
