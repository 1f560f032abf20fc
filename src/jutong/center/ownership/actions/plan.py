"""Registering what a form, system or project will ask people for, and not asking for what is shared (条例 19(1))."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.catalog.tokens import same_name_key
from jutong.center.norms.queries import matcher
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.queries import NOBODY, authority_for, own_organisation, require
from jutong.center.ownership.enums import FieldChoice, PlanEvent, PlanKind, PlanState
from jutong.center.ownership.errors import (
    PlanFieldsError,
    PlanUnresolvedError,
    PlanWriterDecidesError,
    ReuseNotFoundError,
)
from jutong.center.ownership.matching import hits_for
from jutong.center.ownership.models import CollectionPlan, FieldHit, PlanField
from jutong.center.ownership.rules import permission_for, plan_step
from jutong.center.ownership.texts import required
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop

CLAUSE = "政务数据共享条例第十九条"
MOST_FIELDS = 300
_SEPARATOR = re.compile(r"[\s,，;；:：]+")
_BRACKETED = re.compile(r"([^（(\s]+)\s*[（(](.+)[）)]")
_LONGEST_NAME, _LONGEST_MEANING = 64, 200
SUBMITTED = gettext_noop("{organisation}的采集方案“{name}”待审核，其中{count}个字段已有共享数据仍要采集。")
APPROVED = gettext_noop("采集方案“{name}”已同意。")
RETURNED = gettext_noop("采集方案“{name}”被退回：{reason}")
"""The notices to the authority and to the department."""
_DECIDING = frozenset({PlanEvent.APPROVE, PlanEvent.RETURN})


@dataclass(frozen=True, slots=True)
class AskedField:
    """One thing a plan asks people for."""

    name: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a department does about a field that is shared already; ``entry_code`` where it reuses."""

    choice: str
    entry_code: str = ""
    justification: str = ""


def read_fields(text: str) -> list[AskedField]:
    """Return the fields of a text with one a line: name, then what it means, apart by blank, comma or tab.

    Raises:
        PlanFieldsError: for none, too many, a name too long or twice; with the numbers of the lines.
    """
    found: list[AskedField] = []
    seen: set[str] = set()
    wrong: list[int] = []
    for number, line in enumerate(text.splitlines(), start=1):
        name, meaning = _name_and_meaning(line.strip())
        if not name:
            continue
        key = same_name_key(name) or name
        if len(name) > _LONGEST_NAME or len(meaning) > _LONGEST_MEANING or key in seen or "\x00" in line:
            wrong.append(number)
        seen.add(key)
        found.append(AskedField(name, meaning))
    _check_fields(found, wrong)
    return found


def _name_and_meaning(line: str) -> tuple[str, str]:
    bracketed = _BRACKETED.fullmatch(line)
    if bracketed:
        return bracketed[1].strip(), bracketed[2].strip()
    name, *rest = _SEPARATOR.split(line, maxsplit=1)
    return name, rest[0].strip() if rest else ""


def _check_fields(fields: Sequence[AskedField], wrong: Sequence[int]) -> None:
    if wrong or not 1 <= len(fields) <= MOST_FIELDS:
        raise PlanFieldsError(limit=MOST_FIELDS, lines="、".join(map(str, wrong)) or "—")


@transaction.atomic
def create_plan(
    *, kind: str, name: str, purpose: str, fields: Iterable[AskedField], by: Actor, now: datetime
) -> CollectionPlan:
    """Register a plan of the actor's department as a draft.

    Raises:
        InvalidInputError: without name or purpose, or for an unknown kind.
        PlanFieldsError: without fields, or with too many.
        ForbiddenError: if ``by`` does not make plans.
    """
    require(by, permission_for(PlanEvent.EDIT))
    organisation: Organisation = own_organisation(by)
    plan = CollectionPlan(organisation=organisation, created_by_id=by.user_id, created_at=now, changed_at=now)
    _write(plan, kind, name, purpose)
    plan.save(force_insert=True)
    _write_fields(plan, list(fields))
    _note("create", plan, by, now)
    return plan


@transaction.atomic
def edit_plan(
    *,
    plan: CollectionPlan,
    kind: str,
    name: str,
    purpose: str,
    fields: Iterable[AskedField],
    by: Actor,
    now: datetime,
) -> CollectionPlan:
    """Write a plan anew; what was decided about its fields falls away with the check.

    Raises:
        PlanStepError: if it is under review or approved.
        NotFoundError: if it is another department's.
        InvalidInputError: as for ``create_plan``.
        PlanFieldsError: as for ``create_plan``.
        ForbiddenError: if ``by`` does not make plans.
    """
    locked, state = _open_step(plan, PlanEvent.EDIT, by)
    _write(locked, kind, name, purpose)
    locked.state, locked.changed_at, locked.checked_at = state, now, None
    locked.save()
    locked.fields.all().delete()
    _write_fields(locked, list(fields))
    _note("edit", locked, by, now)
    return locked


