from __future__ import annotations

import base64
from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.agreement import queries as agreements
from jutong.center.catalog.enums import FieldMode
from jutong.center.org import queries as org
from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries
from jutong.center.sharing.actions import consuming, profiling, stopping, supply, watching
from jutong.center.sharing.enums import Event, IdleAnswer
from jutong.center.sharing.lasting import IDLE
from jutong.center.sharing.models import Grant
from jutong.center.sharing.need import lent_whole
from jutong.center.sharing.queries import GrantView
from jutong.center.usage import queries as usage
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page, step
from jutong.web.sharing import samples


@page(Permission.SHARING_GRANT_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the grants held and given, or those nobody called for thirty days."""
    if visit.request.GET.get("idle") == "1":
        quiet = queries.idle_grants(visit.actor, visit.now, after=visit.request.GET.get("after", ""))
        older = visit.query(after=quiet.next) if quiet.next else ""
        return visit.render("sharing/idle.html", {"rows": quiet.rows, "older": older, "days": IDLE.days})
    found = queries.grants(visit.actor, after=visit.request.GET.get("after", ""))
    older = visit.query(after=found.next) if found.next else ""
    return visit.render("sharing/grants.html", {"rows": found.rows, "older": older})


@page(Permission.SHARING_GRANT_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one grant, how to call it, and what this person may do on it."""
    return _show(visit, queries.grant(visit.actor, number))


def _show(visit: Visit, view: GrantView, problem: JutongError | None = None) -> HttpResponse:
    whole = lent_whole(view.grant.entry_id)
    console = queries.console(view, visit.now)
    holds = visit.actor.organisation_id == view.grant.requester_id
    works = org.has(visit.actor, Permission.SHARING_APPLICATION_DRAFT)
    context = {
        "console": console,
        "interfaces": samples.interfaces(view, console),
        "python_start": samples.python_start(view),
        "national": samples.national(view) if samples.shows_national(console) else "",
        "narrowable": samples.plain_items(view),
        "errors": samples.ERRORS,
        "marked_calls": usage.marked_of_grant(visit.actor, view.grant.number),
        "may_share": profiling.may_share(view.grant),
        "may_renew": holds and works and console.may_renew,
        "may_answer": holds and works and console.inquiry is not None and console.inquiry.answered_at is None,
        "idle_answers": IdleAnswer.choices,
        "here": f"/grants/{view.grant.number}",
        "agreement_number": agreements.number_of(visit.actor, view.grant.application.number),
        "grant": view.grant,
        "items": view.items,
        # What is lent under an address is opened with a player or a client, not in a form.
        "can": {event.value.replace("-", "_") for event in view.events if not (whole and event == Event.TRY)},
        "whole": whole,
        "suspensions": view.suspensions,
        "gateway": view.gateway_url,
        "modes": dict(FieldMode.choices),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("sharing/grant.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[Grant], object]) -> HttpResponse:
    try:
        act(queries.grant(visit.actor, number).grant)
    except JutongError as problem:
        visit.keep(problem)
        return _show(visit, queries.grant(visit.actor, number), problem)
    return visit.done(said, f"/grants/{number}")


@step(Permission.SHARING_APPLICATION_DRAFT)
def answer_idle(visit: Visit, number: str) -> HttpResponseBase:
    """Say what an unused grant is kept for, or that it is not needed."""
    typed = visit.request.POST
    return _take(
        visit,
        number,
        _("说明已记下"),
        lambda grant: consuming.answer_idle(
            grant=grant, answer=typed.get("answer", ""), text=typed.get("text", ""), by=visit.actor, now=visit.now
        ),
    )


@step(Permission.SHARING_GRANT_SUSPEND)
def suspend(visit: Visit, number: str) -> HttpResponseBase:
    """暂停, at once (条例 27(2))."""
    reason = visit.request.POST.get("reason", "")
    return _take(
        visit,
        number,
        _("已暂停，节点会在几秒内拒绝调用"),
        lambda grant: stopping.suspend_grant(grant=grant, reason=reason, by=visit.actor, now=visit.now),
    )


@step(Permission.SHARING_SUSPENSION_LIFT)
def lift(visit: Visit, number: str) -> HttpResponseBase:
    """Lift a suspension."""
    return _take(
        visit,
        number,
        _("已恢复，等节点确认"),
        lambda grant: stopping.lift_suspension(grant=grant, by=visit.actor, now=visit.now),
    )


@step(Permission.SHARING_GRANT_VIEW)
def revoke(visit: Visit, number: str) -> HttpResponseBase:
    """收回 by the provider or the authority, 不再使用 by the requester: the action knows which post may do which."""
    reason = visit.request.POST.get("reason", "")
    return _take(
        visit,
        number,
        _("授权已终止，节点会在几秒内拒绝调用"),
        lambda grant: stopping.revoke_grant(grant=grant, reason=reason, by=visit.actor, now=visit.now),
    )


@step(Permission.SHARING_GRANT_VIEW)
def retry(visit: Visit, number: str) -> HttpResponseBase:
    """Order a grant again whose supply failed."""
    return _take(
        visit,
        number,
        _("已重新下达，等节点回执"),
        lambda grant: supply.retry_supply(grant=grant, by=visit.actor, now=visit.now),
    )


@step(Permission.SHARING_GRANT_CALL)
def try_it(visit: Visit, number: str) -> HttpResponseBase:
    """Issue a ticket and show the form that takes it straight to the node; values typed there never come here."""
    view = queries.grant(visit.actor, number)
    try:
        ticket = watching.try_grant(grant=view.grant, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, view, problem)
    sealed = base64.urlsafe_b64encode(ticket.ticket.model_dump_json().encode()).decode()
    context = {
        "grant": view.grant,
        "gateway": ticket.gateway_url,
        "ticket": sealed,
        "lookup": [row for row in view.items if row.is_lookup],
        "claims": [row for row in view.items if not row.is_lookup],
    }
    return visit.render("sharing/try.html", context)
