"""The provider's head lets the reply go out and signs the agreement it leads to at once; two records are kept."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.agreement.actions.signing import sign
from jutong.center.agreement.enums import AgreementKind, AgreementState
from jutong.center.agreement.errors import TextChangedError
from jutong.center.agreement.models import Agreement
from jutong.center.agreement.paper import content_digest
from jutong.center.org.actor import Actor
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.models import Application


@transaction.atomic
def consent_and_sign(
    *, application: Application, content: str, note: str = "", by: Actor, now: datetime
) -> Agreement:  # fmt: skip
    """Consent to an agreeing reply and sign the agreement made from it, or neither.

    Args:
        application: one whose agreeing reply waits for consent.
        content: of the preview that was read, see ``content_digest``.
        note: to the consent.
        by: the provider's 工作机构负责人, or who stands in.
        now: when.

    Raises:
        TextChangedError: if the agreement says anything else than what was read, or there is none to sign.
    """
    sharing.consent_reply(application=application, agreed=True, note=note, by=by, now=now)
    made = Agreement.objects.filter(
        application_id=application.id, kind=AgreementKind.AGREEMENT, state=AgreementState.DRAFTED
    ).first()
    if made is None or content_digest(made.document) != content:
        raise TextChangedError(number=made.number if made else application.number)
    return sign(agreement=made, text_digest=made.digest, by=by, now=now)
