"""Who may do what, and the organisations, people and systems an actor may see."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext

from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.errors import NoAuthorityError, PostEndedError, TokenRefusedError
from jutong.center.org.models import ApiToken, Division, InformationSystem, Organisation, Post, SystemKey, User
from jutong.center.org.permissions import HEADS, HOLDERS, ROLE_PERMISSIONS, Permission
from jutong.kernel.errors import ForbiddenError, NotFoundError
from jutong.kernel.i18n import gettext_noop

_PLATFORM_LABEL = gettext_noop("平台")
NOBODY = UUID(int=0)
"""An id no row has; what a malformed id, or an actor without organisation, is looked up with."""


def as_uuid(value: UUID | str) -> UUID:
    """Return the id a caller wrote, or ``NOBODY`` when it is none, so that it reads as not found."""
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except ValueError:
        return NOBODY


def has(actor: Actor, permission: Permission) -> bool:
    """Tell whether the actor's post carries the permission; an unknown role carries none."""
    return permission in ROLE_PERMISSIONS.get(actor.role, frozenset())


def require(actor: Actor, permission: Permission) -> None:
    """Let the actor pass or not.

    Raises:
        ForbiddenError: naming the posts that carry the permission and the post the actor has.
    """
    if has(actor, permission):
        return
    labels: list[object] = [role.label for role in Role if role in HOLDERS[permission]]
    labels = labels or [_PLATFORM_LABEL]
    held = Role(actor.role).label if actor.role in Role.values else _PLATFORM_LABEL
    raise ForbiddenError(needed=format_lazy("、".join(["{}"] * len(labels)), *labels), post=held)


def open_posts() -> QuerySet[Post]:
    """Return the posts that can be acted in: not ended, holder not locked, organisation not closed."""
    return Post.objects.filter(ended_at=None, user__is_active=True, organisation__closed_at=None).select_related(
        "user", "organisation"
    )


def posts_of(user: User) -> list[Post]:
    """Return the posts a person may act in, the oldest first."""
    return list(open_posts().filter(user=user))


def actor_for(post: Post) -> Actor:
    """Return who acts in a post.

    Raises:
        PostEndedError: if the post ended, its holder is locked or its organisation closed.
    """
    user, organisation = post.user, post.organisation
    if post.ended_at is not None or not user.is_active or organisation.closed_at is not None:
        raise PostEndedError
    return Actor(
        username=user.username,
        name=user.name,
        role=post.role,
        organisation_code=organisation.code,
        organisation_name=organisation.name,
        organisation_id=organisation.id,
        user_id=user.id,
        post_id=post.id,
        division_code=organisation.division_code,
    )


def token_digest(raw_token: str) -> str:
    """Return what is kept of a bearer token: its SHA-256 in hex. The token has 256 random bits and needs no salt."""
    return hashlib.sha256(raw_token.encode()).hexdigest()


def token_actor(raw_token: str, now: datetime) -> Actor:
    """Return who acts with a bearer token.

    Raises:
        TokenRefusedError: for a token that is unknown, expired or revoked, or whose post cannot be acted in.
    """
    token = (
        ApiToken.objects.filter(digest=token_digest(raw_token), revoked_at=None, expires_at__gt=now)
        .select_related("post__user", "post__organisation")
        .first()
    )
    if token is None:
        raise TokenRefusedError
    try:
        return actor_for(token.post)
    except PostEndedError as error:
        raise TokenRefusedError from error


def tokens_of(actor: Actor, now: datetime) -> list[ApiToken]:
    """Return the live tokens of the acting person, all posts."""
    if actor.user_id is None:
        return []
    alive = ApiToken.objects.filter(post__user_id=actor.user_id, revoked_at=None, expires_at__gt=now)
    return list(alive.select_related("post__organisation").order_by("expires_at"))


def authority_for(division_code: str) -> Organisation:
    """Return the authority of a division (条例 8: one at each level).

    Raises:
        NoAuthorityError: if none is registered at this very level; none is borrowed from another.
    """
    found = Organisation.objects.filter(division_code=division_code, is_authority=True, closed_at=None).first()
    if found is None:
        raise NoAuthorityError(division=division_code)
    return found


