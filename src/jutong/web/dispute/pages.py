"""争议: the list, the form, and one dispute with both views."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.dispute import actions, queries
from jutong.center.dispute.enums import DisputeState, Outcome, SubjectKind
from jutong.center.dispute.models import Dispute
from jutong.center.dispute.parties import coordinator_for
from jutong.center.dispute.rules import EXECUTION_DAYS
from jutong.center.dispute.subjects import Subject, known_kinds, subject_of
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import own_organisation
from jutong.center.ownership.texts import written_day
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged

CLAUSE = "条例 28"


@page(Permission.DISPUTE_CASE_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the disputes the person may read, the newest first."""
    state, role = visit.request.GET.get("state", ""), visit.request.GET.get("role", "")
    states = [state] if state in DisputeState.values else []
    shown = paged(visit, queries.disputes(visit.actor, states=states, role=role))
    clocks = queries.clocks_of(list(shown.rows), visit.now)
    context = {
        "page": shown,
        "rows": [(row, clocks.get(str(row.id))) for row in shown.rows],
        "state": state,
        "role": role,
        "states": [("", _("全部阶段")), *DisputeState.choices],
        "roles": [
            ("", _("全部争议")), ("raised", _("本部门提出的")), ("answered", _("对本部门提出的")),
            ("coordinated", _("由本部门协调的")),
        ],
    }  # fmt: skip
    return visit.render("dispute/listing.html", context)


@form_page(Permission.DISPUTE_CASE_RAISE)
def create(visit: Visit) -> HttpResponseBase:
    """Raise a dispute; the form says who the other side is and who would coordinate."""
    typed = visit.request.POST if visit.is_post else visit.request.GET
    kind, number = typed.get("kind", ""), typed.get("subject", "").strip()
    found, problem = None, None
    try:
        if number:
            found = subject_of(visit.actor, kind, number, visit.now)
        if visit.is_post and "claim" in typed:
            made = actions.raise_dispute(
                kind=kind, number=number, claim=typed.get("claim", ""), facts=typed.get("facts", ""), by=visit.actor,
                now=visit.now,
            )  # fmt: skip
            return visit.done(_("争议已提出，先由双方协商"), f"/disputes/{made.number}")
    except JutongError as error:
        problem = error
    context = {
        "kinds": [("", _("请选择")), *((row.value, row.label) for row in known_kinds())],
        "typed": {name: typed.get(name, "") for name in ("kind", "subject", "claim", "facts")},
        "found": found,
        "coordinator": _coordinator(visit, found),
        "problem": problem,
        "can_find": kind in SubjectKind.values,
    }
    return visit.render("dispute/form.html", context, status=problem.http_status if problem else 200)


def _coordinator(visit: Visit, found: Subject | None) -> str:
    if found is None:
        return ""
    authority = coordinator_for(own_organisation(visit.actor), found.respondent)
    return authority.name if authority is not None else ""


