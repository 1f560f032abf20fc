"""What happens to an entry besides its drafts: versions compared, giving up, taking down, filing, more time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog import actions, duty_queries, queries
from jutong.center.catalog.enums import VersionKind
from jutong.center.catalog.life import Filing, UpdateExtension
from jutong.center.catalog.models import Entry
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.manage.steps import day_of, open_of, take


@page(Permission.CATALOG_ENTRY_VIEW)
def versions(visit: Visit, code: str) -> HttpResponseBase:
    """Show the versions of an entry, and any two of them compared."""
    found = queries.history(visit.actor, code)
    numbers = [row.number for row in found]
    asked = visit.request.GET
    after = _number(asked.get("after", ""), numbers) or numbers[0]
    before = _number(asked.get("before", ""), numbers) or (numbers[1] if len(numbers) > 1 else None)
    comparison = queries.compare(visit.actor, code, before, after) if before and before != after else None
    context = {
        "here": f"/catalog/{code}/versions",
        "code": code,
        "entry": found[0].entry,
        "versions": found,
        "numbers": [(number, _("第%(n)s版") % {"n": number}) for number in numbers],
        "before": before,
        "after": after,
        "comparison": comparison,
    }
    return visit.render("catalog/versions.html", context)


def _number(text: str, known: list[int]) -> int | None:
    return int(text) if text.isdigit() and len(text) < len("100000") and int(text) in known else None


@step(Permission.CATALOG_ENTRY_EDIT)
def discard(visit: Visit, code: str) -> HttpResponseBase:
    """Give up the version that is being made."""
    entry = queries.entry_for_steward(visit.actor, code)
    to = f"/manage/entries/{code}" if entry.published_id else "/manage/entries"
    return take(
        visit,
        code,
        _("已作废这一版"),
        lambda entry: actions.discard(version=open_of(entry), by=visit.actor, now=visit.now),
        to,
    )


@step(Permission.CATALOG_ENTRY_EDIT)
def remove(visit: Visit, code: str) -> HttpResponseBase:
    """Propose to take the entry down, or give another reason where that was sent back."""
    reason = visit.request.POST.get("change_note", "")

    def act(entry: Entry) -> object:
        version = queries.open_version(entry)
        if version is not None and version.kind == VersionKind.REMOVAL:
            return actions.revise_removal(version=version, reason=reason, by=visit.actor, now=visit.now)
        day = day_of(visit.request.POST.get("effective_from", ""))
        return actions.propose_removal(entry=entry, reason=reason, effective_from=day, by=visit.actor, now=visit.now)

    return take(visit, code, _("已提出下线，等部门负责人同意"), act)


@step(Permission.CATALOG_FILING_SUBMIT)
def file_end(visit: Visit, code: str) -> HttpResponseBase:
    """File with the authority that the service ends (条例 27(3))."""
    typed = visit.request.POST
    consulted = {
        name.removeprefix("consulted."): typed.get(name, "") for name in typed if name.startswith("consulted.")
    }

    def act(entry: Entry) -> object:
        reason = typed.get("filing_reason", "")
        return actions.file_end(entry=entry, reason=reason, consulted=consulted, by=visit.actor, now=visit.now)

    return take(visit, code, _("已向主管部门备案"), act)


@step(Permission.CATALOG_EXTENSION_ASK)
def ask_extension(visit: Visit, code: str) -> HttpResponseBase:
    """Ask the authority for more working days to update (条例 17)."""
    typed = visit.request.POST
    days = typed.get("days", "")

    def act(entry: Entry) -> object:
        count = int(days) if days.isdigit() and len(days) <= len("10") else 0
        return actions.ask_extension(
            entry=entry, days=count, reason=typed.get("extension_reason", ""), by=visit.actor, now=visit.now
        )

    return take(visit, code, _("已向主管部门申请延期"), act)


@form_page(Permission.CATALOG_DRAFT_VIEW)
def extension(visit: Visit, extension_id: UUID) -> HttpResponseBase:
    """Show a request for more time; the authority decides on it."""
    problem = None
    if visit.is_post:
        consented = visit.request.POST.get("consented") == "1"
        try:
            actions.decide_extension(
                extension_id=extension_id,
                consented=consented,
                note=visit.request.POST.get("reason", ""),
                by=visit.actor,
                now=visit.now,
            )
        except NotFoundError:
            raise
        except JutongError as error:
            visit.keep(error)
            problem = error
        else:
            return visit.done(_("已同意延期") if consented else _("已告知不延期"), "/inbox")
    found = duty_queries.extension(visit.actor, extension_id)
    context: dict[str, Any] = {
        "entry": found.entry,
        "clock": duty_queries.update_clock(found.entry, civil_date(visit.now)),
    }
    context |= {"found": found, "may_decide": _may(visit, found, Permission.CATALOG_EXTENSION_DECIDE)}
    return _decision(visit, "manage/extension.html", context, problem)


@form_page(Permission.CATALOG_DRAFT_VIEW)
def filing(visit: Visit, filing_id: UUID) -> HttpResponseBase:
    """Show a filing; the authority accepts it or not (条例 27(3))."""
    problem = None
    found = duty_queries.filing(visit.actor, filing_id)
    if visit.is_post:
        accepted = visit.request.POST.get("accepted") == "1"
        note = visit.request.POST.get("reason", "")
        try:
            actions.decide_filing(filing=found, accepted=accepted, note=note, by=visit.actor, now=visit.now)
        except JutongError as error:
            visit.keep(error)
            problem = error
        else:
            return visit.done(_("已接受备案") if accepted else _("已告知不接受备案"), "/inbox")
    context: dict[str, Any] = {"entry": found.entry, "use": duty_queries.use_of(found.entry)}
    context |= {"found": found, "may_decide": _may(visit, found, Permission.CATALOG_FILING_DECIDE)}
    return _decision(visit, "manage/filing.html", context, problem)


def _may(visit: Visit, found: UpdateExtension | Filing, needs: Permission) -> bool:
    return found.decided_at is None and has(visit.actor, needs)


def _decision(visit: Visit, template: str, more: dict[str, Any], problem: JutongError | None) -> HttpResponse:
    context = {"here": visit.request.path, "problem": problem, "typed": visit.request.POST, **more}
    return visit.render(template, context, status=problem.http_status if problem else 200)
