from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _

from jutong.center.agreement import queries as agreements
from jutong.center.catalog.enums import FieldMode
from jutong.center.org import queries as org
from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries
from jutong.center.sharing.actions.answering import REFUSE, extension_cap
from jutong.center.sharing.conditions import may_narrow
from jutong.center.sharing.enums import ApplicationState, Operator, RefusalReason, Side
from jutong.center.sharing.models import Application, ApplicationItem
from jutong.center.sharing.need import WIDTH
from jutong.center.sharing.standing_in import delegation_of
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page
from jutong.web.sharing.masked import masked_as

MOST_ADDED = 3
"""Row conditions a provider can type at once."""


@page(Permission.SHARING_APPLICATION_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the applications either side may see, newest first."""
    chosen = visit.request.GET.get("state", "")
    states = [chosen] if chosen in ApplicationState.values else []
    side, after = visit.request.GET.get("side", ""), visit.request.GET.get("after", "")
    found = queries.applications_of(visit.actor, side=side, states=states, now=visit.now, after=after)
    context = {
        "rows": found.rows,
        "older": visit.query(after=found.next) if found.next else "",
        "state": chosen,
        "side": side,
        "states": ApplicationState.choices,
        "sides": [("", _("提出的和收到的")), (Side.REQUESTER, _("本部门提出的")), (Side.PROVIDER, _("本部门收到的"))],
    }
    return visit.render("sharing/applications.html", context)


@page(Permission.SHARING_APPLICATION_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one application and what this person may do on it now."""
    return show(visit, queries.application(visit.actor, number))


def show(visit: Visit, application: Application, problem: JutongError | None = None) -> HttpResponse:
    """Render the page of an application, with the error of a step that was refused and what was typed."""
    context: dict[str, Any] = {
        "here": f"/applications/{application.number}",
        "agreement_number": agreements.number_of(visit.actor, application.number),
        "application": application,
        "timeline": queries.timeline(application, visit.now),
        "can": {event.value.replace("-", "_") for event in queries.events_for(application, visit.actor, visit.now)},
        "items": [_line(row, visit.request.POST) for row in application.items.all()],
        "extension_cap": extension_cap(application, civil_date(visit.now)),
        "refusals": [("", _("请选择")), *RefusalReason.choices],
        "modes": dict(FieldMode.choices),
        **_narrowing(visit, application),
        **_standing(visit, application),
        "messages_": application.messages.all(),
        "grant": getattr(application, "grant", None),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("sharing/application.html", context, status=problem.http_status if problem else 200)


def _standing(visit: Visit, application: Application) -> dict[str, Any]:
    """Return in whose place this person would consent, and whether the application can serve as a pattern."""
    found = delegation_of(visit.actor, visit.now)
    own = visit.actor.organisation_id == application.requester_id
    return {
        "in_place_of": found.head.name if found else "",
        "may_copy": own and org.has(visit.actor, Permission.SHARING_APPLICATION_DRAFT),
        "consents": [row for row in application.consents.all() if row.on_behalf_of is not None],
    }


def _narrowing(visit: Visit, application: Application) -> dict[str, Any]:
    """Return what the provider's own row conditions are typed with."""
    typed = visit.request.POST
    items = [(str(item.id), item.name) for item in application.version.items.all() if may_narrow(item)]
    rows = [
        {"at": at, "item": typed.get(f"c{at}_item"), "op": typed.get(f"c{at}_op"), "values": typed.get(f"c{at}_values")}
        for at in range(MOST_ADDED)
    ]
    return {
        "conditions": [{name: value if value is not None else "" for name, value in row.items()} for row in rows],
        "conditions_typed": any(row["item"] for row in rows),
        "narrowing": [("", _("不限")), *items],
        "operators": Operator.choices,
    }


def _line(row: ApplicationItem, typed: QueryDict) -> dict[str, Any]:
    """Return one item with what may be answered on it and what was typed."""
    return {
        "row": row,
        "choices": _decisions(row),
        "chosen": typed.get(f"d_{row.item_id}", row.asked),
        "note": typed.get(f"n_{row.item_id}", ""),
    }


def _decisions(row: ApplicationItem) -> list[tuple[str, str]]:
    """Return what may be answered on one item: as asked, less, or not."""
    asked = FieldMode(row.asked)
    first = (asked.value, _("同意%(mode)s") % {"mode": asked.label} + masked_as(row.item, asked))
    less = [
        (mode.value, _("改为%(mode)s") % {"mode": mode.label} + masked_as(row.item, mode))
        for mode, width in WIDTH.items()
        if width < WIDTH[asked]
    ]
    return [first, *less, (REFUSE, _("不同意"))]
