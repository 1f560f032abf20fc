"""People who come to the node itself with a ticket of the center: for refused rows, a database, fused records.

A ticket opens one visit. The visit is known by a token that stands in the forms of its own pages and nowhere else: no
cookie and no address carries it, so that no other page can act in its name.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pydantic import ValidationError

from jutong.contracts.envelope import ContractError, Envelope, check, unseal
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import Ed25519Verifier
from jutong.node.gateway.errors import TicketUnusableError, VisitOverError
from jutong.node.gateway.nonces import NonceMemory

LONGEST_LIFE_MS = 600_000
VISIT_SECONDS = 1_800
"""A visit ends so long after its last step."""

MOST_VISITS = 500


class TicketBody(Protocol):
    """What every ticket says beside its own."""

    @property
    def valid_until_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...

    @property
    def nonce(self) -> str:
        """What makes it good once only."""
        ...


Order = TypeVar("Order", bound=TicketBody)


@dataclass
class Visit(Generic[Order]):
    """Somebody at work here. ``kept`` is what the visit's pages remember from one step to the next."""

    token: str
    order: Order
    until: float
    kept: dict[str, Any] = field(default_factory=dict)


class Visits(Generic[Order]):
    """The visits of one kind.

    Args:
        node: this node's name, which tickets are made out to.
        kind: of the tickets.
        body: of the tickets.
        nonces: replay protection, shared with signed calls.
        center_keys: the center's public key by id.
        started_ms: when the node started; an older ticket may have been used before and is not taken.
    """

    def __init__(
        self,
        node: str,
        kind: str,
        body: type[Order],
        *,
        nonces: NonceMemory,
        center_keys: Callable[[], Mapping[str, Ed25519Verifier]],
        started_ms: int,
    ) -> None:
        self._node = node
        self._kind = kind
        self._body: Any = body
        self._nonces = nonces
        self._center_keys = center_keys
        self._started_ms = started_ms
        self._open: dict[str, Visit[Order]] = {}

    def begin(self, encoded: str, now: float) -> Visit[Order]:
        """Open a visit with a ticket.

        Raises:
            TicketUnusableError: naming what is wrong with it.
            ReplayedError: it was used before.
        """
        order, issued_ms = self._read(encoded)
        now_ms = int(now * 1000)
        if not now_ms < order.valid_until_ms <= now_ms + LONGEST_LIFE_MS or issued_ms < self._started_ms:
            raise TicketUnusableError(problem=gettext_noop("已过有效时间"))
        self._nonces.take(self._nonces.mark(self._kind, order.nonce), order.valid_until_ms // 1000, now)
        self._forget(now)
        if len(self._open) >= MOST_VISITS:
            raise TicketUnusableError(problem=gettext_noop("节点上正在办理的人太多"))
        visit = Visit(secrets.token_urlsafe(24), order, now + VISIT_SECONDS)
        self._open[visit.token] = visit
        return visit

    def _read(self, encoded: str) -> tuple[Order, int]:
        try:
            envelope = Envelope.model_validate_json(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
            check(envelope, verifiers=self._center_keys(), audience=self._node)
            if envelope.kind != self._kind:
                raise TicketUnusableError(problem=gettext_noop("不是用在这里的票据"))
            order: Any = unseal(envelope, self._body)
        except (ValueError, ValidationError, ContractError) as error:
            raise TicketUnusableError(problem=gettext_noop("内容或签名不对")) from error
        return order, envelope.issued_ms

    def find(self, token: str, now: float) -> Visit[Order]:
        """Return a visit that goes on, for another while.

        Raises:
            VisitOverError: if there is none.
        """
        self._forget(now)
        visit = self._open.get(token)
        if visit is None:
            raise VisitOverError
        visit.until = now + VISIT_SECONDS
        return visit

    def end(self, token: str) -> None:
        """Forget a visit and what it knew."""
        self._open.pop(token, None)

    def _forget(self, now: float) -> None:
        for token in [token for token, visit in self._open.items() if visit.until < now]:
            del self._open[token]
