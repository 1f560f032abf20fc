"""Stating a need: the form first shows what the catalog and other departments have, then takes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.catalog.enums import ShareWay, UpdateCycle
from jutong.center.demand import actions, queries
from jutong.center.demand.enums import Urgency
from jutong.center.demand.matching import alike, proposals
from jutong.center.demand.models import Demand
from jutong.center.demand.need import CLAUSE, DemandFields, demand_problems, item_key, read_items
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import visible_organisations
from jutong.center.ownership.texts import written_day
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.web.demand.reasons import told
from jutong.web.door import Visit, form_page

_TEXTS = (
    "title", "basis", "scenario", "matter", "frequency", "share_way", "urgency", "division_filter", "expected_holder",
)  # fmt: skip
_DECLARATIONS = ("is_true", "is_lawful", "is_secured")


@form_page(Permission.DEMAND_DEMAND_STATE)
def create(visit: Visit) -> HttpResponseBase:
    """State a need; before it is stated, what may make it needless is shown once."""
    if not visit.is_post:
        return _form(visit, {"title": visit.request.GET.get("q", "")[:128], "urgency": Urgency.NORMAL})
    typed = visit.request.POST
    try:
        fields = _read(typed)
        found = _already(visit, fields) if typed.get("then") != "state" else {}
        if any(found.values()):
            return _form(visit, typed, found=found)
        made = actions.state_demand(fields=fields, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _form(visit, typed, problem=problem)
    return visit.done(_("需求已提出，主管部门会在期限内对接"), f"/demands/{made.number}")


@form_page(Permission.DEMAND_DEMAND_STATE)
def edit(visit: Visit, number: str) -> HttpResponseBase:
    """Write a need anew while nothing was done about it."""
    demand = queries.demand(visit.actor, number)
    if not visit.is_post:
        return _form(visit, _written(demand), demand=demand)
    try:
        fields = _read(visit.request.POST)
        actions.edit_demand(demand=demand, fields=fields, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _form(visit, visit.request.POST, demand=demand, problem=problem)
    return visit.done(_("需求已修改"), f"/demands/{number}")


def _read(typed: QueryDict) -> DemandFields:
    day = typed.get("wanted_on", "").strip()
    values: dict[str, Any] = {name: typed.get(name, "").strip() for name in _TEXTS}
    values |= {name: typed.get(name) == "1" for name in _DECLARATIONS}
    return DemandFields(
        **values,
        wanted_on=written_day(day, "wanted_on", gettext_noop("期望时间"), CLAUSE) if day else None,
        items=read_items(typed.get("items", "")),
    )


def _already(visit: Visit, fields: DemandFields) -> dict[str, Any]:
    """Return what the catalog and other departments have that may be the same.

    Raises:
        InvalidInputError: with everything that is wrong, so that it is told before the comparison.
    """
    problems = demand_problems(fields, civil_date(visit.now))
    if problems:
        raise InvalidInputError(problems=problems)
    own = [visit.actor.organisation_id] if visit.actor.organisation_id else []
    return {
        "matches": [
            (row.entry, row.score, told(row.reasons))
            for row in proposals(visit.actor.division_code, fields.title, fields.items, but=own)
        ],
        "alike": alike(fields.title, [item_key(item.name) for item in fields.items]),
    }


def _written(demand: Demand) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(demand, name) for name in (*_TEXTS[:-1], *_DECLARATIONS)}
    return values | {
        "expected_holder": demand.expected_holder.code if demand.expected_holder else "",
        "wanted_on": demand.wanted_on.isoformat() if demand.wanted_on else "",
        "items": "\n".join(f"{row.name}\t{row.meaning}".strip() for row in demand.items.all()),
    }


def _form(
    visit: Visit,
    typed: QueryDict | dict[str, Any],
    *,
    demand: Demand | None = None,
    problem: JutongError | None = None,
    found: dict[str, Any] | None = None,
) -> HttpResponse:
    others = visible_organisations(visit.actor).exclude(code=visit.actor.organisation_code).order_by("code")
    empty = asdict(DemandFields()) | {"items": "", "wanted_on": ""}
    context = {
        "demand": demand,
        "typed": {name: typed.get(name, "") for name in empty},
        "cycles": [("", _("不限")), *UpdateCycle.choices],
        "ways": [("", _("不限")), *ShareWay.choices],
        "urgencies": Urgency.choices,
        "organisations": [("", _("不清楚")), *((row.code, row.short_name) for row in others)],
        "problem": problem,
        "found": found,
    }
    return visit.render("demand/form.html", context, status=problem.http_status if problem else 200)
