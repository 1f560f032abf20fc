"""A JSON document to a department's own system, signed so that it can tell who wrote it.

Signed are the timestamp, the key and the body, with a line feed between. docs/notifications.md shows a receiver.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from jutong.center.fleet.keys import center_signer
from jutong.center.notify.channels import answers
from jutong.center.notify.channels.base import Parcel
from jutong.center.notify.channels.posting import post
from jutong.center.notify.errors import SendFailedError
from jutong.center.notify.hosts import admit_url
from jutong.center.notify.message import absolute
from jutong.kernel.keys import Signer

_TAKEN = range(200, 300)
_LASTING = {400, 404, 410, 413}
"""Answers that another try does not change."""


def signed_part(timestamp: str, key: str, body: bytes) -> bytes:
    """Return the bytes a signature is over."""
    return b"\n".join((timestamp.encode(), key.encode(), body))


def hmac_signature(secret: str, message: bytes) -> str:
    """Return the header of a channel with a shared secret."""
    value = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return "hmac-sha256;" + base64.b64encode(value).decode()


def ed25519_signature(signer: Signer, message: bytes) -> str:
    """Return the header of a channel that trusts the center's public key."""
    return f"ed25519;{signer.key_id};" + base64.b64encode(signer.sign(message)).decode()


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts to ``url``; signed with ``secret``, or with the center's own key where there is none."""

    name: str
    url: str
    secret: str = ""
    ca_pem: str = ""

    def check(self) -> None:
        """Refuse a host that is not allowed."""
        admit_url(self.url)

    def send(self, parcel: Parcel) -> str:
        """Send the message; any 2xx takes it."""
        body, key = self.body(parcel), str(parcel.key)
        timestamp = str(int(parcel.now.timestamp()))
        signed = signed_part(timestamp, key, body)
        signature = hmac_signature(self.secret, signed) if self.secret else ed25519_signature(center_signer(), signed)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            "Jutong-Timestamp": timestamp,
            "Jutong-Signature": signature,
            "User-Agent": "jutong",
        }
        answer = post(self.url, body, headers, channel=self.name, ca_pem=self.ca_pem)
        if answer.status not in _TAKEN:
            raise SendFailedError(
                channel=self.name, reason=answers.of_status(answer.status), detail=f"HTTP {answer.status}",
                lasting=answer.status in _LASTING,
            )  # fmt: skip
        return f"HTTP {answer.status}"

    @staticmethod
    def body(parcel: Parcel) -> bytes:
        """Return the document."""
        sections = [
            {
                "heading": heading,
                "lines": [
                    {"title": line.title, "number": line.number, "note": line.note, "link": absolute(line.link)}
                    for line in lines
                ],
            }
            for heading, lines in parcel.message.sections
        ]
        content = {
            "id": str(parcel.key), "to": parcel.to, "title": parcel.message.title, "sections": sections,
        }  # fmt: skip
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
