"""Signatures: over a statement that binds the text's digest to the person, the post, the organisation and the time."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from jutong.center.agreement.actions import _common as common
from jutong.center.agreement.actions.taking_effect import take_effect
from jutong.center.agreement.enums import AgreementEvent, AgreementState
from jutong.center.agreement.errors import TextChangedError
from jutong.center.agreement.keys import organisation_signer
from jutong.center.agreement.models import Agreement, Signature
from jutong.center.agreement.rules import SIGNING_PERIOD
from jutong.center.clocks import actions as clocks
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions import _common as sharing
from jutong.center.sharing.errors import SamePersonError
from jutong.center.sharing.models import Application
from jutong.center.sharing.standing_in import as_head
from jutong.kernel.canonical import canonical_json, digest

FORMAT = "jutong.signature/1"


@transaction.atomic
def sign(*, agreement: Agreement, text_digest: str, by: Actor, now: datetime) -> Agreement:
    """Sign a version as the 工作机构负责人, or under its delegation, of the provider or, after it, of the requester.

    The provider's signature sends it to the requester, who has five working days; the requester's puts it in force and
    orders the grant.

    Args:
        agreement: the version.
        text_digest: of the text that was read; another one is not signed.
        by: the 工作机构负责人, or who stands in between the days of a delegation.
        now: when.

    Raises:
        TextChangedError: if the text is no longer the one that was read.
        SamePersonError: if one person would sign for both sides, or a delegate what it wrote itself.
        StepNotAllowedError: if it is not this side's turn.
    """
    present = Agreement.objects.values_list("state", flat=True).get(id=agreement.id)
    event = AgreementEvent.SIGN_REQUESTER if present == AgreementState.SIGNED else AgreementEvent.SIGN_PROVIDER
    head, delegation = as_head(by, Permission.AGREEMENT_AGREEMENT_SIGN, now)
    locked, application, row = common.begin(agreement, event, head)
    if text_digest != locked.digest or digest(locked.document) != locked.digest:
        raise TextChangedError(number=locked.number)
    side = "requester" if event == AgreementEvent.SIGN_REQUESTER else "provider"
    if delegation is not None:
        _not_its_writer(locked, application, side, by)
    put_signature(locked, side, by, now)
    locked.state = row.next
    if event == AgreementEvent.SIGN_REQUESTER:
        clocks.stop(subject_kind=common.SUBJECT, subject_id=locked.id, period=SIGNING_PERIOD, by=by, now=now)
        take_effect(locked, application, by=by, now=now)
        return locked
    locked.save(update_fields=["state"])
    clocks.start(
        period=SIGNING_PERIOD, subject_kind=common.SUBJECT, subject_id=locked.id,
        subject_label=f"{locked.number} {application.title}", organisation=locked.requester, by=by, now=now,
    )  # fmt: skip
    text = gettext_noop("提供方已签署“{title}”的共享协议{number}，请签署，签署后开通。")
    common.notify(locked.requester, Role.OFFICE_HEAD, text, locked, now)
    return locked


def _not_its_writer(agreement: Agreement, application: Application, side: str, by: Actor) -> None:
    """Refuse a delegate who drew up the application, the reply or the change: a head would have read it for the office.

    Raises:
        SamePersonError: naming both steps.
    """
    reply = getattr(application, "reply", None)
    own = application.created_by_id if side == "requester" else reply.prepared_by_id if reply else None
    if by.user_id in {own, agreement.drafted_by_id}:
        raise SamePersonError(first=_("拟稿"), second=_("代为签署"), name=by.name)


def put_signature(agreement: Agreement, side: str, by: Actor, now: datetime) -> Signature:
    """Sign a version's text with the side's key; who stands in is named with the head and the days."""
    _head, delegation = as_head(by, Permission.AGREEMENT_AGREEMENT_SIGN, now)
    organisation = agreement.requester if side == "requester" else agreement.provider
    signer = organisation_signer(organisation, now=now)
    statement = _statement(agreement, side, organisation, by, now) | {"key_id": signer.key_id, "alg": signer.alg}
    if delegation is not None:
        statement["on_behalf_of"] = {
            "person": delegation.head.name, "from": delegation.valid_from.isoformat(),
            "until": delegation.valid_until.isoformat(),
        }  # fmt: skip
    earlier = agreement.signatures.select_related("by").first()
    twice = SamePersonError(first=_("一方签署"), second=_("另一方签署"), name=earlier.by.name if earlier else by.name)
    with constraint_errors(signed_by_two_people=twice):
        made = Signature.objects.create(
            agreement=agreement, side=side, organisation=organisation, by_id=sharing.user_id(by), at=now,
            on_behalf_of=delegation.head if delegation else None, statement=statement, alg=signer.alg,
            key_id=signer.key_id, public_key=signer.public_b64,
            signature=base64.b64encode(signer.sign(canonical_json(statement))).decode(),
        )  # fmt: skip
    common.record("sign", agreement, by, now, side=side, key_id=signer.key_id, **sharing.delegated(delegation))
    return made


def _statement(agreement: Agreement, side: str, organisation: Organisation, by: Actor, now: datetime) -> dict[str, Any]:
    with override("zh-hans"):
        post = str(Role(by.role).label)
    return {
        "format": FORMAT,
        "number": agreement.number,
        "version": agreement.version,
        "digest": agreement.digest,
        "side": side,
        "organisation": {"code": organisation.code, "name": organisation.name},
        "person": by.name,
        "post": post,
        "at": now.isoformat(timespec="milliseconds"),
    }
