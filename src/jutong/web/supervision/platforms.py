"""平台登记: the platforms departments run for sharing, and whether they are part of the national system (条例 31)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.supervision import actions, queries
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.web.door import Visit, form_page, step
from jutong.web.paging import paged

PAGE = "/violations/platforms"


@form_page(Permission.CATALOG_ENTRY_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the platforms; stewards register one."""
    if not visit.is_post:
        return _show(visit)
    typed = visit.request.POST
    try:
        actions.register_platform(
            name=typed.get("name", ""),
            joined_on=_day(typed.get("joined_on", "")),
            document=typed.get("document", ""),
            by=visit.actor,
            now=visit.now,
        )
    except JutongError as problem:
        return _show(visit, problem)
    return visit.done(_("平台已登记"), PAGE)


@step(Permission.CATALOG_ENTRY_BIND)
def join(visit: Visit, platform_id: UUID) -> HttpResponseBase:
    """Say that a platform was brought into the national system."""
    typed = visit.request.POST
    try:
        platform, day = queries.own_platform(visit.actor, platform_id), _day(typed.get("joined_on", ""))
        if day is None:
            raise _no_day("")
        actions.join_platform(
            platform=platform, joined_on=day, document=typed.get("document", ""), by=visit.actor, now=visit.now
        )
    except JutongError as problem:
        return _show(visit, problem)
    return visit.done(_("已登记纳入全国一体化政务大数据体系"), PAGE)


def _show(visit: Visit, problem: JutongError | None = None) -> HttpResponse:
    context = {
        "page": paged(visit, queries.platforms(visit.actor)),
        "may_register": has(visit.actor, Permission.CATALOG_ENTRY_BIND),
        "own": visit.actor.organisation_id,
        "typed": visit.request.POST,
        "problem": problem,
    }
    return visit.render("supervision/platforms.html", context, status=problem.http_status if problem else 200)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _no_day(text) from error


def _no_day(text: str) -> InvalidInputError:
    message = _("请填日期，如2026-11-20")
    row = {"field": "joined_on", "found": text[:40], "allowed": message, "message": message, "clause": ""}
    return InvalidInputError(problems=[row])
