"""套用, renewals, and decisions on many applications at once."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from jutong.center.org.permissions import Permission
from jutong.center.sharing import actions, queries
from jutong.center.sharing.actions import many
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, form_page, step


@step(Permission.SHARING_APPLICATION_DRAFT)
def copy(visit: Visit, number: str) -> HttpResponseBase:
    """Begin an application like this one, on the same entry."""
    try:
        pattern = queries.application(visit.actor, number)
        made = actions.copy_application(pattern=pattern, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=f"/applications/{number}")
    return HttpResponseRedirect(f"/applications/{made.number}/apply/1")


@step(Permission.SHARING_APPLICATION_DRAFT)
def renew(visit: Visit, number: str) -> HttpResponseBase:
    """续期: begin the application that follows a grant."""
    try:
        grant = queries.grant(visit.actor, number).grant
        made = actions.renew_grant(grant=grant, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=f"/grants/{number}")
    return HttpResponseRedirect(f"/applications/{made.number}/apply/3")


@form_page(Permission.SHARING_INBOX_VIEW)
def batch(visit: Visit) -> HttpResponseBase:
    """Decide many applications that ask for nothing but verification."""
    if not visit.is_post:
        return _batch(visit)
    chosen = visit.request.POST.get("step", "")
    if chosen not in many.STEPS:
        raise NotFoundError(what=chosen)
    numbers = visit.request.POST.getlist("number")
    outcomes = many.decide_many(step=chosen, numbers=numbers, by=visit.actor, now=visit.now)
    refused = [row for row in outcomes if row.problem]
    if outcomes and not refused:
        return visit.done(_("已办理%(n)s件") % {"n": len(outcomes)}, "/applications/batch")
    return _batch(visit, outcomes)


def _batch(visit: Visit, outcomes: list[many.Outcome] | None = None) -> HttpResponse:
    labels = {"consent": _("同意并提交申请"), "prepare": _("拟同意"), "reply": _("同意发出答复")}
    groups = many.eligible(visit.actor, visit.now)
    context = {
        "groups": [(step_, labels[step_], rows) for step_, rows in groups.items() if rows],
        "outcomes": outcomes or [],
        "most": many.MOST,
    }
    return visit.render("sharing/batch.html", context)
