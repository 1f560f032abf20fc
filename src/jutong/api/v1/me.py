from __future__ import annotations

from datetime import date, datetime

from ninja import Router
from pydantic import Field

from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import OrganisationRef, organisation_ref
from jutong.api.types import Out
from jutong.center.org import queries as org
from jutong.center.org.enums import Role
from jutong.center.org.models import Post
from jutong.center.org.permissions import ROLE_PERMISSIONS
from jutong.kernel.clock import civil_date

router = Router(tags=["本人 me"])


class PostOut(Out):
    """One post of one person."""

    role: str
    role_label: str
    organisation: OrganisationRef


class MeOut(Out):
    """Who calls, in which post, and what the post may do."""

    username: str
    name: str
    post: PostOut
    division_code: str
    permissions: list[str]
    token_expires_at: datetime | None
    today: date = Field(description="平台的民用日期（北京） · the civil date deadlines are counted from")


def post_out(post: Post) -> PostOut:
    """Return a post as answers show it."""
    return PostOut(
        role=post.role, role_label=str(Role(post.role).label), organisation=organisation_ref(post.organisation)
    )


@router.get("", operation_id="getMe", summary="当前身份 · who calls", **asks(None, MeOut))
def me(request: ApiRequest) -> MeOut:
    """Return the person, the post and the permissions behind the token."""
    caller = request.auth
    actor = caller.actor
    digest = org.token_digest(caller.token)
    expiry = next((row.expires_at for row in org.tokens_of(actor, caller.now) if row.digest == digest), None)
    return MeOut(
        username=actor.username,
        name=actor.name,
        post=PostOut(
            role=actor.role,
            role_label=str(Role(actor.role).label),
            organisation=organisation_ref(org.own_organisation(actor)),
        ),
        division_code=actor.division_code,
        permissions=sorted(ROLE_PERMISSIONS[actor.role]),
        token_expires_at=expiry,
        today=civil_date(caller.now),
    )
