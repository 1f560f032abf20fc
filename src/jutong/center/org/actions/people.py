"""Accounts and passwords. What a person may do hangs on posts, see ``posts``."""

from __future__ import annotations

import re
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import record
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.errors import PasswordWrongError, UsernameTakenError
from jutong.center.org.models import ApiToken, User
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import ForbiddenError, InvalidInputError

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,63}")


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        field = gettext("密码")
        rows = [{"field": field, "found": "", "clause": "等保2.0", "message": line} for line in error.messages]
        raise InvalidInputError(problems=rows) from error


def _check_names(username: str, name: str) -> None:
    problems = []
    if not _USERNAME.fullmatch(username):
        allowed = gettext("3到64位小写字母、数字、点、横线，以字母开头")
        field = gettext("用户名")
        problems.append({"field": field, "found": username, "allowed": allowed, "clause": "", "message": allowed})
    if not name.strip():
        problems.append({"field": gettext("姓名"), "found": "", "clause": "", "message": gettext("必须填写")})
    if problems:
        raise InvalidInputError(problems=problems)


def _revoke_tokens(user: User, now: datetime) -> int:
    return ApiToken.objects.filter(post__user=user, revoked_at=None).update(revoked_at=now)


@transaction.atomic
def create_user(
    *,
    username: str,
    name: str,
    password: str,
    by: Actor,
    now: datetime,
    must_change_password: bool = True,
    encoded: str = "",
) -> User:
    """Create an account. It can do nothing until it is appointed to a post.

    ``encoded`` is ``password`` as ``make_password`` returned it: whoever creates a hundred accounts with one initial
    password need not wait for a hundred slow hashes.

    Raises:
        InvalidInputError: for a user name, name or password that is not allowed.
        UsernameTakenError: if the user name belongs to somebody.
        ForbiddenError: if ``by`` does not create accounts.
    """
    require(by, Permission.ORG_USER_CREATE)
    _check_names(username, name)
    user = User(username=username, name=name.strip(), must_change_password=must_change_password, created_at=now)
    _check_password(password, user)
    user.password = encoded or make_password(password)
    with constraint_errors(org_user_username_key=UsernameTakenError(found=username)):
        user.save(force_insert=True)
    record(
        event="org:user:create",
        by=by,
        now=now,
        subject_kind="user",
        subject_id=user.username,
        subject_label=user.name,
    )
    return user


@transaction.atomic
def change_password(*, user: User, old: str, new: str, by: Actor, now: datetime) -> None:
    """Change one's own password. Other sessions and all tokens of the person end.

    Raises:
        ForbiddenError: if it is somebody else's.
        PasswordWrongError: if ``old`` does not match.
        InvalidInputError: if ``new`` is not allowed.
    """
    if user.id != by.user_id:
        raise ForbiddenError(needed=user.name, post=by.name)
    locked = User.objects.select_for_update().get(id=user.id)
    if not locked.check_password(old):
        raise PasswordWrongError
    _check_password(new, locked)
    locked.set_password(new)
    locked.must_change_password = False
    locked.save(update_fields=["password", "must_change_password"])
    record(
        event="org:password:change",
        by=by,
        now=now,
        subject_kind="user",
        subject_id=locked.username,
        subject_label=locked.name,
        tokens_revoked=_revoke_tokens(locked, now),
    )


@transaction.atomic
def reset_password(*, user: User, password: str, by: Actor, now: datetime) -> None:
    """Give a person a new first password, to be changed at the next sign-in. Sessions and tokens end.

    Raises:
        InvalidInputError: if the password is not allowed.
        ForbiddenError: if ``by`` does not reset passwords.
    """
    require(by, Permission.ORG_PASSWORD_RESET)
    locked = User.objects.select_for_update().get(id=user.id)
    _check_password(password, locked)
    locked.set_password(password)
    locked.must_change_password = True
    locked.save(update_fields=["password", "must_change_password"])
    record(
        event="org:password:reset",
        by=by,
        now=now,
        subject_kind="user",
        subject_id=locked.username,
        subject_label=locked.name,
        tokens_revoked=_revoke_tokens(locked, now),
    )


@transaction.atomic
def set_active(*, user: User, active: bool, by: Actor, now: datetime) -> User:
    """Lock an account or unlock it. A locked one signs in nowhere and its tokens are revoked.

    Raises:
        ForbiddenError: if ``by`` does not lock accounts.
    """
    require(by, Permission.ORG_USER_LOCK)
    locked = User.objects.select_for_update().get(id=user.id)
    locked.is_active = active
    locked.save(update_fields=["is_active"])
    record(
        event="org:user:unlock" if active else "org:user:lock",
        by=by,
        now=now,
        subject_kind="user",
        subject_id=locked.username,
        subject_label=locked.name,
        tokens_revoked=0 if active else _revoke_tokens(locked, now),
    )
    return locked
