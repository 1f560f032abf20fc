"""采集方案: what forms, systems and projects will ask people for, compared with what is shared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _

from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.ownership import actions, queries
from jutong.center.ownership.actions import Answer
from jutong.center.ownership.enums import FieldChoice, PlanEvent, PlanKind, PlanState
from jutong.center.ownership.models import CollectionPlan, PlanField
from jutong.center.ownership.rules import plan_events
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.ownership.files import sent
from jutong.web.paging import paged

MOST_EVIDENCE = 5000
"""Rows of a file of evidence."""


@page(Permission.OWNERSHIP_SOURCE_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the department's plans, or what was submitted to the authority."""
    context = {
        "page": paged(visit, queries.plans(visit.actor)),
        "may_make": has(visit.actor, Permission.OWNERSHIP_PLAN_EDIT),
        "may_decide": has(visit.actor, Permission.OWNERSHIP_PLAN_DECIDE),
    }
    return visit.render("ownership/plans.html", context)


@form_page(Permission.OWNERSHIP_PLAN_EDIT)
def create(visit: Visit) -> HttpResponseBase:
    """Register a plan: what it is, and the fields, one a line."""
    if not visit.is_post:
        return _form(visit)
    typed = visit.request.POST
    try:
        made = actions.create_plan(
            kind=typed.get("kind", ""),
            name=typed.get("name", ""),
            purpose=typed.get("purpose", ""),
            fields=actions.read_fields(typed.get("fields", "")),
            by=visit.actor,
            now=visit.now,
        )
        actions.check_plan(plan=made, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _form(visit, problem=problem)
    return visit.done(_("已登记并与共享目录比对"), f"/ownership/plans/{made.id}")


@form_page(Permission.OWNERSHIP_PLAN_EDIT)
def edit(visit: Visit, plan_id: UUID) -> HttpResponseBase:
    """Write a plan anew."""
    plan = queries.plan(visit.actor, plan_id)
    if not visit.is_post:
        return _form(visit, plan)
    typed = visit.request.POST
    try:
        actions.edit_plan(
            plan=plan,
            kind=typed.get("kind", ""),
            name=typed.get("name", ""),
            purpose=typed.get("purpose", ""),
            fields=actions.read_fields(typed.get("fields", "")),
            by=visit.actor,
            now=visit.now,
        )
        actions.check_plan(plan=plan, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _form(visit, plan, problem)
    return visit.done(_("已修改并重新比对"), f"/ownership/plans/{plan.id}")


def _form(visit: Visit, plan: CollectionPlan | None = None, problem: JutongError | None = None) -> HttpResponse:
    typed: QueryDict | dict[str, str] = visit.request.POST
    if not typed and plan is not None:
        lines = (f"{row.name}\t{row.meaning}".strip() for row in plan.fields.all())
        typed = {"kind": plan.kind, "name": plan.name, "purpose": plan.purpose, "fields": "\n".join(lines)}
    context = {
        "plan": plan,
        "typed": typed,
        "kinds": [("", _("请选择")), *PlanKind.choices],
        "problem": problem,
    }
    return visit.render("ownership/plan_form.html", context, status=problem.http_status if problem else 200)


@page(Permission.OWNERSHIP_SOURCE_VIEW)
def detail(visit: Visit, plan_id: UUID) -> HttpResponseBase:
    """Show a plan field by field with what is shared already."""
    return _show(visit, plan_id)


def _show(visit: Visit, plan_id: UUID, problem: JutongError | None = None) -> HttpResponse:
    plan = queries.plan(visit.actor, plan_id)
    fields = list(plan.fields.all())
    own = plan.organisation_id == visit.actor.organisation_id
    events = plan_events(plan.state)
    may_make = own and has(visit.actor, Permission.OWNERSHIP_PLAN_EDIT)
    context = {
        "plan": plan,
        "fields": fields,
        "found": sum(bool(row.hits.all()) for row in fields),
        "open": sum(not row.choice for row in fields),
        "reused": sum(row.choice == FieldChoice.REUSE for row in fields),
        "may": {event for event in events if may_make},
        "may_decide": PlanEvent.APPROVE in events and has(visit.actor, Permission.OWNERSHIP_PLAN_DECIDE),
        "is_returned": plan.state == PlanState.RETURNED,
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("ownership/plan.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, plan_id: UUID, said: str, act: Callable[[CollectionPlan], object]) -> HttpResponse:
    try:
        act(queries.plan(visit.actor, plan_id))
    except JutongError as problem:
        return _show(visit, plan_id, problem)
    return visit.done(said, f"/ownership/plans/{plan_id}")


@step(Permission.OWNERSHIP_PLAN_EDIT)
def check(visit: Visit, plan_id: UUID) -> HttpResponseBase:
    """Compare the fields with what is shared now."""
    return _take(
        visit,
        plan_id,
        _("已重新比对"),
        lambda plan: actions.check_plan(plan=plan, by=visit.actor, now=visit.now),
    )


@step(Permission.OWNERSHIP_PLAN_EDIT)
def resolve(visit: Visit, plan_id: UUID) -> HttpResponseBase:
    """Keep what the department decided about each field, and submit where the second button was used."""

    def act(plan: CollectionPlan) -> object:
        done = actions.resolve_fields(
            plan=plan, answers=_answers(visit.request.POST, plan.fields.all()), by=visit.actor, now=visit.now
        )
        if visit.request.POST.get("then") == "submit":
            return actions.submit_plan(plan=plan, by=visit.actor, now=visit.now)
        return done

    submitted = visit.request.POST.get("then") == "submit"
    return _take(visit, plan_id, _("已提交主管部门审核") if submitted else _("已保存"), act)


def _answers(typed: QueryDict, fields: Iterable[PlanField]) -> dict[int, Answer]:
    """Return the answers of a form whose choices are empty, ``justify`` or ``reuse <code>``."""
    answers = {}
    for row in fields:
        name = f"choice-{row.position}"
        if name in typed:
            choice, _space, code = typed.get(name, "").partition(" ")
            answers[row.position] = Answer(choice, code, typed.get(f"why-{row.position}", ""))
    return answers


@step(Permission.OWNERSHIP_PLAN_EDIT)
def submit(visit: Visit, plan_id: UUID) -> HttpResponseBase:
    """Submit a plan to the authority."""
    return _take(
        visit,
        plan_id,
        _("已提交主管部门审核"),
        lambda plan: actions.submit_plan(plan=plan, by=visit.actor, now=visit.now),
    )


@step(Permission.OWNERSHIP_PLAN_EDIT)
def recall(visit: Visit, plan_id: UUID) -> HttpResponseBase:
    """Take a submitted plan back."""
    return _take(
        visit,
        plan_id,
        _("已撤回，可以修改"),
        lambda plan: actions.recall_plan(plan=plan, by=visit.actor, now=visit.now),
    )


@step(Permission.OWNERSHIP_PLAN_DECIDE)
def decide(visit: Visit, plan_id: UUID) -> HttpResponseBase:
    """Approve a plan or return it with the reason (条例 19(1))."""
    approve = visit.request.POST.get("approve") == "1"
    note = visit.request.POST.get("note", "")
    return _take(
        visit,
        plan_id,
        _("已同意") if approve else _("已退回并说明原因"),
        lambda plan: actions.decide_plan(plan=plan, approve=approve, note=note, by=visit.actor, now=visit.now),
    )


@page(Permission.OWNERSHIP_SOURCE_VIEW)
def repeated(visit: Visit) -> HttpResponseBase:
    """Show what is asked for again although it is shared, on the page or as a file."""
    found = queries.repeated_fields(visit.actor)
    headers = (
        _("部门"), _("采集方案"), _("方案状态"), _("字段"), _("处理"), _("理由"), _("已有的共享目录"),
    )  # fmt: skip
    file = sent(visit, _("重复采集"), headers, lambda: map(_evidence, found[:MOST_EVIDENCE]))
    return file or visit.render("ownership/repeated.html", {"page": paged(visit, found)})


def _evidence(row: PlanField) -> tuple[str, ...]:
    return (
        row.plan.organisation.name,
        row.plan.name,
        str(row.plan.get_state_display()),
        row.name,
        str(row.get_choice_display()) if row.choice else _("没有处理"),
        row.justification,
        "、".join(f"{hit.entry.code} {hit.entry.published_name}" for hit in row.hits.all()),
    )
