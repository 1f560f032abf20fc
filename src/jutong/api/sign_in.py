"""Who is behind a user name, a password and a code, under the same limits as the sign-in page."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from jutong.api.errors import SecondFactorError, SignInLockedError, SignInRefusedError
from jutong.center.org.models import User

FAILED = "login_failed"
"""allauth's name for the limit on failed sign-ins; page and API share it."""


def identify(request: HttpRequest, *, username: str, password: str, totp: str) -> User:
    """Return the person who signs in.

    Raises:
        SignInLockedError: after too many failures from this address or for this name.
        SignInRefusedError: if name and password do not fit, or the account is locked.
        SecondFactorError: if the person uses a second factor and the code does not fit or was used.
    """
    try:
        user = get_adapter().authenticate(request, username=username, password=password)
    except ValidationError as error:
        raise SignInLockedError from error
    if not isinstance(user, User) or not user.is_active:
        raise SignInRefusedError
    _check_second_factor(request, user, totp)
    return user


def _check_second_factor(request: HttpRequest, user: User, totp: str) -> None:
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if found is None:
        return
    key = f"mfa-auth-user-{user.pk}"  # what the page counts under, so that both doors share one limit
    if not ratelimit.consume(request, action=FAILED, key=key):
        raise SignInLockedError
    if not totp or not found.wrap().validate_code(totp):
        raise SecondFactorError
    found.record_usage()
    ratelimit.clear(request, action=FAILED, key=key)
