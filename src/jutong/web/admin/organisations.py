from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.org import queries
from jutong.center.org.actions.register import create_organisation
from jutong.center.org.actions.systems import register_system
from jutong.center.org.enums import OrganisationKind
from jutong.center.org.models import Division
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions import changes
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged


@form_page(Permission.ORG_ORGANISATION_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the organisations; system administrators register one."""
    problem = None
    if visit.is_post:
        try:
            made = _register(visit)
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("已登记%(name)s") % {"name": made}, "/admin/orgs")
    words = visit.request.GET.get("q", "").strip()
    found = queries.visible_organisations(visit.actor)
    if words:
        found = found.filter(name__contains=words)
    context = {
        "page": paged(visit, found),
        "q": words,
        "problem": problem,
        "kinds": OrganisationKind.choices,
        "divisions": [(row.code, f"{row.name} {row.code}") for row in _local_divisions(visit)],
        "typed": visit.request.POST,
        "may_register": queries.has(visit.actor, Permission.ORG_ORGANISATION_MANAGE),
    }
    return visit.render("admin/organisations.html", context, status=422 if problem else 200)


def _local_divisions(visit: Visit) -> list[Division]:
    here = queries.divisions_on(civil_date(visit.now)).filter(code__startswith=visit.actor.division_code[:4])
    return list(here.order_by("code")[:50])


def _register(visit: Visit) -> str:
    typed = visit.request.POST
    made = create_organisation(
        code=typed.get("code", "").strip(),
        name=typed.get("name", "").strip(),
        short_name=typed.get("short_name", "").strip(),
        division_code=typed.get("division_code", ""),
        data_office=typed.get("data_office", "").strip(),
        kind=typed.get("kind", ""),
        line=typed.get("line", "").strip(),
        by=visit.actor,
        now=visit.now,
    )
    return made.name


@page(Permission.ORG_ORGANISATION_VIEW)
def detail(visit: Visit, code: str) -> HttpResponseBase:
    """Show one organisation: what onboarding still asks, its systems and their keys."""
    organisation = queries.organisation(visit.actor, code)
    may_see = queries.has(visit.actor, Permission.ORG_SYSTEM_VIEW)
    context = {
        "organisation": organisation,
        "division": queries.division_name(organisation.division_code, civil_date(visit.now)),
        "missing": [_(text) for text in queries.missing_for_onboarding(organisation)],
        "systems": queries.systems(visit.actor).filter(organisation=organisation) if may_see else [],
        "may_manage": queries.has(visit.actor, Permission.ORG_SYSTEM_MANAGE),
        "may_keys": queries.has(visit.actor, Permission.ORG_KEY_MANAGE),
    }
    return visit.render("admin/organisation.html", context)


@step(Permission.ORG_SYSTEM_MANAGE)
def add_system(visit: Visit, code: str) -> HttpResponseBase:
    """Register an information system of an organisation."""
    back = f"/admin/orgs/{code}"
    level = visit.request.POST.get("level", "2")
    try:
        made = register_system(
            organisation=queries.organisation(visit.actor, code),
            name=visit.request.POST.get("name", "").strip(),
            protection_level=int(level) if level.isdigit() else 0,
            by=visit.actor,
            now=visit.now,
        )
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    return visit.done(_("已登记系统%(name)s") % {"name": made.name}, back)


@step(Permission.ORG_SYSTEM_MANAGE)
def close_system(visit: Visit, system_id: UUID) -> HttpResponseBase:
    """Close an information system and take its keys out of every grant."""
    system = queries.system(visit.actor, system_id)
    back = f"/admin/orgs/{system.organisation.code}"
    try:
        changes.close_system(system=system, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    return visit.done(_("系统已停用，它的公钥已全部作废"), back)


@step(Permission.ORG_KEY_MANAGE)
def add_key(visit: Visit, system_id: UUID) -> HttpResponseBase:
    """Add a public key to a system; its open grants are ordered anew with it."""
    system = queries.system(visit.actor, system_id)
    back = f"/admin/orgs/{system.organisation.code}"
    typed = visit.request.POST
    try:
        changes.add_key(
            system=system,
            key_id=typed.get("key_id", "").strip(),
            public_key=typed.get("public_key", "").strip(),
            by=visit.actor,
            now=visit.now,
        )
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    return visit.done(_("公钥已登记"), back)


@step(Permission.ORG_KEY_MANAGE)
def revoke_key(visit: Visit, system_id: UUID, key_id: UUID) -> HttpResponseBase:
    """Revoke a public key; the node refuses it with the next poll."""
    system = queries.system(visit.actor, system_id)
    back = f"/admin/orgs/{system.organisation.code}"
    key = next((row for row in system.keys.all() if row.id == key_id), None)
    if key is None:
        raise NotFoundError(what=str(key_id))
    try:
        changes.revoke_key(key=key, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    return visit.done(_("公钥已作废"), back)
