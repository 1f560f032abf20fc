"""The node's calls to the center: two addresses, documents under signature both ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from pydantic import ValidationError

from jutong.contracts.envelope import ContractError, Document, Envelope, check, seal, unseal
from jutong.contracts.orders import Heartbeat
from jutong.contracts.poll import Poll, PollAnswer
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import Ed25519Signer, Ed25519Verifier, Signer

CENTER = "center"
TIMEOUT_SECONDS = 5.0
_REFUSED = 400


class CenterUnreachableError(JutongError):
    """The center does not answer, or answers something else."""

    code = "node.center.unreachable"
    http_status = 503
    retry_after = 5
    message = gettext_noop("节点联系不上中心：{reason}")
    next_step = gettext_noop("请检查中心是否运行、地址JUTONG_CENTER_URL是否正确、节点是否已登记。")


class CenterKeyError(JutongError):
    """The center's public key is not on this machine, so no order can be believed."""

    code = "node.center.key-missing"
    http_status = 503
    message = gettext_noop("本机没有中心的公钥{path}，或者它读不出来，任何指令都不能采信。")
    next_step = gettext_noop("请把中心keys目录中的center.pub拷到本机同名位置；节点会自行读取。")


@dataclass(frozen=True)
class Feed:
    """Orders that follow, checked, and the heartbeat they came with."""

    orders: tuple[Envelope, ...]
    heartbeat: Heartbeat
    issued_ms: int


def read_center_key(path: Path) -> Ed25519Verifier:
    """Return the pinned public key of the center from a line ``key_id base64``.

    Raises:
        CenterKeyError: if the file is missing or malformed.
    """
    try:
        key_id, _, encoded = path.read_text("ascii").strip().partition(" ")
        return Ed25519Verifier.from_b64(key_id, encoded)
    except (OSError, ValueError) as error:
        raise CenterKeyError(path=str(path)) from error


class Center:
    """The door of the center as this node knows it.

    Args:
        base: address without a trailing slash.
        node: this node's name.
        signer: this node's key.
        key_path: where the center's public key is pinned; read when first needed and kept.
        client: the HTTP client, closed by the caller.
    """

    def __init__(self, base: str, *, node: str, signer: Signer, key_path: Path, client: httpx.AsyncClient) -> None:
        self._base = base
        self.node = node
        self._signer = signer
        self._key_path = key_path
        self._client = client
        self._verifier: Ed25519Verifier | None = None

    @property
    def verifiers(self) -> dict[str, Ed25519Verifier]:
        """The center's public key by its id.

        Raises:
            CenterKeyError: if it is not pinned yet.
        """
        if self._verifier is None:
            self._verifier = read_center_key(self._key_path)
        return {self._verifier.key_id: self._verifier}

    def seal(self, kind: str, body: Document, now: datetime) -> Envelope:
        """Return a document for the center under this node's signature."""
        return seal(kind, body, signer=self._signer, issuer=self.node, audience=CENTER, now=now)

    async def _post(self, path: str, content: str) -> bytes:
        headers = {"Content-Type": "application/json"}
        try:
            response = await self._client.post(self._base + path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise CenterUnreachableError(reason=type(error).__name__) from error
        if response.status_code >= _REFUSED:
            raise CenterUnreachableError(reason=f"{response.status_code} {_code(response)}")
        return response.content

    async def poll(self, after: int, now: datetime) -> Feed:
        """Ask for the orders after a sequence.

        Raises:
            CenterUnreachableError: if there is no answer.
            ContractError: if anything in it is not signed by the center for this node.
            CenterKeyError: if the center's key is not pinned yet.
        """
        verifiers = self.verifiers
        sealed = self.seal("poll", Poll(after=after), now)
        content = await self._post("/api/node/v1/poll", sealed.model_dump_json())
        try:
            answer = PollAnswer.model_validate_json(content)
        except ValidationError as error:
            raise CenterUnreachableError(reason="no poll answer") from error
        for envelope in (*answer.orders, answer.heartbeat):
            check(envelope, verifiers=verifiers, audience=self.node)
            if envelope.issuer != CENTER:
                raise ContractError(issuer=envelope.issuer, kind=envelope.kind, reason="issuer")
        if answer.heartbeat.kind != "heartbeat":
            raise ContractError(issuer=CENTER, kind=answer.heartbeat.kind, reason="kind")
        return Feed(answer.orders, unseal(answer.heartbeat, Heartbeat), answer.heartbeat.issued_ms)

    async def deliver(self, receipt: str) -> None:
        """Hand in one sealed receipt; on return the center keeps it.

        Raises:
            CenterUnreachableError: if it did not.
        """
        await self._post("/api/node/v1/receipts", receipt)


def _code(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def write_public(path: Path, signer: Ed25519Signer) -> None:
    """Leave a public key beside its private one, as ``key_id base64``, for whoever registers this node."""
    fresh = path.with_suffix(".pub.new")
    fresh.write_text(f"{signer.key_id} {signer.public_b64}\n", "ascii")
    fresh.rename(path)