@page(Permission.DISPUTE_CASE_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one dispute and what this person may do on it now."""
    return _show(visit, number)


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view = queries.view(visit.actor, number, visit.now)
    context = {
        "view": view,
        "dispute": view.dispute,
        "here": f"/disputes/{number}",
        "execution_days": EXECUTION_DAYS,
        "can": {event.value.replace("-", "_") for event in view.events},
        "outcomes": [("", _("请选择")), *Outcome.choices],
        "stages": _stages(view.dispute),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("dispute/detail.html", context, status=problem.http_status if problem else 200)


def _stages(dispute: Dispute) -> list[tuple[str, str, object, str]]:
    """Return the steps of 条例 28 with state for the timeline: what, how far, when, who."""
    coordinator = dispute.coordinator.short_name if dispute.coordinator else _("没有共同的主管部门")
    ended = dispute.closed_at is not None
    last = {
        DisputeState.SETTLED: _("达成一致"), DisputeState.DECIDED: _("人民政府决定"),
        DisputeState.WITHDRAWN: _("撤回"),
    }  # fmt: skip
    rows: list[tuple[str, str, object, str]] = [
        (_("双方协商"), "done" if dispute.escalated_at or dispute.referred_at or ended else "now",
         dispute.raised_at, f"{dispute.claimant.short_name}、{dispute.respondent.short_name}"),
    ]  # fmt: skip
    if dispute.escalated_at or not ended:
        state = "todo" if not dispute.escalated_at else "done" if dispute.referred_at or ended else "now"
        rows.append((_("主管部门协调"), state, dispute.escalated_at, coordinator))
    if dispute.referred_at or not ended:
        state = "todo" if not dispute.referred_at else "done" if ended else "now"
        rows.append((_("本级人民政府决定"), state, dispute.referred_at, ""))
    if ended:
        rows.append((last.get(DisputeState(dispute.state), _("已了结")), "done", dispute.closed_at, ""))
    if dispute.executed_at:
        rows.append((_("已执行"), "done", dispute.executed_at, dispute.claimant.short_name))
    return rows


def _take(visit: Visit, number: str, said: str, act: Callable[[Dispute], object]) -> HttpResponse:
    try:
        act(queries.dispute(visit.actor, number))
    except JutongError as problem:
        return _show(visit, number, problem)
    return visit.done(said, f"/disputes/{number}")


def _typed(visit: Visit, name: str) -> str:
    return visit.request.POST.get(name, "").strip()


def _day(visit: Visit) -> date | None:
    text = _typed(visit, "execute_by")
    return written_day(text, "execute_by", gettext_noop("执行期限"), CLAUSE) if text else None


@step(Permission.DISPUTE_CASE_VIEW)
def say(visit: Visit, number: str) -> HttpResponseBase:
    """State the own side's view."""
    return _take(
        visit, number, _("意见已记录，不能再改"),
        lambda found: actions.state_view(dispute=found, text=_typed(visit, "text"), by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.DISPUTE_CASE_VIEW)
def evidence(visit: Visit, number: str) -> HttpResponseBase:
    """Add evidence."""
    return _take(
        visit, number, _("证据已列入"),
        lambda found: actions.add_evidence(
            dispute=found, title=_typed(visit, "title"), shows=_typed(visit, "shows"),
            reference=_typed(visit, "reference"), by=visit.actor, now=visit.now,
        ),
    )  # fmt: skip


@step(Permission.DISPUTE_CASE_VIEW)
def propose(visit: Visit, number: str) -> HttpResponseBase:
    """Propose how to settle it."""
    return _take(
        visit, number, _("方案已发给对方"),
        lambda found: actions.propose(
            dispute=found, text=_typed(visit, "proposal"), execute_by=_day(visit), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.DISPUTE_CASE_VIEW)
def answer(visit: Visit, number: str) -> HttpResponseBase:
    """Accept the latest proposal or not."""
    accepted = _typed(visit, "accepted") == "1"
    return _take(
        visit, number, _("已接受方案") if accepted else _("已说明不接受的理由"),
        lambda found: actions.answer_proposal(
            dispute=found, accepted=accepted, reason=_typed(visit, "reason"), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.DISPUTE_CASE_VIEW)
def escalate(visit: Visit, number: str) -> HttpResponseBase:
    """Ask the common authority to coordinate."""
    return _take(
        visit, number, _("已申请主管部门协调"),
        lambda found: actions.escalate(dispute=found, reason=_typed(visit, "reason"), by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.DISPUTE_CASE_VIEW)
def refer(visit: Visit, number: str) -> HttpResponseBase:
    """Put it before the government of the level."""
    return _take(
        visit, number, _("已报请本级人民政府决定"),
        lambda found: actions.refer(dispute=found, reason=_typed(visit, "reason"), by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.DISPUTE_CASE_DECIDE)
def decide(visit: Visit, number: str) -> HttpResponseBase:
    """Record the government's decision."""
    return _take(
        visit, number, _("决定已发给双方"),
        lambda found: actions.decide_dispute(
            dispute=found, outcome=_typed(visit, "outcome"), text=_typed(visit, "text"),
            reasons=_typed(visit, "reasons"), document_number=_typed(visit, "document_number"),
            execute_by=_day(visit), by=visit.actor, now=visit.now,
        ),
    )  # fmt: skip


@step(Permission.DISPUTE_CASE_VIEW)
def execute(visit: Visit, number: str) -> HttpResponseBase:
    """Say that it is done."""
    return _take(
        visit, number, _("已记录执行情况"),
        lambda found: actions.execute_dispute(dispute=found, note=_typed(visit, "note"), by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.DISPUTE_CASE_VIEW)
def withdraw(visit: Visit, number: str) -> HttpResponseBase:
    """Take it back."""
    return _take(
        visit, number, _("争议已撤回"),
        lambda found: actions.withdraw_dispute(dispute=found, by=visit.actor, now=visit.now),
    )  # fmt: skip
