"""Sources of items and collection plans (条例 19)."""

from __future__ import annotations

from typing import Annotated

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import ownership as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Ident
from jutong.center.catalog.models import Entry
from jutong.center.catalog.queries import published_entry
from jutong.center.norms.queries import matcher
from jutong.center.org.permissions import Permission
from jutong.center.ownership import actions, queries
from jutong.center.ownership.actions.plan import MOST_FIELDS
from jutong.center.ownership.errors import PlanFieldsError
from jutong.center.ownership.matching import Hit, hits_for
from jutong.center.ownership.models import CollectionPlan, SourceDesignation
from jutong.kernel.errors import NotFoundError

router = Router(tags=["数源与采集 ownership"])
PAGE_SIZE = 50
SUBJECTS, SOURCES, PLANS = "ownership-subjects", "ownership-sources", "ownership-plans"
SubjectId = Annotated[Ident, Path(description="信息项编号 · id of the item's subject")]
DesignationId = Annotated[Ident, Path(description="数源指定编号 · id of the designation")]
PlanId = Annotated[Ident, Path(description="采集方案编号 · id of the plan")]
_WRITE = (404, 409, 415, 422)
_STEP = (404, 409, 422)


class SubjectsAsked(Asked):
    """Which items."""

    q: Annotated[str, Field(max_length=64, description="信息项名称里的词 · a word of the item's name")] = ""
    state: Annotated[str, Field(pattern=r"^(open|proposed|designated)?$")] = ""
    cursor: Cursor = ""


class OwnershipRowsAsked(Asked):
    """Where to go on."""

    cursor: Cursor = ""


class ItemSourceAsked(Asked):
    """Of what."""

    name: Annotated[
        str, Field(min_length=1, max_length=64, description="信息项名称或数据元编码 · item or element code")
    ]


def _entry(caller: Caller, code: str) -> Entry:
    return published_entry(caller.actor, code)


def _designation(caller: Caller, designation_id: Ident) -> SourceDesignation:
    return queries.designation(caller.actor, designation_id)


def _told(caller: Caller, made: SourceDesignation) -> shapes.DesignationOut:
    return shapes.designation_out(queries.designation(caller.actor, made.id))


@router.get(
    "/ownership/subjects",
    operation_id="listSubjects",
    summary="多个部门发布的信息项 · items several departments publish",
    **asks(Permission.OWNERSHIP_SOURCE_VIEW, PageOut[shapes.SubjectOut], 422),
)
def subjects(request: ApiRequest, asked: Query[SubjectsAsked]) -> PageOut[shapes.SubjectOut]:
    """Return a page of 50 items of the division that two or more departments publish, the most held first."""
    number = listing.page_number(SUBJECTS, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(queries.overlaps(request.auth.actor, q=asked.q, state=asked.state)[start : start + PAGE_SIZE + 1])
    following = listing.next_page(SUBJECTS, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.subject_out(row) for row in rows[:PAGE_SIZE]], next=following)


@router.get(
    "/ownership/subjects/{subject_id}",
    operation_id="getSubject",
    summary="一个信息项由谁发布 · who publishes an item",
    **asks(Permission.OWNERSHIP_SOURCE_VIEW, shapes.SubjectDetailOut, 404, 422),
)
def subject(request: ApiRequest, subject_id: SubjectId) -> shapes.SubjectDetailOut:
    """Return an item with the entries that have it and its source."""
    return shapes.subject_detail_out(queries.subject(request.auth.actor, subject_id))


@router.post(
    "/ownership/subjects/{subject_id}/proposals",
    operation_id="proposeSource",
    summary="提出数源部门 · propose a source",
    **asks(Permission.OWNERSHIP_SOURCE_DESIGNATE, shapes.DesignationOut, *_WRITE, status=201),
)
def propose(request: ApiRequest, subject_id: SubjectId, body: shapes.ProposeIn) -> shapes.DesignationOut:
    """Propose the department of an entry as the source and ask all that publish the item (条例 19)."""
    caller = request.auth
    found = queries.subject(caller.actor, subject_id)
    entry = _entry(caller, body.entry)
    made = actions.propose_source(
        subject=found.subject, entry=entry, basis=body.basis, by=caller.actor, now=caller.now
    )  # fmt: skip
    return _told(caller, made)


@router.get(
    "/ownership/sources",
    operation_id="listSourceDesignations",
    summary="数源登记 · the registry of sources",
    **asks(Permission.OWNERSHIP_SOURCE_VIEW, PageOut[shapes.DesignationOut], 422),
)
def sources(request: ApiRequest, asked: Query[OwnershipRowsAsked]) -> PageOut[shapes.DesignationOut]:
    """Return a page of 50 designations of the division, proposed, in force and revoked, the newest first."""
    number = listing.page_number(SOURCES, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(queries.designations(request.auth.actor)[start : start + PAGE_SIZE + 1])
    following = listing.next_page(SOURCES, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.designation_out(row) for row in rows[:PAGE_SIZE]], next=following)


