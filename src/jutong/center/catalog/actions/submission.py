"""From assessed to submitted: 部门负责人's consent, the submission, taking it back; one by one or many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.catalog.actions.many import Judge, Outcome, Row, for_each
from jutong.center.catalog.actions.taking_down import require_unused
from jutong.center.catalog.checks import findings_of_many
from jutong.center.catalog.enums import Event, VersionKind, VersionState
from jutong.center.catalog.errors import OfficeHeadConsentsError
from jutong.center.catalog.findings import ENTRY_CLAUSE, Finding, refuse
from jutong.center.catalog.models import EntryVersion
from jutong.center.catalog.steps import CLOCK_SUBJECT, UPDATE_SUBJECT, note, open_step, require_other_hands
from jutong.center.catalog.template import edition_in_force
from jutong.center.clocks import actions as clocks
from jutong.center.clocks import many as clocks_of_many
from jutong.center.clocks.many import Bound
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.errors import OnboardingIncompleteError
from jutong.center.org.queries import NOBODY, authority_for, missing_for_onboarding, open_posts
from jutong.center.sharing.models import Notice
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop

LONGEST_REASON = 1000
PERIOD = "SLA-CAT-UPD"
SUBMITTED = gettext_noop("{organisation}提交目录“{name}”，请审核。")
SUBMITTED_MANY = gettext_noop("{organisation}提交目录{count}条，请审核。")
"""The notices to the authority."""


def reason_findings(reason: str) -> list[Finding]:
    """Return what is wrong with a reason somebody must give."""
    if reason.strip() and len(reason) <= LONGEST_REASON:
        return []
    message, way_out = gettext("必须写明理由，且不超过1000字"), gettext("请写明要改哪里、为什么")
    return [Finding("VC-00", "reason", gettext("理由"), ENTRY_CLAUSE, message, way_out)]


@transaction.atomic
def consent(*, version: EntryVersion, by: Actor, now: datetime) -> EntryVersion:
    """Give 部门负责人's consent (条例 13).

    Raises:
        WriterDecidesError: if the person wrote any of it.
        OfficeHeadConsentsError: if the person also heads the data office.
        NotFoundError: if it is another department's.
        StepNotAllowedError: if the version is not assessed, or was consented to.
        ForbiddenError: if ``by`` is not 部门负责人.
    """
    locked, row = open_step(version, Event.CONSENT, by)
    _may_consent(by)(locked)
    _consented([(locked, row)], by, now)
    return locked


def consent_many(*, ids: Iterable[UUID], by: Actor, now: datetime) -> list[Outcome]:
    """Consent to every version that waits for it, as ``consent`` does to one.

    Raises:
        ForbiddenError: if ``by`` is not 部门负责人.
    """
    return for_each(
        ids, Event.CONSENT, by, prepare=lambda _: _may_consent(by), apply=lambda rows: _consented(rows, by, now)
    )


def _may_consent(by: Actor) -> Judge:
    heads = open_posts().filter(organisation_id=by.organisation_id or NOBODY, role=Role.OFFICE_HEAD)
    is_office_head = heads.filter(user_id=by.user_id or NOBODY).exists()

    def judge(version: EntryVersion) -> None:
        require_other_hands(version, Event.CONSENT, by)
        if is_office_head:
            raise OfficeHeadConsentsError(person=by.name)

    return judge


def _consented(rows: Sequence[Row], by: Actor, now: datetime) -> None:
    for version, row in rows:
        version.state = row.next
        version.consented_by_id, version.consented_at = by.user_id, now
    save(rows, "state", "consented_by", "consented_at")
    note("consent", [version for version, _ in rows], by, now)


@transaction.atomic
def decline(*, version: EntryVersion, reason: str, by: Actor, now: datetime) -> EntryVersion:
    """Refuse 部门负责人's consent; the draft goes back to the steward with the reason.

    Raises:
        InvalidInputError: without a reason.
        NotFoundError: if it is another department's.
        StepNotAllowedError: if the version is not waiting for consent.
        ForbiddenError: if ``by`` is not 部门负责人.
    """
    locked, row = open_step(version, Event.DECLINE, by)
    refuse(reason_findings(reason))
    _declined([(locked, row)], reason.strip(), by, now)
    return locked


def decline_many(*, ids: Iterable[UUID], reason: str, by: Actor, now: datetime) -> list[Outcome]:
    """Hand every version back that waits for consent, with one reason for all.

    Raises:
        InvalidInputError: without a reason.
        ForbiddenError: if ``by`` is not 部门负责人.
    """
    refuse(reason_findings(reason))
    return for_each(
        ids,
        Event.DECLINE,
        by,
        prepare=lambda _: _anything,
        apply=lambda rows: _declined(rows, reason.strip(), by, now),
    )


def _declined(rows: Sequence[Row], reason: str, by: Actor, now: datetime) -> None:
    for version, row in rows:
        version.state, version.return_reason, version.return_code = row.next, reason, ""
    save(rows, "state", "return_reason", "return_code")
    note("decline", [version for version, _ in rows], by, now, reason=reason)


@transaction.atomic
def submit(*, version: EntryVersion, by: Actor, now: datetime) -> EntryVersion:
    """Submit a version to the authority of the division; its clock starts (条例 16, 17).

    Raises:
        InvalidInputError: with every finding that is an error.
        OnboardingIncompleteError: if data office or heads are not registered (条例 11, 13).
        EntryInUseError: for a removal while grants run and no filing was accepted (条例 27(3)).
        RepliesOwedError: for a removal while applications wait for a reply.
        NoAuthorityError: if the division has no authority.
        CalendarYearMissingError: if the authority's due date cannot be computed.
        NotFoundError: if it is another department's.
        StepNotAllowedError: if 部门负责人 has not consented.
        ForbiddenError: if ``by`` does not submit.
    """
    locked, row = open_step(version, Event.SUBMIT, by)
    _may_submit([locked], by, now)(locked)
    _submitted([(locked, row)], by, now)
    return locked


def submit_many(*, ids: Iterable[UUID], by: Actor, now: datetime) -> list[Outcome]:
    """Submit every version that is complete, as ``submit`` does one; the authority gets one notice.

    Raises:
        ForbiddenError: if ``by`` does not submit.
    """
    return for_each(
        ids,
        Event.SUBMIT,
        by,
        prepare=lambda versions: _may_submit(versions, by, now),
        apply=lambda rows: _submitted(rows, by, now),
    )


def _may_submit(versions: Sequence[EntryVersion], by: Actor, now: datetime) -> Judge:
    own = [row.entry.organisation for row in versions if row.entry.organisation_id == by.organisation_id]
    missing = missing_for_onboarding(own[0]) if own else []
    waiting = [row for row in versions if row.state == VersionState.CONSENTED and row.kind == VersionKind.CONTENT]
    judged = [row for row in waiting if row.entry.organisation in own]
    found = findings_of_many(judged, by.organisation_code, civil_date(now))

    def judge(version: EntryVersion) -> None:
        if missing:
            raise OnboardingIncompleteError(organisation=own[0].name, missing="、".join(missing))
        if version.kind == VersionKind.REMOVAL:
            require_unused(version.entry)
        else:
            refuse(found[version.id])

    return judge


def _submitted(rows: Sequence[Row], by: Actor, now: datetime) -> None:
    versions = [version for version, _ in rows]
    organisation = versions[0].entry.organisation
    authority = authority_for(organisation.division_code)
    judged_by = edition_in_force(civil_date(now), organisation.division_code).key
    for version, row in rows:
        version.state, version.submitted_at, version.template = row.next, now, judged_by
        version.return_reason = version.return_code = ""
        version.decided_by = version.decided_at = None
    save(rows, "state", "submitted_at", "template", "return_reason", "return_code", "decided_by", "decided_at")
    for period, group in by_period(versions).items():
        bound = [Bound(version.id, version.name, authority) for version in group]
        clocks_of_many.start_all(period=period, subject_kind=CLOCK_SUBJECT, subjects=bound, by=by, now=now)
    _met_update_duty(versions, by, now)
    words: dict[str, object] = {"organisation": organisation.short_name, "name": versions[0].name}
    text = SUBMITTED
    if len(versions) > 1:
        text, words = SUBMITTED_MANY, {"organisation": organisation.short_name, "count": str(len(versions))}
    Notice.objects.create(organisation=authority, role=Role.AUTHORITY, text=text, fields=words, link="/review", at=now)
    note("submit", versions, by, now)


def _met_update_duty(versions: Sequence[EntryVersion], by: Actor, now: datetime) -> None:
    """End the department's ten days: 条例 17 asks it to update and submit within them."""
    running = StatutoryClock.objects.filter(
        subject_kind=UPDATE_SUBJECT, subject_id__in=[str(row.entry_id) for row in versions], period=PERIOD,
        state__in=OPEN,
    )  # fmt: skip
    for subject_id in list(running.values_list("subject_id", flat=True)):
        clocks.stop(subject_kind=UPDATE_SUBJECT, subject_id=subject_id, period=PERIOD, by=by, now=now)


