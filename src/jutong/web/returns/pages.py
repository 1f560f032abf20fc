"""数据回流: what an upper department holds about the own area, asked for, confirmed, compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog.models import Entry
from jutong.center.catalog.queries import published_entry
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, has, open_systems
from jutong.center.returns import actions, queries
from jutong.center.returns.enums import ReturnState
from jutong.center.returns.models import ReturnFlow
from jutong.center.sharing.enums import Frequency, UseWay
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged


@page(Permission.SHARING_RETURN_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the returns the person may read, the newest first."""
    state, side = visit.request.GET.get("state", ""), visit.request.GET.get("side", "")
    states = [state] if state in ReturnState.values else []
    shown = paged(visit, queries.returns(visit.actor, states=states, side=side))
    clocks = queries.clocks_of(list(shown.rows), visit.now)
    context = {
        "page": shown,
        "rows": [(row, clocks.get(str(row.id))) for row in shown.rows],
        "state": state,
        "side": side,
        "states": [("", _("全部状态")), *ReturnState.choices],
        "sides": [("", _("登记的和要回流的")), ("requester", _("本部门登记的")), ("provider", _("要本部门回流的"))],
        "may_ask": has(visit.actor, Permission.SHARING_RETURN_ASK),
    }
    return visit.render("returns/listing.html", context)


@form_page(Permission.SHARING_RETURN_ASK)
def create(visit: Visit) -> HttpResponseBase:
    """Ask for the own area's data of an upper department's entry."""
    typed = visit.request.POST if visit.is_post else visit.request.GET
    code = typed.get("code", "").strip()
    entry: Entry | None = None
    problem: JutongError | None = None
    try:
        entry = published_entry(visit.actor, code) if code else None
        if visit.is_post and entry is not None:
            made = actions.ask_return(
                entry=entry, items=[as_uuid(one) for one in visit.request.POST.getlist("items")],
                system_id=as_uuid(typed.get("system", "") or NOBODY), basis=typed.get("basis", ""),
                scenario=typed.get("scenario", ""), share_way=typed.get("share_way", ""),
                frequency=typed.get("frequency", ""), by=visit.actor, now=visit.now,
            )  # fmt: skip
            return visit.done(_("已登记，等上级部门确认口径"), f"/returns/{made.number}")
    except JutongError as error:
        problem = error
    context: dict[str, Any] = {
        "entry": entry,
        "items": entry.published.items.all() if entry is not None and entry.published is not None else (),
        "found": () if entry is not None else queries.returnable(visit.actor, q=typed.get("q", ""))[:20],
        "typed": typed,
        "chosen": set(visit.request.POST.getlist("items")),
        "systems": [("", _("请选择")), *((str(row.id), row.name) for row in open_systems(visit.actor))],
        "ways": [(value, label) for value, label in UseWay.choices if value != UseWay.SERVICE],
        "frequencies": Frequency.choices,
        "problem": problem,
    }
    return visit.render("returns/form.html", context, status=problem.http_status if problem else 200)


@page(Permission.SHARING_RETURN_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one return and what this person may do on it now."""
    return _show(visit, number)


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view = queries.view(visit.actor, number, visit.now)
    context = {
        "view": view,
        "flow": view.flow,
        "here": f"/returns/{number}",
        "can": {event.value.replace("-", "_") for event in view.events},
        "frequencies": Frequency.choices,
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("returns/detail.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[ReturnFlow], object]) -> HttpResponse:
    try:
        act(queries.return_flow(visit.actor, number))
    except JutongError as problem:
        visit.keep(problem)
        return _show(visit, number, problem)
    return visit.done(said, f"/returns/{number}")


def _rows(visit: Visit, name: str) -> int:
    text = visit.request.POST.get(name, "").strip()
    return int(text) if text.isdigit() and len(text) < 16 else -1  # noqa: PLR2004 - more digits are no count


@step(Permission.SHARING_RETURN_ANSWER)
def confirm(visit: Visit, number: str) -> HttpResponseBase:
    """Confirm the terms as the upper department."""
    typed = visit.request.POST

    def act(found: ReturnFlow) -> object:
        left_out = {
            row.item_id: typed.get(f"w_{row.item_id}", "")
            for row in found.items.all()
            if typed.get(f"x_{row.item_id}") == "1"
        }
        return actions.confirm_return(
            flow=found, frequency=typed.get("frequency", ""), note=typed.get("note", ""), left_out=left_out,
            by=visit.actor, now=visit.now,
        )  # fmt: skip

    return _take(visit, number, _("口径已确认，正在对接"), act)


@step(Permission.SHARING_RETURN_ANSWER)
def count(visit: Visit, number: str) -> HttpResponseBase:
    """Say how many rows lie in the area."""
    counted = _rows(visit, "counted")
    return _take(
        visit, number, _("已报告条数，等对方核对"),
        lambda found: actions.count_return(flow=found, counted=counted, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.SHARING_RETURN_ASK)
def compare(visit: Visit, number: str) -> HttpResponseBase:
    """Say how many rows are held."""
    held = _rows(visit, "held")
    return _take(
        visit, number, _("已核对"),
        lambda found: actions.compare_return(flow=found, held=held, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.SHARING_RETURN_VIEW)
def withdraw(visit: Visit, number: str) -> HttpResponseBase:
    """Take it back."""
    return _take(
        visit, number, _("已撤回"),
        lambda found: actions.withdraw_return(flow=found, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.SHARING_RETURN_VIEW)
def end(visit: Visit, number: str) -> HttpResponseBase:
    """End it; its grant is given up."""
    return _take(
        visit, number, _("回流已结束，授权已交回"),
        lambda found: actions.end_return(flow=found, by=visit.actor, now=visit.now),
    )  # fmt: skip
