"""From assessed to submitted: 部门负责人's consent, the submission, taking it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.catalog.checks import findings_of
from jutong.center.catalog.enums import Event
from jutong.center.catalog.errors import OfficeHeadConsentsError
from jutong.center.catalog.findings import ENTRY_CLAUSE, Finding, refuse
from jutong.center.catalog.models import EntryVersion
from jutong.center.catalog.steps import CLOCK_SUBJECT, UPDATE_SUBJECT, note, open_step, require_other_hands
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.queries import OPEN
from jutong.center.clocks.queries import of_subject as clocks_of
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.errors import OnboardingIncompleteError
from jutong.center.org.models import Organisation
from jutong.center.org.queries import authority_for, missing_for_onboarding, open_posts
from jutong.center.sharing.models import Notice
from jutong.kernel.i18n import gettext_noop

LONGEST_REASON = 1000
SUBMITTED = gettext_noop("{organisation}提交目录“{name}”，请审核。")
"""The notice to the authority."""


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
    require_other_hands(locked, Event.CONSENT, by)
    heads = open_posts().filter(organisation=locked.entry.organisation, role=Role.OFFICE_HEAD)
    if by.user_id in heads.values_list("user_id", flat=True):
        raise OfficeHeadConsentsError(person=by.name)
    locked.state = row.next
    locked.consented_by_id, locked.consented_at = by.user_id, now
    locked.save(update_fields=["state", "consented_by", "consented_at"])
    note("consent", locked, by, now)
    return locked


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
    locked.state = row.next
    locked.return_reason = reason.strip()
    locked.save(update_fields=["state", "return_reason"])
    note("decline", locked, by, now, reason=locked.return_reason)
    return locked


@transaction.atomic
def submit(*, version: EntryVersion, by: Actor, now: datetime) -> EntryVersion:
    """Submit a version to the authority of the division; its clock starts (条例 16, 17).

    Raises:
        InvalidInputError: with every finding of VC-01 to VC-07, VC-10 and VC-13.
        OnboardingIncompleteError: if data office or heads are not registered (条例 11, 13).
        NoAuthorityError: if the division has no authority.
        CalendarYearMissingError: if the authority's due date cannot be computed.
        NotFoundError: if it is another department's.
        StepNotAllowedError: if 部门负责人 has not consented.
        ForbiddenError: if ``by`` does not submit.
    """
    locked, row = open_step(version, Event.SUBMIT, by)
    organisation = locked.entry.organisation
    missing = missing_for_onboarding(organisation)
    if missing:
        raise OnboardingIncompleteError(organisation=organisation.name, missing="、".join(missing))
    refuse(findings_of(locked, by.organisation_code))
    authority = authority_for(organisation.division_code)
    locked.state = row.next
    locked.submitted_at = now
    locked.return_reason = ""
    locked.decided_by = locked.decided_at = None
    locked.save(update_fields=["state", "submitted_at", "return_reason", "decided_by", "decided_at"])
    _start_review(locked, authority, by, now)
    _met_update_duty(locked, by, now)
    fields = {"organisation": organisation.short_name, "name": locked.name}
    Notice.objects.create(
        organisation=authority, role=Role.AUTHORITY, text=SUBMITTED, fields=fields, link="/review", at=now
    )
    note("submit", locked, by, now)
    return locked


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


def review_period(version: EntryVersion) -> str:
    """Return the period the authority has: two days by law for an update, a default for the first (rulebook 1.7#7)."""
    return "SLA-CAT-REV0" if version.entry.published_id is None else "SLA-CAT-REV"


def _start_review(version: EntryVersion, authority: Organisation, by: Actor, now: datetime) -> None:
    clocks.start(
        period=review_period(version),
        subject_kind=CLOCK_SUBJECT,
        subject_id=version.id,
        subject_label=version.name,
        organisation=authority,
        by=by,
        now=now,
    )


def _met_update_duty(version: EntryVersion, by: Actor, now: datetime) -> None:
    """End the department's ten days: 条例 17 asks it to update and submit within them."""
    if any(clock.state in OPEN for clock in clocks_of(UPDATE_SUBJECT, version.entry_id)):
        clocks.stop(subject_kind=UPDATE_SUBJECT, subject_id=version.entry_id, period="SLA-CAT-UPD", by=by, now=now)