@transaction.atomic
def check_plan(*, plan: CollectionPlan, by: Actor, now: datetime) -> CollectionPlan:
    """Compare every field with what is shared already. Decisions stay where what they rest on is still found.

    Raises:
        PlanStepError: if it is under review or approved.
        NotFoundError: if it is another department's.
        ForbiddenError: if ``by`` does not make plans.
    """
    locked, state = _open_step(plan, PlanEvent.CHECK, by)
    found, library = 0, matcher()
    for field in locked.fields.select_for_update():
        hits = hits_for(locked.organisation.division_code, field.name, field.meaning, library=library)
        field.hits.all().delete()
        rows = {(hit.entry_id, hit.item_name): hit for hit in reversed(hits)}
        FieldHit.objects.bulk_create(
            FieldHit(
                field=field, entry_id=hit.entry_id, item_name=hit.item_name, way=hit.way,
                confidence=hit.confidence, is_source=hit.is_source,
            )
            for hit in reversed(rows.values())
        )  # fmt: skip
        found += bool(rows)
        _keep_choice(field, {entry for entry, _ in rows})
    locked.state, locked.checked_at, locked.changed_at = state, now, now
    locked.save(update_fields=["state", "checked_at", "changed_at"])
    _note("check", locked, by, now, found=found)
    return locked


def _keep_choice(field: PlanField, entries: set[object]) -> None:
    if not entries:
        field.choice, field.entry, field.justification = FieldChoice.COLLECT, None, ""
    elif field.choice == FieldChoice.COLLECT or (field.choice == FieldChoice.REUSE and field.entry_id not in entries):
        field.choice, field.entry = "", None
    field.save(update_fields=["choice", "entry", "justification"])


@transaction.atomic
def resolve_fields(*, plan: CollectionPlan, answers: Mapping[int, Answer], by: Actor, now: datetime) -> CollectionPlan:
    """Say of fields that are shared already whether they are reused or why they are still asked for.

    Args:
        plan: the plan.
        answers: by the field's number; fields left out stay as they are, ``Answer("")`` opens one again.
        by: who decides for the department.
        now: when.

    Raises:
        ReuseNotFoundError: if what is reused was not found for the field.
        InvalidInputError: for asking again without a reason, or an unknown choice.
        PlanStepError: if the plan was not checked, or is under review.
        NotFoundError: if it is another department's.
        ForbiddenError: if ``by`` does not make plans.
    """
    locked, _ = _open_step(plan, PlanEvent.RESOLVE, by)
    for field in locked.fields.select_for_update(of=("self",)).filter(position__in=list(answers)):
        if field.choice != FieldChoice.COLLECT:
            _resolve(field, answers[field.position])
    locked.changed_at = now
    locked.save(update_fields=["changed_at"])
    _note("resolve", locked, by, now, count=len(answers))
    return locked


def _resolve(field: PlanField, answer: Answer) -> None:
    allowed = {"", FieldChoice.REUSE.value, FieldChoice.JUSTIFY.value}
    place = f"choice-{field.position}"
    if answer.choice not in allowed:
        required("", place, field.name, CLAUSE)
    field.choice, field.entry, field.justification = answer.choice, None, ""
    if answer.choice == FieldChoice.REUSE:
        hit = field.hits.filter(entry__code=answer.entry_code, entry__published__isnull=False).first()
        if hit is None:
            raise ReuseNotFoundError(entry=answer.entry_code or "—", field=field.name)
        field.entry_id = hit.entry_id
    elif answer.choice == FieldChoice.JUSTIFY:
        field.justification = required(answer.justification, f"why-{field.position}", field.name, CLAUSE)
    field.save(update_fields=["choice", "entry", "justification"])


@transaction.atomic
def submit_plan(*, plan: CollectionPlan, by: Actor, now: datetime) -> CollectionPlan:
    """Submit a plan to the authority of its division.

    Raises:
        PlanUnresolvedError: if fields are shared already and neither reused nor justified.
        PlanStepError: if it was not checked.
        NotFoundError: if it is another department's.
        NoAuthorityError: if the division has none.
        ForbiddenError: if ``by`` does not make plans.
    """
    locked, state = _open_step(plan, PlanEvent.SUBMIT, by)
    open_ = list(locked.fields.filter(choice="").values_list("name", flat=True))
    if open_:
        raise PlanUnresolvedError(count=len(open_), fields="、".join(open_[:10]))
    authority = authority_for(locked.organisation.division_code)
    locked.state, locked.submitted_at, locked.changed_at = state, now, now
    locked.save(update_fields=["state", "submitted_at", "changed_at"])
    justified = locked.fields.filter(choice=FieldChoice.JUSTIFY).count()
    words = {"organisation": locked.organisation.short_name, "name": locked.name, "count": str(justified)}
    _tell(authority, Role.AUTHORITY, SUBMITTED, plan=locked, now=now, words=words)
    _note("submit", locked, by, now, justified=justified)
    return locked


