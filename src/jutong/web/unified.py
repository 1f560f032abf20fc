"""政务统一身份认证 over OpenID Connect: the library's two addresses, and what they say when the service is away."""

from __future__ import annotations

import logging

import requests
from allauth.socialaccount.providers.openid_connect import views
from django.http import HttpRequest, HttpResponseBase

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.web.door import problem_page

logger = logging.getLogger(__name__)


class UnifiedAwayError(JutongError):
    """The unified sign-in service does not answer."""

    code = "web.unified.unreachable"
    http_status = 503
    message = gettext_noop("统一身份认证现在没有答复。")
    next_step = gettext_noop("请稍后再试，或用账号和密码登录。")
    retry_after = 60


def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send the person to the service."""
    try:
        sent: HttpResponseBase = views.login(request, provider_id)
    except requests.RequestException as error:
        return _away(request, error)
    return sent


def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take the person back."""
    try:
        taken: HttpResponseBase = views.callback(request, provider_id)
    except requests.RequestException as error:
        return _away(request, error)
    return taken


def _away(request: HttpRequest, error: requests.RequestException) -> HttpResponseBase:
    logger.warning("unified sign-in does not answer: %s", type(error).__name__)
    return problem_page(request, UnifiedAwayError(), back="/login")