@transaction.atomic
def withdraw(*, version: EntryVersion, by: Actor, now: datetime) -> EntryVersion:
    """Take a submitted version back before it is decided; the authority's clock is called off.

    Raises:
        NotFoundError: if it is another department's.
        StepNotAllowedError: if it is not under review.
        ForbiddenError: if ``by`` does not submit.
    """
    locked, row = open_step(version, Event.RECALL, by)
    locked.state = row.next
    locked.submitted_at = locked.consented_by = locked.consented_at = None
    locked.save(update_fields=["state", "submitted_at", "consented_by", "consented_at"])
    clocks.cancel(subject_kind=CLOCK_SUBJECT, subject_id=locked.id, by=by, now=now)
    note("recall", locked, by, now)
    return locked


def by_period(versions: Iterable[EntryVersion]) -> dict[str, list[EntryVersion]]:
    """Return versions by the period the authority has: two days by law for an update, a default for the first."""
    found: defaultdict[str, list[EntryVersion]] = defaultdict(list)
    for version in versions:
        found["SLA-CAT-REV0" if version.entry.published_id is None else "SLA-CAT-REV"].append(version)
    return dict(found)


def save(rows: Sequence[Row], *names: str) -> None:
    """Save some fields of the versions of a step; versions with the same values share a statement."""
    columns = [str(EntryVersion._meta.get_field(name).attname) for name in names]  # type: ignore[union-attr]  # noqa: SLF001 - own columns, through Django's public _meta
    groups: defaultdict[tuple[object, ...], list[UUID]] = defaultdict(list)
    for version, _ in rows:
        groups[tuple(getattr(version, column) for column in columns)].append(version.id)
    for values, ids in groups.items():
        EntryVersion.objects.filter(id__in=ids).update(**dict(zip(columns, values, strict=True)))


def _anything(version: EntryVersion) -> None:
    """Nothing speaks against the step but what the table says."""