@transaction.atomic
def recall_plan(*, plan: CollectionPlan, by: Actor, now: datetime) -> CollectionPlan:
    """Take a submitted plan back.

    Raises:
        PlanStepError: if it is not under review.
        NotFoundError: if it is another department's.
        ForbiddenError: if ``by`` does not make plans.
    """
    locked, state = _open_step(plan, PlanEvent.RECALL, by)
    locked.state, locked.changed_at = state, now
    locked.save(update_fields=["state", "changed_at"])
    _note("recall", locked, by, now)
    return locked


@transaction.atomic
def decide_plan(*, plan: CollectionPlan, approve: bool, note: str, by: Actor, now: datetime) -> CollectionPlan:
    """Approve a plan, or return it with the reason.

    Raises:
        PlanWriterDecidesError: if the same person wrote it.
        InvalidInputError: for a return without a reason.
        PlanStepError: if it is not under review.
        NotFoundError: if it is another division's.
        ForbiddenError: if ``by`` does not decide.
    """
    event = PlanEvent.APPROVE if approve else PlanEvent.RETURN
    locked, state = _open_step(plan, event, by)
    if locked.created_by_id == by.user_id:
        raise PlanWriterDecidesError(person=by.name, name=locked.name)
    said = note.strip()[:1000] if approve else required(note, "note", gettext_noop("退回原因"), CLAUSE, longest=1000)
    locked.state, locked.decision_note = state, said
    locked.decided_by_id, locked.decided_at, locked.changed_at = by.user_id, now, now
    locked.save(update_fields=["state", "decision_note", "decided_by", "decided_at", "changed_at"])
    words = {"name": locked.name, "reason": said}
    _tell(locked.organisation, Role.STEWARD, APPROVED if approve else RETURNED, plan=locked, now=now, words=words)
    _note("approve" if approve else "return", locked, by, now, note=said)
    return locked


def _open_step(plan: CollectionPlan, event: PlanEvent, by: Actor) -> tuple[CollectionPlan, str]:
    """Return the locked plan and the state the step leads to."""
    require(by, permission_for(event))
    locked = (
        CollectionPlan.objects.select_for_update(of=("self",)).select_related("organisation").filter(id=plan.id).first()
    )
    if locked is None or not _is_party(locked, event, by):
        raise NotFoundError(what=plan.name)
    return locked, plan_step(locked.state, event, name=locked.name).next


def _is_party(plan: CollectionPlan, event: PlanEvent, by: Actor) -> bool:
    if event in _DECIDING:
        return plan.state != PlanState.DRAFT and plan.organisation.division_code == by.division_code
    return plan.organisation_id == (by.organisation_id or NOBODY)


def _write(plan: CollectionPlan, kind: str, name: str, purpose: str) -> None:
    known = kind if kind in PlanKind.values else ""
    plan.kind = required(known, "kind", gettext_noop("类型"), CLAUSE)
    plan.name = required(name, "name", gettext_noop("名称"), CLAUSE, longest=128)
    plan.purpose = required(purpose, "purpose", gettext_noop("履行什么职责、依据是什么"), CLAUSE, longest=1000)


def _write_fields(plan: CollectionPlan, fields: Sequence[AskedField]) -> None:
    _check_fields(fields, [])
    PlanField.objects.bulk_create(
        PlanField(plan=plan, position=position, name=field.name, meaning=field.meaning)
        for position, field in enumerate(fields, start=1)
    )


def _tell(
    to: Organisation, role: str, text: str, *, plan: CollectionPlan, now: datetime, words: Mapping[str, str]
) -> None:
    link = f"/ownership/plans/{plan.id}"
    Notice.objects.create(organisation=to, role=role, text=text, fields=dict(words), link=link, at=now)


def _note(verb: str, plan: CollectionPlan, by: Actor, now: datetime, **details: object) -> None:
    record(
        event=f"ownership:plan:{verb}",
        by=by,
        now=now,
        subject_kind="collection-plan",
        subject_id=plan.id,
        subject_label=plan.name,
        state=str(plan.state),
        **details,
    )
