"""Bearer tokens for the API: one person in one post, for hours, only the digest kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import record
from jutong.center.org.actor import Actor
from jutong.center.org.models import ApiToken, Post
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import actor_for, require, token_digest
from jutong.kernel.errors import ForbiddenError, InvalidInputError

PREFIX = "jutong_"
"""Lets scanners of leaked secrets recognise a token."""
LONGEST_HOURS = 24


@transaction.atomic
def issue_token(*, post: Post, by: Actor, now: datetime, hours: int = 8) -> str:
    """Return a fresh bearer token for a post; it is shown this once.

    Raises:
        InvalidInputError: for a life outside 1 to 24 hours.
        PostEndedError: if the post cannot be acted in.
        ForbiddenError: if the post is somebody else's.
    """
    require(by, Permission.ORG_TOKEN_ISSUE)
    holder = actor_for(post)
    if not by.is_platform and holder.user_id != by.user_id:
        raise ForbiddenError(needed=holder.name, post=by.name)
    if not 1 <= hours <= LONGEST_HOURS:
        allowed = gettext("应为1到24小时")
        field = gettext("令牌有效时间")
        row = {"field": field, "found": str(hours), "allowed": allowed, "clause": "", "message": allowed}
        raise InvalidInputError(problems=[row])
    raw = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        post=post, digest=token_digest(raw), created_at=now, expires_at=now + timedelta(hours=hours)
    )
    _record("org:token:issue", token, by, now, hours=hours)
    return raw


@transaction.atomic
def revoke_token(*, token: ApiToken, by: Actor, now: datetime) -> None:
    """Revoke a token at once; doing it twice changes nothing.

    Raises:
        ForbiddenError: if it is somebody else's and ``by`` does not revoke tokens.
    """
    locked = ApiToken.objects.select_for_update(of=("self",)).select_related("post__user").get(id=token.id)
    if locked.post.user_id != by.user_id:
        require(by, Permission.ORG_TOKEN_REVOKE)
    if locked.revoked_at is None:
        locked.revoked_at = now
        locked.save(update_fields=["revoked_at"])
        _record("org:token:revoke", locked, by, now)


def _record(event: str, token: ApiToken, by: Actor, now: datetime, **details: object) -> None:
    record(
        event=event,
        by=by,
        now=now,
        subject_kind="token",
        subject_id=token.id,
        subject_label=token.post.user.name,
        role=token.post.role,
        **details,
    )
