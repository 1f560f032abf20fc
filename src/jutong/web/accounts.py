"""Sign-in belongs to a library. What is ours: its words, the trail, and that nobody signs up."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.org.actions import sessions
from jutong.center.org.models import User
from jutong.kernel.clock import utc_now

LIMIT = {"app": "allauth.account", "action": "login_failed"}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth publishes no types
    """Nobody signs up here: people are appointed to posts."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy("账号或密码不对。"),
        "too_many_login_attempts": gettext_lazy(
            "输错次数太多，15分钟内不能再试。确实忘了密码，请找平台安全管理员重设。"
        ),
        "account_inactive": gettext_lazy("这个账号已经停用，请联系平台安全管理员。"),
        "incorrect_password": gettext_lazy("密码不对。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Send people to their workbench."""
        return "/"

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Send people to the entrance."""
        return "/login"

    def login(self, request: HttpRequest, user: User) -> None:
        """Begin the session under a new key and write it down."""
        super().login(request, user)
        sessions.record_sign_in(user=user, now=utc_now())

    def logout(self, request: HttpRequest) -> None:
        """End the session and write it down."""
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            sessions.record_sign_out(user=user, now=utc_now())

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write a wrong password down and remember how many tries are left."""
        username = str(credentials.get("username", ""))
        sessions.record_refused_sign_in(username=username, now=utc_now())
        request.tries_left = self._tries_left(request, credentials)  # type: ignore[attr-defined]  # for the sentence below

    def _tries_left(self, request: HttpRequest, credentials: dict[str, Any]) -> int:
        key = self._get_login_attempts_cache_key(request, **credentials)
        left: list[int] = [
            rate.amount - len(cache.get(ratelimit.get_cache_key(request, **LIMIT, rate=rate, key=key), []))
            for rate in ratelimit.get_rates(**LIMIT)
        ]
        return max(0, min(left))

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Say how many tries are left where the library only says no."""
        left = getattr(self.request, "tries_left", None)
        if code != "username_password_mismatch" or left is None:
            said: ValidationError = super().validation_error(code, *args)
            return said
        words = _("账号或密码不对，还可以再试%(n)s次。") if left else _("账号或密码不对。再试要等15分钟。")
        return ValidationError(words % {"n": left} if left else words, code=code)


class UnifiedAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth publishes no types
    """政务统一身份认证: it says who somebody is; whether there is an account is decided here."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Say no."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Take the account whose user name the service vouches for."""
        if sociallogin.is_existing:
            return
        claims = sociallogin.account.extra_data
        name = claims.get("userinfo", claims).get("preferred_username", "")
        user = User.objects.filter(username=name, is_active=True).first() if name else None
        if user is not None:
            sociallogin.connect(request, user)


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth publishes no types
    """Keeps the secrets of second factors sealed: a copy of the registry alone must not make codes."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("动态口令不对，请输入现在显示的6位数字。"),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return self._fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret."""
        return self._fernet().decrypt(encrypted_text.encode()).decode()

    def _fernet(self) -> Fernet:
        digest = hashlib.sha256(b"jutong second factor" + settings.SECRET_KEY.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(digest))
