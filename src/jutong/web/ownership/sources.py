"""一数一源: what several departments publish, and who is its source."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from jutong.center.catalog.models import Entry
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.ownership import actions, queries
from jutong.center.ownership.actions.designation import CLAUSE
from jutong.center.ownership.enums import Stance
from jutong.center.ownership.models import SourceDesignation
from jutong.center.ownership.queries import Overlap
from jutong.center.ownership.texts import written_day
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, page, step
from jutong.web.paging import paged

STATES = (
    ("", gettext_lazy("全部")),
    ("open", gettext_lazy("还没有数源")),
    ("proposed", gettext_lazy("征求意见")),
    ("designated", gettext_lazy("已指定")),
)


@page(Permission.OWNERSHIP_SOURCE_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show what several departments publish, with its source or the want of one."""
    q, state = visit.request.GET.get("q", "").strip(), visit.request.GET.get("state", "")
    context = {
        "page": paged(visit, queries.overlaps(visit.actor, q=q, state=state)),
        "q": q,
        "state": state,
        "tabs": [(name, label, visit.query(state=name, page=None)) for name, label in STATES],
        "waiting": queries.positions_to_state(visit.actor),
    }
    return visit.render("ownership/sources.html", context)


@page(Permission.OWNERSHIP_SOURCE_VIEW)
def detail(visit: Visit, subject_id: UUID) -> HttpResponseBase:
    """Show who holds one subject, what the departments said and who its source is."""
    return _show(visit, subject_id)


def _show(visit: Visit, subject_id: UUID, problem: JutongError | None = None) -> HttpResponse:
    found = queries.subject(visit.actor, subject_id)
    asked = found.proposal.positions.all() if found.proposal else ()
    mine = next((row for row in asked if row.organisation_id == visit.actor.organisation_id), None)
    context = {
        "found": found,
        "subject": found.subject,
        "entries": _entries(found),
        "position": mine if has(visit.actor, Permission.OWNERSHIP_POSITION_STATE) else None,
        "stances": [("", _("请选择")), *Stance.choices],
        "may_designate": has(visit.actor, Permission.OWNERSHIP_SOURCE_DESIGNATE),
        "today": civil_date(visit.now).isoformat(),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("ownership/source.html", context, status=problem.http_status if problem else 200)


def _entries(found: Overlap) -> list[tuple[str, str]]:
    rows = {row.entry.code: f"{row.organisation.short_name} {row.entry.published_name}" for row in found.holdings}
    return list(rows.items())


def _take(visit: Visit, subject_id: UUID, said: str, act: Callable[[Overlap], object]) -> HttpResponse:
    try:
        act(queries.subject(visit.actor, subject_id))
    except JutongError as problem:
        visit.keep(problem)
        return _show(visit, subject_id, problem)
    return visit.done(said, f"/ownership/{subject_id}")


def _chosen(visit: Visit, found: Overlap) -> Entry:
    """Return the chosen one of the entries the page listed."""
    code = visit.request.POST.get("entry", "")
    entry = next((row.entry for row in found.holdings if row.entry.code == code), None)
    if entry is None:
        raise NotFoundError(what=code or _("所选目录"))
    return entry


def _proposal(found: Overlap) -> SourceDesignation:
    if found.proposal is None:
        raise NotFoundError(what=found.subject.name)
    return found.proposal


@step(Permission.OWNERSHIP_SOURCE_DESIGNATE)
def propose(visit: Visit, subject_id: UUID) -> HttpResponseBase:
    """Propose a source and ask the departments."""
    basis = visit.request.POST.get("basis", "")
    return _take(
        visit,
        subject_id,
        _("已提出，各部门已收到征求意见的通知"),
        lambda found: actions.propose_source(
            subject=found.subject, entry=_chosen(visit, found), basis=basis, by=visit.actor, now=visit.now
        ),
    )


@step(Permission.OWNERSHIP_POSITION_STATE)
def position(visit: Visit, subject_id: UUID) -> HttpResponseBase:
    """State the department's position."""
    typed = visit.request.POST
    return _take(
        visit,
        subject_id,
        _("本部门意见已登记"),
        lambda found: actions.state_position(
            designation=_proposal(found),
            stance=typed.get("stance", ""),
            text=typed.get("text", ""),
            by=visit.actor,
            now=visit.now,
        ),
    )


@step(Permission.OWNERSHIP_SOURCE_DESIGNATE)
def designate(visit: Visit, subject_id: UUID) -> HttpResponseBase:
    """Designate the source."""

    def act(found: Overlap) -> object:
        written = visit.request.POST.get("effective_on", "")
        return actions.designate(
            designation=_proposal(found),
            entry=_chosen(visit, found),
            effective_on=written_day(written, "effective_on", gettext_noop("生效日期"), CLAUSE),
            by=visit.actor,
            now=visit.now,
        )

    return _take(visit, subject_id, _("已指定数源部门，各部门已收到通知"), act)


@step(Permission.OWNERSHIP_SOURCE_DESIGNATE)
def revoke(visit: Visit, subject_id: UUID) -> HttpResponseBase:
    """Withdraw the proposal or, where there is none, end the designation."""

    def act(found: Overlap) -> object:
        designation = found.proposal or found.designation
        if designation is None:
            raise NotFoundError(what=found.subject.name)
        reason = visit.request.POST.get("reason", "")
        return actions.revoke_source(designation=designation, reason=reason, by=visit.actor, now=visit.now)

    return _take(visit, subject_id, _("已撤销"), act)
