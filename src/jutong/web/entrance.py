"""What stands between sign-in and the first page: a password of one's own, and a second factor for administrators."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from jutong.center.org.actions import change_password
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Post, User
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import InvalidInputError, JutongError

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
"""The three that watch each other; each of them alone could undo the others, so a password is not enough."""


def detour(user: User, post: Post) -> str:
    """Return the address the person has to pass first, or nothing."""
    if user.must_change_password:
        return reverse("account_change_password")
    if needs_second_factor(user, post) and not settings.JUTONG.demo:
        return reverse("mfa_activate_totp")
    return ""


def needs_second_factor(user: User, post: Post) -> bool:
    """Whether the post asks for a second factor the person does not have yet."""
    return post.role in ADMINISTRATORS and not get_adapter().is_mfa_enabled(user)


def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; all other sessions end."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - the address is for signed-in people only
    problem: JutongError | None = None
    if request.method == "POST":
        try:
            _change(request, user)
        except JutongError as error:
            problem = error
        else:
            return HttpResponseRedirect("/settings")
    context = {"problem": problem, "first": user.must_change_password}
    return render(request, "account/password_change.html", context, status=422 if problem else 200)


def _change(request: HttpRequest, user: User) -> None:
    typed = request.POST
    if typed.get("new", "") != typed.get("again", ""):
        row = {"field": "again", "found": "", "message": _("两次输入的新密码不一样"), "clause": ""}
        raise InvalidInputError(problems=[row])
    by = Actor(user.username, user.name, "", "", "", user_id=user.id)
    change_password(user=user, old=typed.get("old", ""), new=typed.get("new", ""), by=by, now=utc_now())
    update_session_auth_hash(request, User.objects.get(id=user.id))
    messages.success(request, _("密码已改，其他地方的登录已全部退出"))
