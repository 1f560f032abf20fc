from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.agreement import actions, queries
from jutong.center.agreement.enums import BreachState
from jutong.center.agreement.models import Breach
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.web.agreements.wording import facts, measured
from jutong.web.door import Visit, page, step

TONES = {
    BreachState.FOUND: "bad",
    BreachState.ANSWERED: "wait",
    BreachState.CONTESTED: "warn",
    BreachState.SETTLED: "idle",
}


@page(Permission.AGREEMENT_BREACH_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the duties that were not kept, the newest first."""
    chosen = visit.request.GET.get("state", "")
    states = (chosen,) if chosen in BreachState.values else ()
    found = queries.breaches(
        visit.actor,
        agreement_number=visit.request.GET.get("agreement", "")[:32],
        states=states,
        after=visit.request.GET.get("after", ""),
    )
    context = {
        "rows": [_row(row) for row in found.rows],
        "older": visit.query(after=found.next) if found.next else "",
        "state": chosen,
        "states": [("", _("全部")), *BreachState.choices],
    }
    return visit.render("agreements/breaches.html", context)


def _row(row: Breach) -> dict[str, object]:
    return {
        "breach": row,
        "tone": TONES[BreachState(row.state)],
        "found": measured(row.obligation.kind, row.value),
        "bound": measured(row.obligation.kind, row.bound),
    }


@page(Permission.AGREEMENT_BREACH_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one breach with its evidence."""
    return _show(visit, number)


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    found, events = queries.breach(visit.actor, number)
    context = {
        **_row(found),
        "here": f"/breaches/{number}",
        "outcomes": sorted(found.evidence.get("outcomes", {}).items()),
        "records": found.evidence.get("records", []),
        "facts": facts(found.obligation.kind, found.evidence),
        "can": {event.value for event in events},
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("agreements/breach.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[Breach], object]) -> HttpResponse:
    found, _events = queries.breach(visit.actor, number)
    try:
        act(found)
    except JutongError as problem:
        visit.keep(problem)
        return _show(visit, number, problem)
    return visit.done(said, f"/breaches/{number}")


@step(Permission.AGREEMENT_BREACH_VIEW)
def answer(visit: Visit, number: str) -> HttpResponseBase:
    """Explain, or contest."""
    contest = visit.request.POST.get("contest") == "1"
    text = visit.request.POST.get("text", "")
    return _take(
        visit,
        number,
        _("异议已提出") if contest else _("说明已送达对方"),
        lambda found: actions.answer_breach(breach=found, text=text, contest=contest, by=visit.actor, now=visit.now),
    )


@step(Permission.AGREEMENT_BREACH_ANSWER)
def judge(visit: Visit, number: str) -> HttpResponseBase:
    """Take what was said, or not."""
    accept = visit.request.POST.get("accept") == "1"
    text = visit.request.POST.get("text", "")
    return _take(
        visit,
        number,
        _("已了结") if accept else _("已退回，等对方再说明"),
        lambda found: actions.judge_breach(breach=found, accept=accept, text=text, by=visit.actor, now=visit.now),
    )
