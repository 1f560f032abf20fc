"""Erasures of one person from the library: asked for, counted at the node, agreed to by a second person, proven."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.care import erasing, queries
from jutong.center.org import queries as org
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step


@form_page(Permission.LIBRARY_ERASURE_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the erasures, and take the demand for one."""
    if not visit.is_post:
        return _listing(visit)
    asked = visit.request.POST
    try:
        found = erasing.ask(
            identity_number=asked.get("number", ""), ground=asked.get("ground", ""), by=visit.actor, now=visit.now
        )
    except JutongError as problem:
        return _listing(visit, problem)
    return visit.done(_("已提出，节点先清点，再由第二人同意"), f"/library/erasures/{found.id}")


def _listing(visit: Visit, problem: JutongError | None = None) -> HttpResponse:
    context = {
        "rows": queries.erasures(visit.actor),
        "may_ask": org.has(visit.actor, Permission.LIBRARY_ERASURE_ASK),
        "ground": visit.request.POST.get("ground", ""),
        "problem": problem,
    }
    return visit.render("care/erasures.html", context, status=problem.http_status if problem else 200)


@page(Permission.LIBRARY_ERASURE_VIEW)
def detail(visit: Visit, erasure_id: UUID) -> HttpResponseBase:
    """Show what was counted and erased, by whose word, and the newest proof."""
    return _detail(visit, erasure_id)


def _detail(visit: Visit, erasure_id: UUID, problem: JutongError | None = None) -> HttpResponse:
    found = queries.erasure(visit.actor, erasure_id)
    rows = found.erased or found.counted
    context = {
        "found": found,
        "rows": [(one, f"{one['table']['zone']}/{one['table']['code']}/{one['table']['table']}") for one in rows],
        "may_agree": queries.may_agree_to_erasure(visit.actor, found),
        "may_ask": org.has(visit.actor, Permission.LIBRARY_ERASURE_ASK),
        "open": found.state in {"counting", "counted", "failed"},
        "problem": problem,
    }
    return visit.render("care/erasure.html", context, status=problem.http_status if problem else 200)


@step(Permission.LIBRARY_ERASURE_AGREE)
def agree(visit: Visit, erasure_id: UUID) -> HttpResponseBase:
    """Agree as the second person."""
    found = queries.erasure(visit.actor, erasure_id)
    try:
        erasing.agree(erasure=found, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _detail(visit, erasure_id, problem)
    return visit.done(_("已同意，节点开始删除"), f"/library/erasures/{erasure_id}")


@step(Permission.LIBRARY_ERASURE_ASK)
def prove(visit: Visit, erasure_id: UUID) -> HttpResponseBase:
    """Have the node look again."""
    found = queries.erasure(visit.actor, erasure_id)
    try:
        erasing.prove(erasure=found, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _detail(visit, erasure_id, problem)
    return visit.done(_("已下达，节点再查一遍"), f"/library/erasures/{erasure_id}")


@step(Permission.LIBRARY_ERASURE_ASK)
def withdraw(visit: Visit, erasure_id: UUID) -> HttpResponseBase:
    """Take the demand back."""
    found = queries.erasure(visit.actor, erasure_id)
    try:
        erasing.withdraw(erasure=found, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _detail(visit, erasure_id, problem)
    return visit.done(_("已撤回，没有删除任何数据"), f"/library/erasures/{erasure_id}")