def visible_organisations(actor: Actor) -> QuerySet[Organisation]:
    """Return the organisations that take part, for lists and filters."""
    require(actor, Permission.ORG_ORGANISATION_VIEW)
    return Organisation.objects.filter(closed_at=None).select_related("parent")


def organisation(actor: Actor, code: str) -> Organisation:
    """Return one organisation by its credit code, closed ones too, because old records name them.

    Raises:
        NotFoundError: if there is none.
    """
    require(actor, Permission.ORG_ORGANISATION_VIEW)
    found = Organisation.objects.filter(code=code).select_related("parent").first()
    if found is None:
        raise NotFoundError(what=code)
    return found


def own_organisation(actor: Actor) -> Organisation:
    """Return the organisation the actor acts for.

    Raises:
        NotFoundError: if the actor acts for none (the platform itself).
    """
    found = Organisation.objects.filter(id=actor.organisation_id).first() if actor.organisation_id else None
    if found is None:
        raise NotFoundError(what=actor.organisation_name or actor.name)
    return found


def divisions_on(day: date) -> QuerySet[Division]:
    """Return the divisions in force on a day."""
    return Division.objects.filter(Q(valid_until=None) | Q(valid_until__gt=day), valid_from__lte=day)


def division_name(code: str, day: date) -> str:
    """Return what a division is called on a day, or its code when it is not registered."""
    found = divisions_on(day).filter(code=code).values_list("name", flat=True).first()
    return found or code


def missing_for_onboarding(organisation_: Organisation) -> list[str]:
    """Return what 条例 11 and 13 still ask of an organisation, in Chinese source wording."""
    held = set(open_posts().filter(organisation=organisation_, role__in=HEADS).values_list("role", flat=True))
    checks = (
        (bool(organisation_.data_office), gettext("政务数据共享工作机构")),
        (Role.OFFICE_HEAD in held, gettext("工作机构负责人")),
        (Role.DEPARTMENT_HEAD in held, gettext("部门负责人")),
    )
    return [name for fulfilled, name in checks if not fulfilled]


def users(actor: Actor) -> QuerySet[User]:
    """Return the people with their open posts, for the administrators."""
    require(actor, Permission.ORG_USER_VIEW)
    current = Prefetch("posts", Post.objects.filter(ended_at=None).select_related("organisation"), to_attr="open_posts")
    return User.objects.prefetch_related(current).order_by("username")


def user(actor: Actor, username: str) -> User:
    """Return one person with the open posts.

    Raises:
        NotFoundError: if there is none.
    """
    found = users(actor).filter(username=username).first()
    if found is None:
        raise NotFoundError(what=username)
    return found


def post(actor: Actor, post_id: UUID | str) -> Post:
    """Return one post, for the administrators and for its holder.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    found = Post.objects.filter(id=as_uuid(post_id)).select_related("user", "organisation").first()
    if found is None or not (found.user_id == actor.user_id or has(actor, Permission.ORG_USER_VIEW)):
        raise NotFoundError(what=str(post_id))
    return found


def systems(actor: Actor) -> QuerySet[InformationSystem]:
    """Return the information systems with their keys: a department's own, for the administrators all."""
    require(actor, Permission.ORG_SYSTEM_VIEW)
    found = InformationSystem.objects.select_related("organisation").prefetch_related(
        Prefetch("keys", SystemKey.objects.order_by("created_at"))
    )
    if actor.role in {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}:
        return found
    return found.filter(organisation_id=actor.organisation_id or NOBODY)


def open_systems(actor: Actor) -> list[InformationSystem]:
    """Return the systems of ``systems`` that may call: not closed."""
    return list(systems(actor).filter(closed_at=None, organisation__closed_at=None))


def system(actor: Actor, system_id: UUID | str) -> InformationSystem:
    """Return one information system.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    found = systems(actor).filter(id=as_uuid(system_id)).first()
    if found is None:
        raise NotFoundError(what=str(system_id))
    return found
