"""Changes of a library's structure: proposed by whoever lacks a field, agreed to by owner and authority."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.care import evolving, queries
from jutong.center.care.errors import FieldUnfitError
from jutong.center.care.models import Evolution
from jutong.center.org import queries as org
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.standards.elements import shipped
from jutong.web.door import Visit, form_page, page, step


@page(Permission.LIBRARY_LIBRARY_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the changes of structure."""
    context = {
        "rows": queries.evolutions(visit.actor),
        "may_propose": org.has(visit.actor, Permission.LIBRARY_EVOLUTION_PROPOSE),
    }
    return visit.render("care/evolutions.html", context)


@form_page(Permission.LIBRARY_EVOLUTION_PROPOSE)
def propose(visit: Visit) -> HttpResponseBase:
    """Propose one more field for a table."""
    if not visit.is_post:
        return _form(visit)
    try:
        found = _proposed(visit)
    except JutongError as problem:
        return _form(visit, problem)
    return visit.done(_("已提出，等数源部门和主管部门同意"), f"/library/evolutions/{found.id}")


def _proposed(visit: Visit) -> Evolution:
    asked = visit.request.POST
    chosen = asked.get("table", "")
    table = next((one for one in queries.tables(visit.actor) if str(one.id) == chosen), None)
    if table is None:
        raise FieldUnfitError(reason=_("没有选表"))
    definition = evolving.with_field(
        table, name=asked.get("name", "").strip(), title=asked.get("title", "").strip(),
        element=asked.get("element", "").strip(), now=visit.now,
    )  # fmt: skip
    ground = asked.get("ground", "").strip()
    if not ground:
        raise FieldUnfitError(reason=_("没有填依据"))
    return evolving.propose(definition=definition, ground=ground, by=visit.actor, now=visit.now)


def _form(visit: Visit, problem: JutongError | None = None) -> HttpResponse:
    tables = [(str(one.id), f"{one.library.title} {one.title}") for one in queries.tables(visit.actor)]
    elements = [(one.code, f"{one.code} {one.name}") for one in shipped()]
    context = {"tables": tables, "elements": elements, "asked": visit.request.POST, "problem": problem}
    return visit.render("care/propose.html", context, status=problem.http_status if problem else 200)


@page(Permission.LIBRARY_LIBRARY_VIEW)
def detail(visit: Visit, evolution_id: UUID) -> HttpResponseBase:
    """Show what changes, who has to agree and who did."""
    return _detail(visit, evolution_id)


def _detail(visit: Visit, evolution_id: UUID, problem: JutongError | None = None) -> HttpResponse:
    found = queries.evolution(visit.actor, evolution_id)
    given = list(found.consents.select_related("organisation"))
    agreed = {one.organisation_id: one for one in given if one.role == "owner"}
    own = found.organisation_id == visit.actor.organisation_id
    context = {
        "found": found,
        "owners": [(one, agreed.get(one.id)) for one in evolving.owners(found)],
        "authority": next((one for one in given if one.role == "authority"), None),
        "may_agree": queries.may_agree(visit.actor, found),
        "may_withdraw": own and org.has(visit.actor, Permission.LIBRARY_EVOLUTION_PROPOSE),
        "problem": problem,
    }
    return visit.render("care/evolution.html", context, status=problem.http_status if problem else 200)


@step(Permission.LIBRARY_EVOLUTION_AGREE)
def agree(visit: Visit, evolution_id: UUID) -> HttpResponseBase:
    """Agree for the own side."""
    found = queries.evolution(visit.actor, evolution_id)
    try:
        found = evolving.agree(evolution=found, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _detail(visit, evolution_id, problem)
    text = _("已发布，节点会把新字段加到表里") if found.published_at else _("已同意，还在等其他部门")
    return visit.done(text, f"/library/evolutions/{evolution_id}")


@step(Permission.LIBRARY_EVOLUTION_PROPOSE)
def withdraw(visit: Visit, evolution_id: UUID) -> HttpResponseBase:
    """Take a proposal back."""
    found = queries.evolution(visit.actor, evolution_id)
    try:
        evolving.withdraw(evolution=found, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _detail(visit, evolution_id, problem)
    return visit.done(_("已撤回"), f"/library/evolutions/{evolution_id}")
