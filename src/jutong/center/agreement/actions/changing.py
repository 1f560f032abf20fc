"""Changing an agreement in force: a new version, signed by both sides (条例 27(3))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.agreement.actions import _common as common
from jutong.center.agreement.actions.drafting import next_version
from jutong.center.agreement.enums import AgreementEvent
from jutong.center.agreement.errors import FirstVersionError, NothingChangedError, OpenVersionError
from jutong.center.agreement.models import Agreement
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.sharing.actions import _common as sharing


@transaction.atomic
def propose_change(
    *, agreement: Agreement, changes: Mapping[str, object], note: str, by: Actor, now: datetime
) -> Agreement:
    """Propose other terms for an agreement in force; it stays in force until both sides have signed the new version.

    Raises:
        OpenVersionError: while another change waits for signatures.
        NothingChangedError: if the terms are the same.
        InvalidInputError: for values that cannot be, or without a reason.
    """
    clean = sharing.require_text("note", note, limit=500, message=_("请写明变更的原因"), clause="条例 27(3)")
    locked, application, _row = common.begin(agreement, AgreementEvent.PROPOSE, by)
    waiting = Agreement.objects.filter(number=locked.number, state__in=common.OPEN).first()
    if waiting is not None:
        raise OpenVersionError(number=locked.number, version=waiting.version)
    if all(locked.terms.get(name) == value for name, value in changes.items()):
        raise NothingChangedError(number=locked.number)
    with constraint_errors(one_open_version=OpenVersionError(number=locked.number, version=locked.version + 1)):
        made = next_version(locked, application, note=clean, by=by, now=now, changes=changes)
    text = gettext_noop("对方提出变更“{title}”的共享协议{number}，请查看第{version}版。")
    other = made.provider if by.organisation_id == made.requester_id else made.requester
    common.notify(other, Role.OFFICE_HEAD, text, made, now)
    return made


@transaction.atomic
def discard_change(*, agreement: Agreement, by: Actor, now: datetime) -> Agreement:
    """Give up a change nobody has signed.

    Raises:
        FirstVersionError: for the first version, without which there is no agreement at all.
    """
    locked, _application, row = common.begin(agreement, AgreementEvent.DISCARD, by)
    if not Agreement.objects.filter(number=locked.number, state__in=common.LIVING).exists():
        raise FirstVersionError(number=locked.number)
    locked.state = row.next
    locked.save(update_fields=["state"])
    common.record("discard", locked, by, now)
    return locked
