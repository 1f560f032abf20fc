"""Data elements from proposal to retirement."""

from __future__ import annotations

from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from datetime import date, datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from jutong.center.audit import actions as audit
from jutong.center.norms import rules
from jutong.center.norms.enums import ElementEvent, ElementState
from jutong.center.norms.errors import ElementForeignError, ElementOpenError, ElementProposerDecidesError
from jutong.center.norms.fields import ElementFields, completeness, fitting
from jutong.center.norms.models import DataElement, ElementVersion
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.sharing.models import Notice
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.elements import key

LOCAL_PREFIX = "LE"
"""Codes of elements proposed here begin so; those of the shipped library with DE."""
_LOCK = 0x6A75_6E65
ASKED = gettext_noop("{organisation}提出数据元“{name}”，等待审核。")
_DECIDED = {
    ElementEvent.PUBLISH: gettext_noop("数据元“{name}”已发布，编号{code}。"),
    ElementEvent.RETURN: gettext_noop("数据元“{name}”被退回：{reason}"),
}
_REASON_LENGTH = 500


@transaction.atomic
def propose(*, fields: ElementFields, by: Actor, now: datetime) -> ElementVersion:
    """Begin a new data element as a draft.

    Raises:
        InvalidInputError: for values that do not fit.
        ForbiddenError: if the post does not propose.
    """
    org.require(by, Permission.NORMS_ELEMENT_PROPOSE)
    fitting(fields)
    element = DataElement.objects.create(
        code=_next_code(), organisation_id=by.organisation_id, created_at=now, updated_at=now
    )
    version = _write(ElementVersion(element=element, number=1, created_at=now), fields, by)
    _note("propose", version, by, now)
    return version


@transaction.atomic
def propose_version(*, element: DataElement, fields: ElementFields, by: Actor, now: datetime) -> ElementVersion:
    """Begin a new version of a published element; the published one stays in force meanwhile.

    Raises:
        ElementOpenError: if a version is being made already.
        InvalidInputError: for values that do not fit.
        ForbiddenError: if the post does not propose.
    """
    org.require(by, Permission.NORMS_ELEMENT_PROPOSE)
    fitting(fields)
    locked = DataElement.objects.select_for_update().get(id=element.id)
    newest = locked.versions.order_by("-number").first()
    made = locked.versions.filter(state__in=rules.OPEN_STATES).first()
    if made is not None:
        raise ElementOpenError(name=made.name, state=ElementState(made.state).label)
    version = ElementVersion(element=locked, number=newest.number + 1 if newest else 1, created_at=now)
    _write(version, fields, by)
    _note("propose", version, by, now)
    return version


@transaction.atomic
def edit(*, version: ElementVersion, fields: ElementFields, by: Actor, now: datetime) -> ElementVersion:
    """Write a draft or a returned version anew.

    Raises:
        ElementStepError: once it is under review or decided.
        ElementForeignError: if another department proposed it.
        InvalidInputError: for values that do not fit.
    """
    locked, row = _begin(version, ElementEvent.EDIT, by)
    fitting(fields)
    locked.state = row.next
    _write(locked, fields, by)
    _note("edit", locked, by, now)
    return locked


@transaction.atomic
def submit(*, version: ElementVersion, by: Actor, now: datetime) -> ElementVersion:
    """Put a complete draft before the authority.

    Raises:
        InvalidInputError: with everything that is missing or taken by another element.
        ElementStepError: from another state.
    """
    locked, row = _begin(version, ElementEvent.SUBMIT, by)
    problems = completeness(written(locked), taken_words(but=locked.element))
    if problems:
        raise InvalidInputError(problems=problems)
    locked.state, locked.submitted_at = row.next, now
    locked.save(update_fields=["state", "submitted_at"])
    for authority in Organisation.objects.filter(division_code=by.division_code, is_authority=True, closed_at=None):
        fields = {"organisation": by.organisation_name, "name": locked.name}
        _tell(authority, Role.AUTHORITY, ASKED, locked, fields, now)
    _note("submit", locked, by, now)
    return locked


@transaction.atomic
def recall(*, version: ElementVersion, by: Actor, now: datetime) -> ElementVersion:
    """Take a proposal back before it is decided."""
    locked, row = _begin(version, ElementEvent.RECALL, by)
    locked.state, locked.submitted_at = row.next, None
    locked.save(update_fields=["state", "submitted_at"])
    _note("recall", locked, by, now)
    return locked


@transaction.atomic
def discard(*, version: ElementVersion, by: Actor, now: datetime) -> ElementVersion:
    """Give up a draft; the code of a new element stays used."""
    locked, row = _begin(version, ElementEvent.DISCARD, by)
    locked.state = row.next
    locked.save(update_fields=["state"])
    _note("discard", locked, by, now)
    return locked


@transaction.atomic
def publish(*, version: ElementVersion, by: Actor, now: datetime, effective_from: date | None = None) -> ElementVersion:
    """Put a proposal in force and supersede the version before it.

    Args:
        version: one under review.
        by: somebody of the authority who did not propose it.
        now: when.
        effective_from: first day of force, today when left out.

    Raises:
        ElementProposerDecidesError: if the reviewer proposed it.
        InvalidInputError: if another element took its name meanwhile.
    """
    locked, row = _begin(version, ElementEvent.PUBLISH, by)
    _other_hands(locked, by)
    problems = completeness(written(locked), taken_words(but=locked.element))
    if problems:
        raise InvalidInputError(problems=problems)
    first_day = effective_from or civil_date(now)
    former = locked.element.versions.filter(state=ElementState.PUBLISHED).first()
    if former is not None:
        former.state = rules.transition(former.state, ElementEvent.SUPERSEDE, name=former.name).next
        former.effective_to = max(first_day, former.effective_from or first_day)
        former.save(update_fields=["state", "effective_to"])
    locked.state, locked.effective_from = row.next, first_day
    locked.decided_by_id, locked.decided_at = by.user_id, now
    locked.save(update_fields=["state", "effective_from", "decided_by", "decided_at"])
    _show(locked, locked.element, now)
    _decided(locked, ElementEvent.PUBLISH, now)
    _note("publish", locked, by, now, effective_from=str(first_day))
    return locked


