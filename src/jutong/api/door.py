"""How an operation is entered: by whom, in which post, with which permission, and which answers it may give.

Each operation is declared with :func:`asks` or :func:`open_to_all`, which leave the rule in the description of the
API (``x-permission``); a test walks every operation and fails where a rule is missing or does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from jutong.api.envelope import Problem
from jutong.api.errors import TokenMissingError
from jutong.api.table import RULE
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import utc_now

PUBLIC = "public"
SIGNED_IN = "signed-in"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, when the call came in, and the token it came with."""

    actor: Actor
    now: datetime
    token: str


class ApiRequest(HttpRequest):
    """A request whose bearer token was checked."""

    auth: Caller


class Bearer(HttpBearer):
    """Turns a bearer token into an actor and asks for the operation's permission.

    Args:
        needs: what the post must carry; None lets any signed-in post pass.
    """

    def __init__(self, needs: Permission | None = None) -> None:
        super().__init__()
        self.needs = needs

    def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller.

        Raises:
            TokenMissingError: without a bearer token.
            TokenRefusedError: for one that is unknown, expired or revoked.
            ForbiddenError: if the post does not carry the permission.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise TokenMissingError
        return self.authenticate(request, token.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Return the caller behind a token; see ``__call__``."""
        now = utc_now()
        actor = org.token_actor(token, now)
        if self.needs is not None:
            org.require(actor, self.needs)
        return Caller(actor, now, token)


_ALWAYS = (400, 500, 503)
_WITH_TOKEN = (401, 403)


def _answers(answer: Any, status: int, refusals: tuple[int, ...]) -> dict[int, Any]:
    return {status: answer, **dict.fromkeys(sorted({*refusals, *_ALWAYS}), Problem)}


def asks(needs: Permission | None, answer: Any, *refusals: int, status: int = 200) -> dict[str, Any]:
    """Return what declares an operation for signed-in posts.

    Args:
        needs: what the post must carry; None when any post may call and the domain decides what it sees.
        answer: the shape of the answer; None for an empty one.
        *refusals: statuses of refusals besides those every operation may give (400, 401, 403, 500, 503).
        status: of the answer.
    """
    rule = needs.value if needs is not None else SIGNED_IN
    return {
        "auth": Bearer(needs),
        "response": _answers(answer, status, (*_WITH_TOKEN, *refusals)),
        "openapi_extra": {RULE: rule},
    }


def open_to_all(answer: Any, *refusals: int, status: int = 200) -> dict[str, Any]:
    """Return what declares an operation anybody may call."""
    return {"auth": None, "response": _answers(answer, status, refusals), "openapi_extra": {RULE: PUBLIC}}
