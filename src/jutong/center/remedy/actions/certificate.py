"""销毁证明: the report of a disposal as one canonical document that anybody can check without the platform."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jutong.center.agreement.keys import organisation_signer
from jutong.center.org.actor import Actor
from jutong.center.remedy.models import Certificate, Disposal, DisposalCopy
from jutong.kernel.canonical import canonical_json, digest
from jutong.kernel.clock import BEIJING

KIND = "jutong-destruction-certificate"
VERSION = 1


def document_of(case: Disposal, copies: Sequence[DisposalCopy], *, by: Actor, now: datetime) -> dict[str, Any]:
    """Return what a certificate states; every value is text or a whole number, so that its digest is exact."""
    grant = case.grant
    return {
        "kind": KIND,
        "version": VERSION,
        "number": case.number,
        "round": case.round,
        "grant": grant.number,
        "application": grant.application.number,
        "entry": {"code": grant.entry.code, "name": grant.application.version.name},
        "provider": {"code": grant.provider.code, "name": grant.provider.name},
        "requester": {"code": grant.requester.code, "name": grant.requester.name},
        "system": grant.system.name,
        "ended_at": _text(grant.ended_at),
        "reason": case.reason,
        "copies": [
            {
                "kind": copy.kind,
                "place": copy.place,
                "method": copy.method,
                "done_on": copy.done_on.isoformat() if copy.done_on else "",
                "witness": copy.witness,
                "basis": copy.basis,
            }
            for copy in copies
        ],
        "reported_by": by.name,
        "reported_at": _text(now),
    }


def make_certificate(case: Disposal, copies: Sequence[DisposalCopy], *, by: Actor, now: datetime) -> Certificate:
    """Keep the certificate of the report of this round, signed with the requester's key."""
    document = document_of(case, copies, by=by, now=now)
    signer = organisation_signer(case.grant.requester, now=now)
    signature = {
        "alg": signer.alg,
        "key_id": signer.key_id,
        "public_key": signer.public_b64,
        "signature": base64.b64encode(signer.sign(canonical_json(document))).decode(),
    }
    return Certificate.objects.create(
        disposal=case,
        round=case.round,
        document=document,
        digest=digest(document),
        signature=signature,
        made_at=now,
    )


def _text(moment: datetime | None) -> str:
    return moment.astimezone(BEIJING).isoformat(timespec="seconds") if moment else ""