@router.get(
    "/ownership/source",
    operation_id="findSource",
    summary="某个信息项的数源 · the source of an item",
    **asks(Permission.OWNERSHIP_SOURCE_VIEW, shapes.ItemSourceOut, 404, 422),
)
def source(request: ApiRequest, asked: Query[ItemSourceAsked]) -> shapes.ItemSourceOut:
    """Return the designated source of an item or data element in the caller's division."""
    found = queries.source_of(request.auth.actor.division_code, asked.name)
    if found is None:
        raise NotFoundError(what=asked.name)
    return shapes.ItemSourceOut(
        item_name=found.item_name,
        organisation_code=found.organisation_code,
        organisation_name=found.organisation_name,
        entry=shapes.EntryRef(code=found.entry_code, name=found.entry_name),
    )


@router.post(
    "/ownership/sources/{designation_id}/positions",
    operation_id="statePosition",
    summary="部门表态 · state the department's position",
    **asks(Permission.OWNERSHIP_POSITION_STATE, shapes.DesignationOut, *_WRITE),
)
def position(request: ApiRequest, designation_id: DesignationId, body: shapes.PositionIn) -> shapes.DesignationOut:
    """State what the own department says to a proposal."""
    caller = request.auth
    found = _designation(caller, designation_id)
    made = actions.state_position(
        designation=found, stance=body.stance, text=body.text, by=caller.actor, now=caller.now
    )  # fmt: skip
    return _told(caller, made)


@router.post(
    "/ownership/sources/{designation_id}/designate",
    operation_id="designateSource",
    summary="指定数源部门 · designate the source",
    **asks(Permission.OWNERSHIP_SOURCE_DESIGNATE, shapes.DesignationOut, *_WRITE),
)
def designate(request: ApiRequest, designation_id: DesignationId, body: shapes.DesignateIn) -> shapes.DesignationOut:
    """Designate the source after the departments were heard (条例 19)."""
    caller = request.auth
    made = actions.designate(
        designation=_designation(caller, designation_id),
        entry=_entry(caller, body.entry),
        effective_on=body.effective_on,
        by=caller.actor,
        now=caller.now,
    )
    return _told(caller, made)


@router.post(
    "/ownership/sources/{designation_id}/revoke",
    operation_id="revokeSource",
    summary="撤销数源指定 · end a designation",
    **asks(Permission.OWNERSHIP_SOURCE_DESIGNATE, shapes.DesignationOut, *_WRITE),
)
def revoke(request: ApiRequest, designation_id: DesignationId, body: shapes.RevokeIn) -> shapes.DesignationOut:
    """Withdraw a proposal or end a designation, with the reason."""
    caller = request.auth
    found = _designation(caller, designation_id)
    return _told(caller, actions.revoke_source(designation=found, reason=body.reason, by=caller.actor, now=caller.now))


@router.post(
    "/ownership/comparisons",
    operation_id="compareFields",
    summary="比对要收集的字段 · compare fields with what is shared",
    **asks(Permission.OWNERSHIP_PLAN_EDIT, list[shapes.ComparedOut], 415, 422),
)
def compare(request: ApiRequest, body: shapes.FieldsIn) -> list[shapes.ComparedOut]:
    """Return what is shared already of the fields a form would ask for; nothing is kept."""
    division, library = request.auth.actor.division_code, matcher()
    found = {row.name: hits_for(division, row.name, row.meaning, library=library) for row in body.asked()}
    wanted = {hit.entry_id for hits in found.values() for hit in hits}
    entries = {row.id: row for row in Entry.objects.filter(id__in=wanted).select_related("organisation")}
    return [
        shapes.ComparedOut(name=name, hits=[_compared(hit, entries[hit.entry_id]) for hit in hits])
        for name, hits in found.items()
    ]


def _compared(hit: Hit, entry: Entry) -> shapes.FieldHitOut:
    return shapes.hit_out(hit, entry)


def _plan(caller: Caller, plan_id: Ident) -> CollectionPlan:
    return queries.plan(caller.actor, plan_id)


def _plan_told(caller: Caller, plan: CollectionPlan) -> shapes.PlanOut:
    return shapes.plan_out(queries.plan(caller.actor, plan.id))


def _without_doubles(body: shapes.FieldsIn) -> list[actions.AskedField]:
    """Return the fields of a plan.

    Raises:
        PlanFieldsError: for names that are blank or stand there twice.
    """
    fields = body.asked()
    names = [row.name for row in fields]
    wrong = [str(at) for at, name in enumerate(names, start=1) if not name or name in names[: at - 1]]
    if wrong:
        raise PlanFieldsError(limit=MOST_FIELDS, lines="、".join(wrong))
    return fields


