"""One need with everything that can be done on it, and the steps themselves."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from jutong.center.catalog.queries import published_entry
from jutong.center.demand import actions, queries
from jutong.center.demand.enums import DemandEvent, HolderAnswer
from jutong.center.demand.models import Demand
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.web.demand.reasons import told
from jutong.web.door import Visit, page, step


@page(Permission.DEMAND_DEMAND_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one need and what this person may do on it now."""
    return _show(visit, number)


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view = queries.view(visit.actor, number, visit.now)
    can = {event.value.replace("-", "_") for event in view.events}
    everybody = queries.assignable(visit.actor) if DemandEvent.ASSIGN in view.events else ()
    context = {
        "view": view,
        "demand": view.demand,
        "here": f"/demands/{number}",
        "can": can,
        "matches": [(row, told(row.reasons)) for row in view.matches],
        "holders": [("", _("请选择")), *((row.code, row.short_name) for row in everybody)],
        "answers": [("", _("请选择")), *HolderAnswer.choices],
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("demand/detail.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[Demand], object]) -> HttpResponse:
    try:
        act(queries.demand(visit.actor, number))
    except JutongError as problem:
        visit.keep(problem)
        return _show(visit, number, problem)
    return visit.done(said, f"/demands/{number}")


def _typed(visit: Visit, name: str) -> str:
    return visit.request.POST.get(name, "").strip()


@step(Permission.DEMAND_DEMAND_STATE)
def join(visit: Visit, number: str) -> HttpResponseBase:
    """我也要."""
    return _take(
        visit, number, _("已加入，有进展会通知您"),
        lambda found: actions.join_demand(
            demand=found, scenario=_typed(visit, "scenario"), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_STATE)
def leave(visit: Visit, number: str) -> HttpResponseBase:
    """No longer have the need."""
    return _take(
        visit, number, _("已退出这条需求"),
        lambda found: actions.leave_demand(demand=found, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_VIEW)
def compare(visit: Visit, number: str) -> HttpResponseBase:
    """Compare with the catalog as it is now."""
    return _take(
        visit, number, _("已与现在的目录重新比对"),
        lambda found: actions.look_again(demand=found, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step()
def match(visit: Visit, number: str) -> HttpResponseBase:
    """Say which entry it is."""
    return _take(
        visit, number, _("已对应到目录，可以申请了"),
        lambda found: actions.match_demand(
            demand=found, entry=published_entry(visit.actor, _typed(visit, "code")), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_STATE)
def unmatch(visit: Visit, number: str) -> HttpResponseBase:
    """Say that the entry is not what is needed."""
    return _take(
        visit, number, _("已说明不合用，主管部门会重新对接"),
        lambda found: actions.unmatch_demand(
            demand=found, reason=_typed(visit, "reason"), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_ASSIGN)
def merge(visit: Visit, number: str) -> HttpResponseBase:
    """Merge into another need."""
    return _take(
        visit, number, _("已并入同类需求"),
        lambda found: actions.merge_demand(
            demand=found, into=queries.demand(visit.actor, _typed(visit, "into")), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_ASSIGN)
def assign(visit: Visit, number: str) -> HttpResponseBase:
    """Ask a presumed holder."""
    return _take(
        visit, number, _("已派发，对方的答复期限开始计算"),
        lambda found: actions.assign_demand(
            demand=found, holder=_typed(visit, "holder"), note=_typed(visit, "note"), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_ASSIGN)
def refer(visit: Visit, number: str) -> HttpResponseBase:
    """Hand it to the authority above."""
    return _take(
        visit, number, _("已转报上级主管部门"),
        lambda found: actions.refer_demand(demand=found, reason=_typed(visit, "reason"), by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_ASSIGN)
def close(visit: Visit, number: str) -> HttpResponseBase:
    """End a need that cannot be met."""
    return _take(
        visit, number, _("已办结，理由对各部门公开"),
        lambda found: actions.close_demand(demand=found, reason=_typed(visit, "reason"), by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_ANSWER)
def answer(visit: Visit, number: str) -> HttpResponseBase:
    """Answer as the presumed holder."""
    return _take(
        visit, number, _("已答复"),
        lambda found: actions.answer_demand(
            demand=found, answer=_typed(visit, "answer"), basis=_typed(visit, "basis"), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_ANSWER)
def begin_catalog(visit: Visit, number: str) -> HttpResponseBase:
    """Start the entry from what the need says, and go on in the catalog's own form."""
    try:
        made = actions.begin_catalog(
            demand=queries.demand(visit.actor, number), classification=_typed(visit, "classification"),
            by=visit.actor, now=visit.now,
        )  # fmt: skip
    except JutongError as problem:
        return _show(visit, number, problem)
    return visit.done(_("已按需求起草目录，请补全后送审"), f"/manage/entries/{made.entry.code}")


@step(Permission.DEMAND_DEMAND_ANSWER)
def name_entry(visit: Visit, number: str) -> HttpResponseBase:
    """Say which published entry has it."""
    return _take(
        visit, number, _("已对应到本部门的目录"),
        lambda found: actions.name_entry(
            demand=found, entry=published_entry(visit.actor, _typed(visit, "code")), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.DEMAND_DEMAND_STATE)
def apply(visit: Visit, number: str) -> HttpResponseBase:
    """Draft the application and go on in its form."""
    try:
        made = actions.apply_for_demand(demand=queries.demand(visit.actor, number), by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, number, problem)
    return HttpResponseRedirect(f"/applications/{made.number}/apply/1")


@step(Permission.DEMAND_DEMAND_STATE)
def withdraw(visit: Visit, number: str) -> HttpResponseBase:
    """Take the need back."""
    return _take(
        visit, number, _("已撤回；别的部门也需要的，由它牵头"),
        lambda found: actions.withdraw_demand(demand=found, by=visit.actor, now=visit.now),
    )  # fmt: skip
