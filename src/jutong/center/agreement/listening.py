"""What other processes do that agreements follow: the reply, the grant's life; and what holds a grant back."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_noop

from jutong.center.agreement.actions import _common as common
from jutong.center.agreement.actions.drafting import draft_agreement
from jutong.center.agreement.actions.signing import put_signature
from jutong.center.agreement.actions.taking_effect import take_effect
from jutong.center.agreement.by_clock import on_breached
from jutong.center.agreement.enums import AgreementEvent, AgreementKind, AgreementState
from jutong.center.agreement.models import Agreement
from jutong.center.agreement.rules import AGREEMENTS
from jutong.center.catalog.enums import ShareAttribute
from jutong.center.clocks import actions as clocks
from jutong.center.org.actor import Actor
from jutong.center.process.moments import Moment, hold_grants, listen
from jutong.center.sharing.compile import number_agreements
from jutong.center.sharing.models import Application, Grant

UNSIGNED = gettext_noop("等待双方签署共享协议")


def connect() -> None:
    """Begin to listen."""
    hold_grants("agreement", reason_to_hold)
    listen(Moment.APPLICATION_SUBMITTED, "agreement", on_submitted)
    listen(Moment.REPLY_AGREED, "agreement", on_agreed)
    listen(Moment.APPLICATION_CLOSED, "agreement", on_closed)
    listen(Moment.GRANT_SUSPENDED, "agreement", on_suspended)
    listen(Moment.GRANT_LIFTED, "agreement", on_lifted)
    listen(Moment.GRANT_ENDED, "agreement", on_ended)
    listen(Moment.CLOCK_BREACHED, "agreement", on_breached)
    number_agreements(number_of)


def number_of(grant: Grant) -> str:
    """Return the number of the agreement a grant runs under, or of the undertaking confirmed for it."""
    rows = Agreement.objects.filter(application_id=grant.application_id).exclude(state=AgreementState.VOID)
    return rows.order_by("-version").values_list("number", flat=True).first() or ""


def reason_to_hold(grant: Grant) -> str:
    """Return why a grant waits: it was never in use and no agreement on it is in force (有条件共享 only, 条例 15)."""
    if grant.supplied_at is not None or grant.application.share_attribute == ShareAttribute.UNCONDITIONAL:
        return ""
    return "" if Agreement.objects.filter(grant=grant).exclude(in_force_at=None).exists() else UNSIGNED


def on_submitted(application: Application, *, by: Actor, now: datetime) -> None:
    """Keep the undertaking the 工作机构负责人 confirmed with the submission of a request for 无条件共享."""
    if application.share_attribute != ShareAttribute.UNCONDITIONAL:
        return
    made = draft_agreement(application=application, grant=None, kind=AgreementKind.UNDERTAKING, by=by, now=now)
    put_signature(made, "requester", by, now)


def on_agreed(application: Application, *, by: Actor, now: datetime) -> None:
    """Draw up the agreement of a conditional share, or put the undertaking in force."""
    grant = Grant.objects.select_related("requester", "provider").get(application=application)
    if application.share_attribute != ShareAttribute.UNCONDITIONAL:
        draft_agreement(application=application, grant=grant, kind=AgreementKind.AGREEMENT, by=by, now=now)
        return
    confirmed = Agreement.objects.select_for_update(of=("self",)).filter(
        application=application, state=AgreementState.ACCEPTED
    )
    for undertaking in confirmed.select_related("requester", "provider", "application"):
        undertaking.grant = grant
        take_effect(undertaking, application, by=by, now=now)


def on_closed(application: Application, *, by: Actor, now: datetime, reason: str) -> None:
    """Void the undertaking confirmed with an application that was taken back or refused."""
    confirmed = Agreement.objects.select_for_update(of=("self",)).filter(
        application=application, state=AgreementState.ACCEPTED
    )
    for undertaking in confirmed.select_related("requester", "provider", "application"):
        _move(undertaking, AgreementEvent.VOID, by, now, reason)


def _living(grant: Grant, *states: str) -> list[Agreement]:
    rows = Agreement.objects.select_for_update(of=("self",)).filter(grant=grant, state__in=states)
    return list(rows.select_related("requester", "provider", "application"))


def _move(agreement: Agreement, event: AgreementEvent, by: Actor, now: datetime, reason: str) -> None:
    agreement.state = AGREEMENTS.step(agreement.state, event, label=agreement.number).next
    fields = ["state"]
    if agreement.state == AgreementState.ENDED:
        agreement.ended_at, agreement.end_reason = now, reason[:500]
        fields += ["ended_at", "end_reason"]
    agreement.save(update_fields=fields)
    common.record(event.value, agreement, by, now, reason=reason)


def on_suspended(grant: Grant, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Suspend the agreement with its grant, of which both sides are told."""
    for agreement in _living(grant, AgreementState.IN_FORCE):
        _move(agreement, AgreementEvent.SUSPEND, by, now, reason)


def on_lifted(grant: Grant, *, by: Actor, now: datetime) -> None:
    """Let the agreement go on with its grant."""
    for agreement in _living(grant, AgreementState.SUSPENDED):
        _move(agreement, AgreementEvent.RESUME, by, now, "")


def on_ended(grant: Grant, *, by: Actor, now: datetime, reason: str = "") -> None:
    """End the agreement with its grant; a version that was never signed is void."""
    for agreement in _living(grant, *common.OPEN):
        clocks.cancel(subject_kind=common.SUBJECT, subject_id=agreement.id, by=by, now=now)
        _move(agreement, AgreementEvent.VOID, by, now, reason)
    for agreement in _living(grant, *common.LIVING):
        _move(agreement, AgreementEvent.END, by, now, reason)