@router.get(
    "/ownership/plans",
    operation_id="listPlans",
    summary="采集方案 · collection plans",
    **asks(Permission.OWNERSHIP_SOURCE_VIEW, PageOut[shapes.PlanRowOut], 422),
)
def plans(request: ApiRequest, asked: Query[OwnershipRowsAsked]) -> PageOut[shapes.PlanRowOut]:
    """Return a page of 50 plans: the department's own, or what was submitted to the authority."""
    number = listing.page_number(PLANS, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(queries.plans(request.auth.actor)[start : start + PAGE_SIZE + 1])
    following = listing.next_page(PLANS, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.plan_row_out(row) for row in rows[:PAGE_SIZE]], next=following)


@router.post(
    "/ownership/plans",
    operation_id="createPlan",
    summary="登记采集方案 · register a plan",
    **asks(Permission.OWNERSHIP_PLAN_EDIT, shapes.PlanOut, 404, 409, 415, 422, status=201),
)
def create_plan(request: ApiRequest, body: shapes.PlanIn) -> shapes.PlanOut:
    """Register what a form, system or project will ask for, and compare it with what is shared."""
    caller = request.auth
    made = actions.create_plan(
        kind=body.kind,
        name=body.name,
        purpose=body.purpose,
        fields=_without_doubles(body),
        by=caller.actor,
        now=caller.now,
    )
    return _plan_told(caller, actions.check_plan(plan=made, by=caller.actor, now=caller.now))


@router.get(
    "/ownership/plans/{plan_id}",
    operation_id="getPlan",
    summary="一个采集方案 · one plan",
    **asks(Permission.OWNERSHIP_SOURCE_VIEW, shapes.PlanOut, 404, 422),
)
def plan(request: ApiRequest, plan_id: PlanId) -> shapes.PlanOut:
    """Return a plan with its fields and what is shared of them."""
    return shapes.plan_out(_plan(request.auth, plan_id))


@router.put(
    "/ownership/plans/{plan_id}",
    operation_id="editPlan",
    summary="修改采集方案 · write a plan anew",
    **asks(Permission.OWNERSHIP_PLAN_EDIT, shapes.PlanOut, *_WRITE),
)
def edit_plan(request: ApiRequest, plan_id: PlanId, body: shapes.PlanIn) -> shapes.PlanOut:
    """Write a plan anew and compare it again; earlier answers fall away."""
    caller = request.auth
    done = actions.edit_plan(
        plan=_plan(caller, plan_id),
        kind=body.kind,
        name=body.name,
        purpose=body.purpose,
        fields=_without_doubles(body),
        by=caller.actor,
        now=caller.now,
    )
    return _plan_told(caller, actions.check_plan(plan=done, by=caller.actor, now=caller.now))


@router.post(
    "/ownership/plans/{plan_id}/answers",
    operation_id="resolvePlan",
    summary="逐项处理 · reuse or justify fields",
    **asks(Permission.OWNERSHIP_PLAN_EDIT, shapes.PlanOut, *_WRITE),
)
def resolve(request: ApiRequest, plan_id: PlanId, body: shapes.AnswersIn) -> shapes.PlanOut:
    """Say of fields that are shared already whether they are reused, or why they are still asked for."""
    caller, answers = request.auth, body.by_position()
    found = _plan(caller, plan_id)
    return _plan_told(caller, actions.resolve_fields(plan=found, answers=answers, by=caller.actor, now=caller.now))


@router.post(
    "/ownership/plans/{plan_id}/submit",
    operation_id="submitPlan",
    summary="提交采集方案 · submit a plan",
    **asks(Permission.OWNERSHIP_PLAN_EDIT, shapes.PlanOut, *_STEP),
)
def submit(request: ApiRequest, plan_id: PlanId) -> shapes.PlanOut:
    """Submit a plan whose shared fields are all reused or justified."""
    caller = request.auth
    return _plan_told(caller, actions.submit_plan(plan=_plan(caller, plan_id), by=caller.actor, now=caller.now))


@router.post(
    "/ownership/plans/{plan_id}/recall",
    operation_id="recallPlan",
    summary="撤回采集方案 · take a plan back",
    **asks(Permission.OWNERSHIP_PLAN_EDIT, shapes.PlanOut, *_STEP),
)
def recall(request: ApiRequest, plan_id: PlanId) -> shapes.PlanOut:
    """Take a submitted plan back."""
    caller = request.auth
    return _plan_told(caller, actions.recall_plan(plan=_plan(caller, plan_id), by=caller.actor, now=caller.now))


@router.post(
    "/ownership/plans/{plan_id}/decision",
    operation_id="decidePlan",
    summary="审核采集方案 · approve or return a plan",
    **asks(Permission.OWNERSHIP_PLAN_DECIDE, shapes.PlanOut, *_WRITE),
)
def decide(request: ApiRequest, plan_id: PlanId, body: shapes.PlanDecisionIn) -> shapes.PlanOut:
    """Approve a plan, or return it with the reason."""
    caller = request.auth
    done = actions.decide_plan(
        plan=_plan(caller, plan_id), approve=body.approve, note=body.note, by=caller.actor, now=caller.now
    )  # fmt: skip
    return _plan_told(caller, done)