@transaction.atomic
def return_version(*, version: ElementVersion, reason: str, by: Actor, now: datetime) -> ElementVersion:
    """Return a proposal with the reason.

    Raises:
        ElementProposerDecidesError: if the reviewer proposed it.
        InvalidInputError: without a reason.
    """
    locked, row = _begin(version, ElementEvent.RETURN, by)
    _other_hands(locked, by)
    locked.return_reason = _reason(reason)
    locked.state, locked.decided_by_id, locked.decided_at = row.next, by.user_id, now
    locked.save(update_fields=["state", "return_reason", "decided_by", "decided_at"])
    _decided(locked, ElementEvent.RETURN, now)
    _note("return", locked, by, now, reason=locked.return_reason)
    return locked


@transaction.atomic
def retire(*, version: ElementVersion, reason: str, by: Actor, now: datetime) -> ElementVersion:
    """Take a published element out of force; entries that follow it keep its code and are told by the norms.

    Raises:
        ElementStepError: if it is not the published version.
        InvalidInputError: without a reason.
    """
    locked, row = _begin(version, ElementEvent.RETIRE, by)
    clean = _reason(reason)
    locked.state = row.next
    locked.effective_to = max(civil_date(now), locked.effective_from or civil_date(now))
    locked.save(update_fields=["state", "effective_to"])
    _show(None, locked.element, now)
    _note("retire", locked, by, now, reason=clean)
    return locked


def written(version: ElementVersion) -> ElementFields:
    """Return what a version says."""
    values = {spec.name: getattr(version, spec.name) for spec in dataclass_fields(ElementFields)}
    return ElementFields(**{**values, "synonyms": tuple(version.synonyms)})


def taken_words(*, but: DataElement) -> dict[str, str]:
    """Return every name, English name and synonym in force elsewhere, by its compared form, to the element's code."""
    others = ElementVersion.objects.filter(state=ElementState.PUBLISHED).exclude(element=but)
    return {
        key(word): code
        for code, name, english, synonyms in others.values_list("element__code", "name", "english_name", "synonyms")
        for word in (name, english, *synonyms)
    }


def _write(version: ElementVersion, fields: ElementFields, by: Actor) -> ElementVersion:
    for name, value in asdict(fields).items():
        setattr(version, name, value.strip() if isinstance(value, str) else value)
    version.synonyms = [word.strip() for word in fields.synonyms]
    version.proposed_by_id = by.user_id
    version.save()
    return version


def _begin(version: ElementVersion, event: ElementEvent, by: Actor) -> tuple[ElementVersion, rules.Transition]:
    element = DataElement.objects.select_for_update().get(id=version.element_id)
    locked = ElementVersion.objects.select_for_update(of=("self",)).select_related("proposed_by").get(id=version.id)
    locked.element = element
    row = rules.transition(locked.state, event, name=locked.name)
    org.require(by, row.permission)
    if row.permission is Permission.NORMS_ELEMENT_PROPOSE and element.organisation_id != by.organisation_id:
        proposer = locked.proposed_by_id
        if proposer is None or proposer != by.user_id:
            owner = element.organisation.name if element.organisation else _("平台")
            raise ElementForeignError(name=locked.name, organisation=owner)
    return locked, row


def _other_hands(version: ElementVersion, by: Actor) -> None:
    proposer = version.proposed_by
    if proposer is not None and proposer.id == by.user_id:
        raise ElementProposerDecidesError(name=version.name, person=proposer.name)


def _reason(text: str) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= _REASON_LENGTH:
        row = {
            "field": "reason", "found": str(len(clean)), "allowed": f"1-{_REASON_LENGTH}",
            "message": _("请写明原因"), "clause": "",
        }  # fmt: skip
        raise InvalidInputError(problems=[row])
    return clean


def _show(version: ElementVersion | None, element: DataElement, now: datetime) -> None:
    element.published, element.published_name = version, version.name if version else element.published_name
    element.updated_at = now
    element.save(update_fields=["published", "published_name", "updated_at"])


def _decided(version: ElementVersion, event: ElementEvent, now: datetime) -> None:
    owner = version.element.organisation
    if owner is not None:
        fields = {"name": version.name, "code": version.element.code, "reason": version.return_reason}
        _tell(owner, Role.STEWARD, _DECIDED[event], version, fields, now)


def _tell(  # noqa: PLR0917 - private
    organisation: Organisation, role: Role, text: str, version: ElementVersion, fields: dict[str, str], now: datetime
) -> None:
    link = f"/norms/elements/{version.element.code}"
    Notice.objects.create(organisation=organisation, role=role, text=text, fields=fields, link=link, at=now)


def _next_code() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = DataElement.objects.filter(code__startswith=LOCAL_PREFIX).order_by("-code").first()
    return f"{LOCAL_PREFIX}{int(last.code[len(LOCAL_PREFIX) :]) + 1 if last else 1:05d}"


def _note(verb: str, version: ElementVersion, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        event=f"norms:element:{verb}", by=by, now=now, subject_kind="element", subject_id=version.element.code,
        subject_label=f"{version.element.code} {version.name}", number=version.number, state=version.state, **details,
    )  # fmt: skip
