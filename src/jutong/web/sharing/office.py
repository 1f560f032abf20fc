"""What an office keeps for its applications: duties, and who consents in the head's place."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.org import queries as org
from jutong.center.org.permissions import Permission
from jutong.center.sharing import actions, queries
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.web.door import Visit, form_page, step


@form_page(Permission.SHARING_APPLICATION_VIEW)
def duties(visit: Visit) -> HttpResponseBase:
    """Show the department's duties; a steward registers them."""
    if not visit.is_post:
        return _duties(visit)
    typed = visit.request.POST
    try:
        actions.register_duty(
            code=typed.get("code", "").strip(), name=typed.get("name", ""), basis=typed.get("basis", ""),
            by=visit.actor, now=visit.now,
        )  # fmt: skip
    except JutongError as problem:
        return _duties(visit, problem)
    return visit.done(_("职责已登记"), "/duties")


def _duties(visit: Visit, problem: JutongError | None = None) -> HttpResponse:
    context = {
        "rows": queries.duties(visit.actor),
        "may": org.has(visit.actor, Permission.CATALOG_CHANGE_REGISTER),
        "typed": visit.request.POST,
        "problem": problem,
    }
    return visit.render("sharing/duties.html", context, status=problem.http_status if problem else 200)


@step(Permission.CATALOG_CHANGE_REGISTER)
def close_duty(visit: Visit, duty_id: UUID) -> HttpResponseBase:
    """停用 a duty."""
    try:
        actions.close_duty(duty_id=duty_id, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back="/duties")
    return visit.done(_("职责已停用"), "/duties")


@form_page(Permission.SHARING_APPLICATION_VIEW)
def delegations(visit: Visit) -> HttpResponseBase:
    """Show who may consent in the head's place, and let the head choose somebody."""
    if not visit.is_post:
        return _delegations(visit)
    typed = visit.request.POST
    try:
        actions.delegate(
            username=typed.get("delegate", ""), valid_from=_day(typed.get("valid_from", ""), "valid_from"),
            valid_until=_day(typed.get("valid_until", ""), "valid_until"), reason=typed.get("reason", ""),
            by=visit.actor, now=visit.now,
        )  # fmt: skip
    except JutongError as problem:
        return _delegations(visit, problem)
    return visit.done(_("已设代办人"), "/delegations")


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        row = {"field": field, "found": text, "message": _("请填日期，如2027-06-30"), "clause": ""}
        raise InvalidInputError(problems=[row]) from error


def _delegations(visit: Visit, problem: JutongError | None = None) -> HttpResponse:
    may = org.has(visit.actor, Permission.SHARING_DELEGATION_MANAGE)
    people = queries.possible_delegates(visit.actor) if may else []
    context = {
        "rows": queries.delegations(visit.actor),
        "today": civil_date(visit.now),
        "may": may,
        "people": [("", _("请选择")), *((user.username, user.name) for user in people)],
        "typed": visit.request.POST,
        "problem": problem,
    }
    return visit.render("sharing/delegations.html", context, status=problem.http_status if problem else 200)


@step(Permission.SHARING_DELEGATION_MANAGE)
def revoke_delegation(visit: Visit, delegation_id: UUID) -> HttpResponseBase:
    """收回 a delegation."""
    try:
        actions.revoke_delegation(delegation_id=delegation_id, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back="/delegations")
    return visit.done(_("委托已收回"), "/delegations")
