"""岗位: who does what for which organisation, from when to when."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.errors import (
    AdministratorsExclusiveError,
    AuthorityPostError,
    HeadsExclusiveError,
    OrganisationClosedError,
    PostEndedError,
    PostExistsError,
)
from jutong.center.org.models import ApiToken, Organisation, Post, User
from jutong.center.org.permissions import HEADS, THREE_ADMINISTRATORS, Permission
from jutong.center.org.queries import require


@transaction.atomic
def appoint(*, user: User, organisation: Organisation, role: str, by: Actor, now: datetime) -> Post:
    """Appoint a person to a post.

    Raises:
        AdministratorsExclusiveError: for a second of the three administrators' posts, in any organisation.
        HeadsExclusiveError: for both heads of one department.
        PostExistsError: if the person holds the post.
        AuthorityPostError: for a reviewer outside the authority.
        OrganisationClosedError: if the organisation was closed.
        ForbiddenError: if ``by`` does not manage posts.
    """
    require(by, Permission.ORG_POST_MANAGE)
    wanted = Role(role)
    if organisation.closed_at is not None:
        raise OrganisationClosedError(organisation=organisation.name)
    if wanted == Role.AUTHORITY and not organisation.is_authority:
        raise AuthorityPostError(organisation=organisation.name)
    post = Post(user=user, organisation=organisation, role=wanted, valid_from=now)
    held = Post.objects.filter(user=user, ended_at=None).select_related("organisation")
    words = {"person": user.name, "organisation": organisation.name}
    other_admin = next((row for row in held if row.role in THREE_ADMINISTRATORS and row.role != wanted), post)
    other_head = next((row for row in held if row.role in HEADS and row.organisation_id == organisation.id), post)
    with constraint_errors(
        one_open_post_each=PostExistsError(held=wanted.label, **words),
        one_administrator_post=AdministratorsExclusiveError(person=user.name, held=Role(other_admin.role).label),
        one_head_post=HeadsExclusiveError(held=Role(other_head.role).label, **words),
    ):
        post.save(force_insert=True)
    record(
        event="org:post:appoint",
        by=by,
        now=now,
        subject_kind="post",
        subject_id=post.id,
        subject_label=user.name,
        username=user.username,
        role=wanted.value,
        organisation=organisation.code,
    )
    return post


@transaction.atomic
def end_post(*, post: Post, by: Actor, now: datetime) -> Post:
    """End a post and revoke its tokens; what was done in it stays.

    Raises:
        PostEndedError: if it ended before.
        ForbiddenError: if ``by`` does not manage posts.
    """
    require(by, Permission.ORG_POST_MANAGE)
    locked = Post.objects.select_for_update(of=("self",)).select_related("user", "organisation").get(id=post.id)
    if locked.ended_at is not None:
        raise PostEndedError
    locked.ended_at = now
    locked.save(update_fields=["ended_at"])
    revoked = ApiToken.objects.filter(post=locked, revoked_at=None).update(revoked_at=now)
    record(
        event="org:post:end",
        by=by,
        now=now,
        subject_kind="post",
        subject_id=locked.id,
        subject_label=locked.user.name,
        username=locked.user.username,
        role=locked.role,
        organisation=locked.organisation.code,
        tokens_revoked=revoked,
    )
    return locked
