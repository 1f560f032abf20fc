"""The signed cover every document that crosses the planes travels in.

The signature stands over the RFC 8785 encoding of everything but the signature, so a document means the same to
whoever reads it later, with nothing but the issuer's public key.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from jutong.kernel.canonical import canonical_json
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.ids import uuid7
from jutong.kernel.keys import Ed25519Verifier, Signer

VERSION: Literal[1] = 1


class ContractError(JutongError):
    """A document from the other plane is not what it claims to be."""

    code = "contracts.document.refused"
    http_status = 400
    message = gettext_noop("来自{issuer}的{kind}文书未通过检查：{reason}")
    next_step = gettext_noop("请核对双方登记的公钥与软件版本；该文书未被执行。")


class Document(BaseModel):
    """Base of every body: strict, frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Envelope(Document):
    """A body with who says it, to whom, when, and the proof."""

    v: Literal[1]
    kind: str
    id: str
    issuer: str
    audience: str
    issued_ms: int
    body: dict[str, Any]
    key_id: str
    signature: str

    def signed_bytes(self) -> bytes:
        """Return the bytes the signature stands over."""
        return canonical_json(self.model_dump(exclude={"signature"}))


Body = TypeVar("Body", bound=Document)


def seal(kind: str, body: Document, *, signer: Signer, issuer: str, audience: str, now: datetime) -> Envelope:
    """Return ``body`` under a signed cover. ``issuer`` and ``audience`` are node names or ``center``."""
    unsigned = Envelope(
        v=VERSION,
        kind=kind,
        id=str(uuid7(int(now.timestamp() * 1000))),
        issuer=issuer,
        audience=audience,
        issued_ms=int(now.timestamp() * 1000),
        body=body.model_dump(mode="json"),
        key_id=signer.key_id,
        signature="",
    )
    signature = base64.b64encode(signer.sign(unsigned.signed_bytes())).decode()
    return unsigned.model_copy(update={"signature": signature})


def check(envelope: Envelope, *, verifiers: Mapping[str, Ed25519Verifier], audience: str) -> None:
    """Check signer, audience and signature of a cover.

    Raises:
        ContractError: naming the first thing that is wrong.
    """

    def refuse(reason: str) -> ContractError:
        return ContractError(issuer=envelope.issuer, kind=envelope.kind, reason=reason)

    if envelope.audience != audience:
        raise refuse("audience")
    verifier = verifiers.get(envelope.key_id)
    if verifier is None:
        raise refuse("unknown key")
    try:
        signature = base64.b64decode(envelope.signature, validate=True)
    except ValueError as error:
        raise refuse("signature encoding") from error
    if not verifier.verify(signature, envelope.signed_bytes()):
        raise refuse("signature")


def unseal(envelope: Envelope, model: type[Body]) -> Body:
    """Read the body of a checked cover.

    Raises:
        ContractError: if the body does not fit the model.
    """
    try:
        return model.model_validate_json(canonical_json(envelope.body))
    except ValidationError as error:
        reason = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in error.errors()[:3])
        raise ContractError(issuer=envelope.issuer, kind=envelope.kind, reason=reason) from error
