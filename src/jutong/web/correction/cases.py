"""校核申请: the list, one case and the steps on it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.correction import actions, queries
from jutong.center.correction.enums import UPHELD, Finding
from jutong.center.correction.models import Correction
from jutong.center.correction.queries import CaseView
from jutong.center.correction.rules import OPEN
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.process.sides import Side
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page, step

TABS = (
    ("", gettext_lazy("全部")),
    ("provider", gettext_lazy("本部门要核实的")),
    ("requester", gettext_lazy("本部门提出的")),
    ("open", gettext_lazy("在办")),
)


@page(Permission.CORRECTION_CASE_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the cases of the own side, or of the division."""
    tab = visit.request.GET.get("tab", "")
    found = queries.corrections(
        visit.actor,
        side=tab if tab in {Side.PROVIDER, Side.REQUESTER} else "",
        states=OPEN if tab == "open" else (),
        after=visit.request.GET.get("after", ""),
    )
    clocks = queries.clocks_of(found.rows, visit.now)
    context = {
        "rows": [(row, clocks.get(row.id)) for row in found.rows],
        "older": visit.query(after=found.next) if found.next else "",
        "tabs": [(name, label, visit.query(tab=name, after=None)) for name, label in TABS],
        "tab": tab,
        "may_raise": has(visit.actor, Permission.CORRECTION_CASE_RAISE),
    }
    return visit.render("correction/listing.html", context)


@page(Permission.CORRECTION_CASE_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one case with its values masked."""
    return _show(visit, queries.correction(visit.actor, number, now=visit.now))


@step(Permission.CORRECTION_CASE_VIEW)
def reveal(visit: Visit, number: str) -> HttpResponseBase:
    """Show the values to one of the two sides; that somebody looked is recorded."""
    return _show(visit, actions.reveal(number=number, by=visit.actor, now=visit.now))


@step(Permission.CORRECTION_CASE_VIEW)
def material(visit: Visit, number: str, material_id: UUID) -> HttpResponseBase:
    """Send a file of the case to one of the two sides."""
    file, kind = actions.reveal_material(number=number, material_id=material_id, by=visit.actor, now=visit.now)
    ending = {"application/pdf": "pdf", "image/png": "png"}.get(kind, "jpg")
    response = HttpResponse(file.content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{number}.{ending}"'
    return response


def _show(visit: Visit, view: CaseView, problem: JutongError | None = None) -> HttpResponse:
    found, typed = view.correction, visit.request.POST
    corrected = [(at, item, typed.get(f"corrected-{at}", "")) for at, item in enumerate(found.items)]
    context = {
        "here": f"/corrections/{found.number}",
        "case": found,
        "view": view,
        "can": {event.value for event in view.events},
        "findings": [("", _("请选择")), *Finding.choices],
        "corrected": corrected,
        "waiting": sum(row.confirmed_at is None for row in view.recipients),
        "problem": problem,
        "typed": typed,
    }
    return visit.render("correction/case.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, number: str, said: str, act: Callable[[Correction], object]) -> HttpResponse:
    try:
        act(queries.correction_of(visit.actor, number))
    except JutongError as problem:
        visit.keep(problem)
        return _show(visit, queries.correction(visit.actor, number, now=visit.now), problem)
    return visit.done(said, f"/corrections/{number}")


@step(Permission.CORRECTION_CASE_ANSWER)
def accept(visit: Visit, number: str) -> HttpResponseBase:
    """Take the case up."""
    return _take(
        visit, number, _("已受理，请在期限内核实并反馈"),
        lambda found: actions.accept(correction=found, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.CORRECTION_CASE_ANSWER)
def answer(visit: Visit, number: str) -> HttpResponseBase:
    """Correct, or feed back why not."""
    typed = visit.request.POST
    finding, text = typed.get("finding", ""), typed.get("text", "")

    def act(found: Correction) -> object:
        if finding not in UPHELD:
            return actions.refuse(correction=found, finding=finding, text=text, by=visit.actor, now=visit.now)
        given = {item: typed.get(f"corrected-{at}", "") for at, item in enumerate(found.items)}
        corrected = {item: value for item, value in given.items() if value.strip()}
        return actions.uphold(
            correction=found, finding=finding, corrected=corrected, text=text, by=visit.actor, now=visit.now
        )

    said = _("已更正，更正值发给每个用过这条数据的部门") if finding in UPHELD else _("已反馈，标注撤销")
    return _take(visit, number, said, act)


@step(Permission.CORRECTION_CASE_RAISE)
def withdraw(visit: Visit, number: str) -> HttpResponseBase:
    """Take the doubt back."""
    return _take(
        visit, number, _("已撤回，标注撤销"),
        lambda found: actions.withdraw(correction=found, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.CORRECTION_CASE_CONFIRM)
def confirm(visit: Visit, number: str) -> HttpResponseBase:
    """Take the answer."""
    return _take(
        visit, number, _("已确认反馈"),
        lambda found: actions.confirm(correction=found, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.CORRECTION_CASE_CONFIRM)
def receive(visit: Visit, number: str) -> HttpResponseBase:
    """Say that the corrected value arrived."""
    return _take(
        visit, number, _("已确认收到更正"),
        lambda found: actions.receive(correction=found, by=visit.actor, now=visit.now),
    )  # fmt: skip


@step(Permission.DISPUTE_CASE_RAISE)
def dispute(visit: Visit, number: str) -> HttpResponseBase:
    """Carry the answer into a dispute."""
    typed = visit.request.POST
    return _take(
        visit, number, _("已转争议，先由双方协商"),
        lambda found: actions.dispute(
            correction=found, claim=typed.get("claim", ""), facts=typed.get("facts", ""), by=visit.actor, now=visit.now
        ),
    )  # fmt: skip


@step(Permission.CORRECTION_CASE_ANSWER)
def retry(visit: Visit, number: str) -> HttpResponseBase:
    """Order the mark again."""
    return _take(
        visit, number, _("已重新下达，等节点回执"),
        lambda found: actions.retry_mark(correction=found, by=visit.actor, now=visit.now),
    )  # fmt: skip
