"""Bearer tokens: user name, password and second factor once, a token in one post for hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from jutong.api.door import ApiRequest, asks, open_to_all
from jutong.api.errors import PasswordChangeError, PostNotHeldError
from jutong.api.sign_in import identify
from jutong.api.types import In, Out
from jutong.api.v1.me import PostOut, post_out
from jutong.center.org import queries as org
from jutong.center.org.actions import issue_token, revoke_token
from jutong.center.org.enums import Role
from jutong.center.org.models import Post, User
from jutong.kernel.clock import utc_now

router = Router(tags=["令牌 tokens"])


class SignIn(In):
    """Who signs in, and in which post."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=128)]
    totp: Annotated[str, Field(max_length=6, pattern=r"^([0-9]{6})?$", description="动态口令 · one-time code")] = ""
    organisation_code: Annotated[str, Field(max_length=18, description="哪个单位的岗位 · which post")] = ""
    role: Annotated[Role, Field(strict=False)] | None = None
    hours: Annotated[int, Field(ge=1, le=24)] = 8


class TokenOut(Out):
    """A fresh token; it is shown this once."""

    token: str
    token_type: str
    expires_at: datetime
    post: PostOut


@router.post(
    "",
    operation_id="issueToken",
    summary="换取访问令牌 · sign in",
    **open_to_all(TokenOut, 401, 403, 415, 422, 429, status=201),
)
def issue(request: HttpRequest, body: SignIn) -> TokenOut:
    """Check name, password and second factor, and issue a token in one of the person's posts.

    Without ``organisation_code`` and ``role`` the oldest open post is taken.
    """
    now = utc_now()
    user = identify(request, username=body.username, password=body.password, totp=body.totp)
    if user.must_change_password:
        raise PasswordChangeError
    post = _post(user, body)
    token = issue_token(post=post, by=org.actor_for(post), now=now, hours=body.hours)
    return TokenOut(
        token=token,
        token_type="Bearer",  # noqa: S106 - the scheme
        expires_at=now + timedelta(hours=body.hours),
        post=post_out(post),
    )


def _post(user: User, body: SignIn) -> Post:
    posts = org.posts_of(user)
    for post in posts:
        if body.organisation_code in {"", post.organisation.code} and body.role in {None, post.role}:
            return post
    held = "、".join(f"{post.organisation.short_name}{Role(post.role).label}" for post in posts)
    role = body.role.label if body.role else "—"
    raise PostNotHeldError(name=user.name, organisation=body.organisation_code or "—", role=role, held=held or "—")


@router.delete(
    "/current", operation_id="revokeToken", summary="作废当前令牌 · sign out", **asks(None, None, status=204)
)
def revoke(request: ApiRequest) -> None:
    """Revoke the token this call came with."""
    caller = request.auth
    digest = org.token_digest(caller.token)
    for token in org.tokens_of(caller.actor, caller.now):
        if token.digest == digest:
            revoke_token(token=token, by=caller.actor, now=caller.now)
