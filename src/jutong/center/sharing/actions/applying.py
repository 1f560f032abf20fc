"""The requester's steps: draft, consent, supplement, withdrawal."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.catalog.enums import ShareAttribute
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.clocks import actions as clocks
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import InformationSystem
from jutong.center.org.permissions import Permission
from jutong.center.process.moments import Moment, tell
from jutong.center.sharing import rules
from jutong.center.sharing.actions import _common as common
from jutong.center.sharing.actions._conditions import write_conditions
from jutong.center.sharing.conditions import settled
from jutong.center.sharing.enums import ApplicationState, ConditionOrigin, Event, Side
from jutong.center.sharing.errors import EntryMovedError, EntryUnpublishedError, NotShareableError, OwnDataError
from jutong.center.sharing.models import Application, ApplicationItem, Grant
from jutong.center.sharing.need import KEPT_AS_IS, TEXTS, Need, draft_problems, missing_problems
from jutong.center.sharing.numbers import APPLICATION, next_number
from jutong.center.sharing.office import Duty
from jutong.center.sharing.standing_in import as_head
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError


def applicable_version(entry: Entry, by: Actor) -> EntryVersion:
    """Return the published version an application can be made on.

    Raises:
        EntryUnpublishedError: if the entry is not published (条例 20(2)).
        NotShareableError: if the law forbids sharing it (条例 14).
        OwnDataError: if the entry is the actor's own department's.
    """
    version = entry.published
    if version is None:
        raise EntryUnpublishedError(entry=str(entry))
    if version.share_attribute == ShareAttribute.NONE:
        basis = f"{version.basis_title}{version.basis_article}" or version.refusal_reason
        raise NotShareableError(entry=version.name, basis=basis)
    if entry.organisation_id == by.organisation_id:
        raise OwnDataError(entry=version.name)
    return version


def _systems(organisation_id: UUID | None) -> list[InformationSystem]:
    return list(InformationSystem.objects.filter(organisation_id=organisation_id or org.NOBODY, closed_at=None))


def _fill(application: Application, need: Need, version: EntryVersion) -> None:
    """Put what is asked for on an application, its items included.

    Raises:
        InvalidInputError: with everything that is wrong at once.
    """
    duties = Duty.objects.filter(organisation_id=application.requester_id)
    problems = draft_problems(need, version, _systems(application.requester_id), duties)
    if problems:
        raise InvalidInputError(problems=problems)
    application.version = version
    application.share_attribute = version.share_attribute
    for name in TEXTS:
        setattr(application, name, getattr(need, name).strip())
    application.title = application.title or version.name
    for name in KEPT_AS_IS:
        setattr(application, name, getattr(need, name))
    application.save()
    write_conditions(application, ConditionOrigin.REQUESTER, settled(need.conditions, version)[0])
    application.items.all().delete()
    ApplicationItem.objects.bulk_create(
        ApplicationItem(application=application, item_id=ask.item_id, asked=ask.mode, reason=ask.reason.strip())
        for ask in need.items
    )


@transaction.atomic
def draft(*, entry: Entry, by: Actor, now: datetime, need: Need | None = None) -> Application:
    """Begin an application on a published entry of another department; ``need`` may still have gaps.

    Raises:
        EntryUnpublishedError: see :func:`applicable_version`, as the next two.
        NotShareableError: on 不予共享.
        OwnDataError: on own data.
        InvalidInputError: for values that cannot be right.
    """
    org.require(by, Permission.SHARING_APPLICATION_DRAFT)
    return begin_draft(entry, need or Need(), by, now)


def begin_draft(entry: Entry, need: Need, by: Actor, now: datetime, *, renews: Grant | None = None) -> Application:
    """Begin an application inside the transaction of the caller; raises what :func:`draft` raises."""
    requester = org.own_organisation(by)
    fresh = Entry.objects.select_related("published", "organisation").get(id=entry.id)
    version = applicable_version(fresh, by)
    application = Application(
        number=next_number(APPLICATION, now), entry=fresh, requester=requester, provider=fresh.organisation,
        state=ApplicationState.DRAFT, created_by_id=by.user_id, created_at=now, renews=renews,
    )  # fmt: skip
    _fill(application, need, version)
    common.record("sharing:application:draft", application, by, now, entry=fresh.code, version=version.number)
    return application


@transaction.atomic
def edit_draft(*, application: Application, need: Need, by: Actor, now: datetime) -> Application:
    """Write a draft anew, on the entry's present version.

    Raises:
        StepNotAllowedError: once it has left the desk.
        InvalidInputError: for values that cannot be right.
    """
    locked, _row = common.begin(application, Event.EDIT, by)
    _fill(locked, need, applicable_version(locked.entry, by))
    common.record("sharing:application:edit", locked, by, now)
    return locked


def _check_sendable(application: Application, by: Actor, now: datetime) -> None:
    version = applicable_version(application.entry, by)
    if version.id != application.version_id:
        raise EntryMovedError(entry=version.name, version=version.number)
    problems = missing_problems(application, civil_date(now))
    if problems:
        raise InvalidInputError(problems=problems)


@transaction.atomic
def request_consent(*, application: Application, by: Actor, now: datetime) -> Application:
    """Put a complete draft before the own 工作机构负责人 (条例 20(2)).

    Raises:
        InvalidInputError: with everything that is missing at once.
        EntryMovedError: if the entry was published anew since.
    """
    locked, row = common.begin(application, Event.REQUEST_CONSENT, by)
    _check_sendable(locked, by, now)
    locked.state = row.next
    locked.save(update_fields=["state"])
    common.record("sharing:application:request-consent", locked, by, now)
    common.notify(
        locked.requester, Role.OFFICE_HEAD, gettext_noop("{name}提请同意使用申请“{title}”。"),
        common.application_link(locked), now, name=by.name, title=locked.title,
    )  # fmt: skip
    return locked


@transaction.atomic
def consent_request(*, application: Application, agreed: bool, note: str = "", by: Actor, now: datetime) -> Application:
    """Consent as the requester's 工作机构负责人 or delegate, or hand the draft back with a note.

    Consent is the moment of receipt: the provider's clock of 1 or 10 working days starts (条例 20(2), 21(1)).

    Raises:
        SamePersonError: if the head drafted it.
        InvalidInputError: if handed back without a note, or time has overtaken what was asked.
        CalendarYearMissingError: if the clock cannot be counted; then nothing is submitted.
    """
    event = Event.CONSENT if agreed else Event.DECLINE
    head, delegation = as_head(by, Permission.SHARING_APPLICATION_CONSENT, now)
    locked, row = common.begin(application, event, head)
    drafter = locked.created_by
    common.two_people(
        _("拟申请"), _("同意申请"), earlier=locked.created_by_id, name=drafter.name if drafter else "", by=by,
        delegation=delegation,
    )  # fmt: skip
    if agreed:
        _check_sendable(locked, by, now)
    else:
        note = common.require_text("note", note, limit=500, message=_("退回时请写明原因"))
    common.give_consent(locked, Side.REQUESTER, by, now, agreed=agreed, note=note, delegation=delegation)
    locked.state = row.next
    if agreed:
        _submit(locked, by, now)
    locked.save(update_fields=["state", "submitted_at"])
    common.record("sharing:application:consent", locked, by, now, agreed=agreed, **common.delegated(delegation))
    if agreed:
        tell(Moment.APPLICATION_SUBMITTED, locked, by=by, now=now)
    if not agreed:
        common.notify(
            locked.requester, Role.REQUESTER, gettext_noop("申请“{title}”被退回修改：{note}"),
            common.application_link(locked), now, title=locked.title, note=note[:100],
        )  # fmt: skip
    return locked


def _submit(application: Application, by: Actor, now: datetime) -> None:
    application.submitted_at = now
    clocks.start(
        period=rules.reply_period(application.share_attribute), subject_kind=common.SUBJECT,
        subject_id=application.id, subject_label=f"{application.number} {application.title}",
        organisation=application.provider, by=by, now=now,
    )  # fmt: skip
    common.notify(
        application.provider, Role.STEWARD, gettext_noop("收到{requester}的使用申请“{title}”。"),
        common.application_link(application), now, requester=application.requester.short_name,
        title=application.title,
    )  # fmt: skip


@transaction.atomic
def answer_supplement(
    *, application: Application, text: str, by: Actor, now: datetime, need: Need | None = None
) -> Application:
    """Answer the one supplement notice; the clock goes on with the days it had left (条例 21(2)).

    Args:
        application: one that was handed back for a supplement.
        text: what is supplied, 1 to 2000 characters.
        by: somebody of the requester.
        now: when.
        need: the application's fields anew, where the notice asks for a change of them.

    Raises:
        InvalidInputError: if nothing is answered or the changed application is not complete.
    """
    locked, row = common.begin(application, Event.ANSWER_SUPPLEMENT, by)
    clean = common.require_text("text", text, limit=2000, message=_("请写明补正的内容"), clause="条例 21(2)")
    if need is not None:
        _fill(locked, need, locked.version)
        problems = missing_problems(locked, civil_date(now))
        if problems:
            raise InvalidInputError(problems=problems)
    supplement = locked.supplement
    supplement.answered_text, supplement.answered_at = clean, now
    supplement.save(update_fields=["answered_text", "answered_at"])
    locked.state = row.next
    locked.save(update_fields=["state"])
    period = rules.reply_period(locked.share_attribute)
    clocks.resume(subject_kind=common.SUBJECT, subject_id=locked.id, period=period, by=by, now=now)
    common.record("sharing:supplement:answer", locked, by, now, changed=need is not None)
    common.notify(
        locked.provider, Role.STEWARD, gettext_noop("{requester}已补正申请“{title}”。"),
        common.application_link(locked), now, requester=locked.requester.short_name, title=locked.title,
    )  # fmt: skip
    return locked


@transaction.atomic
def withdraw(*, application: Application, by: Actor, now: datetime) -> Application:
    """Take an application back before it is answered; its clock is called off."""
    locked, row = common.begin(application, Event.WITHDRAW, by)
    locked.state, locked.closed_at = row.next, now
    locked.save(update_fields=["state", "closed_at"])
    if locked.submitted_at is not None:
        clocks.cancel(subject_kind=common.SUBJECT, subject_id=locked.id, by=by, now=now)
        common.notify(
            locked.provider, Role.STEWARD, gettext_noop("{requester}撤回了申请“{title}”。"),
            common.application_link(locked), now, requester=locked.requester.short_name, title=locked.title,
        )  # fmt: skip
    common.record("sharing:application:withdraw", locked, by, now)
    tell(Moment.APPLICATION_CLOSED, locked, by=by, now=now, reason=Event.WITHDRAW.value)
    return locked
