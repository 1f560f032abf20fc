"""Checks the signed file of an agreement without network, database or running platform.

A seal of another kind (SM2, an electronic seal service) has another ``alg``; it is then named as unchecked, never as
good.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from jutong.evidence.errors import EvidenceError
from jutong.kernel.canonical import canonical_json, digest
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import ED25519, Ed25519Verifier, fingerprint

FORMAT = "jutong.signed-agreement/1"
STATEMENT = "jutong.signature/1"
NEEDED = {"agreement": {"provider", "requester"}, "undertaking": {"requester"}}
"""Whose signatures make a document of a kind complete."""
LARGEST = 4 * 1024 * 1024


class AgreementMalformedError(EvidenceError):
    """The file is no signed agreement."""

    code = "evidence.agreement.malformed"
    http_status = 422
    message = gettext_noop("文件不是签署过的协议：{problem}。")
    next_step = gettext_noop("请使用协议页面下载的JSON文件。")


class AgreementAlteredError(EvidenceError):
    """The document is not the one whose digest was signed."""

    code = "evidence.agreement.altered"
    http_status = 422
    message = gettext_noop("协议文本的摘要是{found}，签署的是{signed}：文本被改动过。")
    next_step = gettext_noop("请向任何一方索取原来的文件。")


class AgreementSignatureError(EvidenceError):
    """A signature does not hold."""

    code = "evidence.agreement.signature-wrong"
    http_status = 422
    message = gettext_noop("{organisation}的签名不成立：{problem}。")
    next_step = gettext_noop("请向签署方核对签名和公钥。")


class AgreementUnsignedError(EvidenceError):
    """A side has not signed."""

    code = "evidence.agreement.unsigned"
    http_status = 422
    message = gettext_noop("协议{number}还没有全部签署，缺少：{missing}。")
    next_step = gettext_noop("请在双方签署后下载。")


@dataclass(frozen=True)
class Signed:
    """One good signature: who, in which post, for whom, when, by which key."""

    side: str
    organisation: str
    person: str
    post: str
    at: str
    key_id: str
    is_known_key: bool
    in_place_of: str = ""
    """The head and the days of the delegation it was signed under; empty where the head signed."""


@dataclass(frozen=True)
class Checked:
    """What a signed file proves."""

    number: str
    version: int
    kind: str
    digest: str
    signatures: tuple[Signed, ...]


def check(content: bytes, trusted: Mapping[str, str] | None = None) -> Checked:
    """Check a signed file.

    Args:
        content: the file.
        trusted: public keys (base64) by key id, from a source the file does not control; a key that is not among
            them is told as not known. ``None`` where there is no such source.

    Raises:
        AgreementMalformedError: if it is no such file.
        AgreementAlteredError: if the text was changed.
        AgreementSignatureError: if a signature does not hold.
        AgreementUnsignedError: if a side is missing.
    """
    document, signed_digest, signatures = _parts(content)
    found = digest(document)
    if found != signed_digest:
        raise AgreementAlteredError(found=found, signed=signed_digest)
    good = tuple(_signature(row, document, found, trusted) for row in signatures)
    missing = NEEDED[document["kind"]] - {row.side for row in good}
    if missing:
        raise AgreementUnsignedError(number=document["number"], missing="、".join(sorted(missing)))
    return Checked(document["number"], document["version"], document["kind"], found, good)


def read_keys(content: bytes) -> dict[str, str]:
    """Return public keys by key id from a published list, as ``GET /api/v1/agreements/signing-keys`` gives it.

    Raises:
        AgreementMalformedError: if it is no such list.
    """
    try:
        return {str(row["key_id"]): str(row["public_key"]) for row in json.loads(content)}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AgreementMalformedError(problem=f"{type(error).__name__} {error}"[:120]) from error


def _parts(content: bytes) -> tuple[dict[str, Any], str, list[dict[str, Any]]]:
    if len(content) > LARGEST:
        raise AgreementMalformedError(problem=f"> {LARGEST}")
    try:
        read = json.loads(content)
        document, signed, rows = read["document"], read["digest"], read["signatures"]
        if read["format"] != FORMAT or document["kind"] not in NEEDED:
            raise AgreementMalformedError(problem=str(read["format"])[:40])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise AgreementMalformedError(problem="signatures")
        str(document["number"]), int(document["version"])
        digest(document)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AgreementMalformedError(problem=f"{type(error).__name__} {error}"[:120]) from error
    return document, str(signed), rows


def _signature(row: dict[str, Any], document: dict[str, Any], found: str, trusted: Mapping[str, str] | None) -> Signed:
    try:
        said = row["statement"]
        organisation, side = said["organisation"], said["side"]
        who, code = str(organisation["name"]), str(organisation["code"])
        person = (str(said["person"]), str(said["post"]), str(said["at"]))
        public, raw = str(row["public_key"]), base64.b64decode(row["signature"], validate=True)
        party = str(document[side]["code"]) if side in NEEDED["agreement"] else ""
        stood = _standing_in(said, who)
        verifier = Ed25519Verifier.from_b64(str(row["key_id"]), public)
        message = canonical_json(said)
    except (ValueError, KeyError, TypeError) as error:
        raise AgreementMalformedError(problem=f"{type(error).__name__} {error}"[:120]) from error
    if row.get("alg") != ED25519 or said.get("alg") != ED25519:
        raise AgreementSignatureError(organisation=who, problem=f"alg {row.get('alg')}")
    expected = {
        "format": STATEMENT,
        "digest": found,
        "number": document["number"],
        "version": document["version"],
        "key_id": row["key_id"],
    }
    wrong = [name for name, value in expected.items() if said.get(name) != value]
    if not party or party != code:
        wrong.append("organisation")
    if not str(row["key_id"]).endswith(fingerprint(base64.b64decode(public))):
        wrong.append("public_key")
    known = trusted is not None and trusted.get(str(row["key_id"])) == public
    if trusted is not None and str(row["key_id"]) in trusted and not known:
        wrong.append("public_key")
    if wrong:
        raise AgreementSignatureError(organisation=who, problem="、".join(wrong))
    if not verifier.verify(raw, message):
        raise AgreementSignatureError(organisation=who, problem="ed25519")
    return Signed(side, who, *person, str(row["key_id"]), known, stood)


def _standing_in(said: dict[str, Any], who: str) -> str:
    """Return whose place a statement says was taken, and between which Beijing days.

    Raises:
        AgreementSignatureError: if it was signed on another day than the delegation covers.
    """
    lent = said.get("on_behalf_of")
    if not lent:
        return ""
    stood = f"{lent['person']} {lent['from']}~{lent['until']}"
    first, last = date.fromisoformat(lent["from"]), date.fromisoformat(lent["until"])
    if not first <= civil_date(datetime.fromisoformat(said["at"])) <= last:
        raise AgreementSignatureError(organisation=who, problem=f"on_behalf_of {stood}")
    return stood
