"""交换任务: the list, one with its runs, and what is done with it."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.jobs import transfer_queries as queries
from jutong.center.jobs import transfers as actions
from jutong.center.jobs.extras import can_backfill
from jutong.center.jobs.looking import look
from jutong.center.jobs.ordering import bound_columns, item_names
from jutong.center.jobs.queries import readable_jobs
from jutong.center.jobs.releasing import keeps_log
from jutong.center.jobs.transfer import Transfer, TransferState
from jutong.center.jobs.transfer_queries import Health
from jutong.center.jobs.work import Work
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page, step
from jutong.web.jobs.ways import ways
from jutong.web.jobs.words import mask_told, mode_told, told
from jutong.web.paging import paged

TABS = (
    ("", gettext_lazy("全部")),
    ("trouble", gettext_lazy("要处理")),
    ("running", gettext_lazy("正在运行")),
    ("draft", gettext_lazy("草稿")),
    ("off", gettext_lazy("停用")),
)
TONES = {
    Health.RUNNING: "run",
    Health.FAILED: "bad",
    Health.PROBLEM: "bad",
    Health.UNKNOWN: "warn",
    Health.LATE: "bad",
    Health.ASIDE: "warn",
    Health.GOOD: "ok",
}
LONGEST_WORDS = 80


@page(Permission.JOBS_JOB_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the transfers, those somebody has to look at first."""
    show = visit.request.GET.get("show", "")
    words = visit.request.GET.get("q", "").strip()[:LONGEST_WORDS].replace("\x00", "")
    found = paged(visit, queries.transfers(visit.actor, show=show, words=words))
    counts = queries.counts(visit.actor)
    context = {
        "rows": [(view, TONES.get(view.health, "idle")) for view in queries.views(visit.actor, found.rows, visit.now)],
        "tabs": [
            (label, visit.query(show=key or None, page=None), counts[key or "all"], key == show) for key, label in TABS
        ],
        "show": show,
        "words": words,
        "trouble": counts["trouble"],
        "total": counts["all"],
        "may_make": has(visit.actor, Permission.JOBS_JOB_ORDER),
        "summary": found.summary,
        "newer": found.newer,
        "older": found.older,
        "now": visit.now,
    }
    return visit.render("jobs/transfers.html", context)


@page(Permission.JOBS_JOB_VIEW)
def detail(visit: Visit, transfer_id: str) -> HttpResponseBase:
    """Show one transfer: how it does, what it says, its runs and versions."""
    return show(visit, queries.transfer(visit.actor, transfer_id))


def show(visit: Visit, transfer: Transfer, problem: JutongError | None = None) -> HttpResponse:
    """Render the page of a transfer, with the error of a refused step."""
    work = Work.read(transfer.work)
    view = queries.views(visit.actor, [transfer], visit.now)[0]
    context = {
        "transfer": transfer,
        "view": view,
        "tone": TONES.get(view.health, "idle"),
        "look": look(transfer, visit.now),
        "work": work,
        "ways": ways(bound_columns(transfer.entry), work),
        "names": item_names(transfer.entry),
        "mode": mode_told(work.mode),
        "steps": [(one, told(one)) for one in work.steps],
        "rules": [(one, told(one)) for one in work.rules],
        "masks": [(one, mask_told(one)) for one in work.masks],
        "jobs": readable_jobs(visit.actor).filter(transfer=transfer).order_by("-ordered_at", "-id")[:20],
        "versions": queries.versions(visit.actor, transfer.id),
        "may_edit": _is_own(visit, transfer),
        "keeps_log": keeps_log(transfer) is not None,
        "may_backfill": transfer.state != TransferState.DRAFT and can_backfill(work),
        "extras": readable_jobs(visit.actor).filter(beside=transfer).order_by("-ordered_at", "-id")[:5],
        "problem": problem,
        "now": visit.now,
    }
    return visit.render("jobs/transfer.html", context, status=problem.http_status if problem else 200)


def _is_own(visit: Visit, transfer: Transfer) -> bool:
    own = transfer.entry.organisation_id == visit.actor.organisation_id
    return own and has(visit.actor, Permission.JOBS_JOB_ORDER)


@step(Permission.JOBS_JOB_ORDER)
def run(visit: Visit, transfer_id: str) -> HttpResponseBase:
    """Order a run now and lead to it."""
    transfer = queries.transfer(visit.actor, transfer_id)
    try:
        job = actions.run_transfer(transfer=transfer, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return show(visit, transfer, problem)
    return visit.done(_("已下达，节点马上开始"), f"/jobs/{job.id}")


@step(Permission.JOBS_JOB_ORDER)
def switch(visit: Visit, transfer_id: str) -> HttpResponseBase:
    """Switch a transfer on or off."""
    transfer = queries.transfer(visit.actor, transfer_id)
    typed = visit.request.POST
    try:
        if typed.get("to") == "on":
            actions.switch_on(transfer=transfer, by=visit.actor, now=visit.now)
            text = _("已启用，按计划运行")
        else:
            reason = typed.get("reason", "").replace("\x00", "")
            actions.switch_off(transfer=transfer, reason=reason, by=visit.actor, now=visit.now)
            text = _("已停用，不再按计划运行")
    except JutongError as problem:
        return show(visit, transfer, problem)
    return visit.done(text, f"/transfers/{transfer.id}")


@step(Permission.JOBS_JOB_ORDER)
def discard(visit: Visit, transfer_id: str) -> HttpResponseBase:
    """Throw a draft away."""
    transfer = queries.transfer(visit.actor, transfer_id)
    try:
        actions.discard_draft(transfer=transfer, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return show(visit, transfer, problem)
    return visit.done(_("草稿已删除"), "/transfers")


def back_to(transfer: Transfer) -> HttpResponseRedirect:
    """Lead to a transfer's page."""
    return HttpResponseRedirect(f"/transfers/{transfer.id}")
