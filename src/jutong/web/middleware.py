"""What every request passes: its language, its switches, its policy."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import check_for_language

from jutong.web.problems import method_refused

YEAR = 365 * 24 * 3600
CHOICES = {"size": ("normal", "large"), "theme": ("light", "dark")}


def policy(gateway: str = "") -> str:
    """Return the content policy of a page.

    Args:
        gateway: address of a node whose gateway the page's forms go to, where that is not the instance's own.
    """
    # A form's redirects are held to this list too: trying a grant ends at the gateway, unified sign-in at its server.
    own = settings.JUTONG
    forms = " ".join(
        dict.fromkeys(filter(None, ("'self'", own.gateway_base, _origin(own.oidc_server), _origin(gateway))))
    )
    return (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
        f"frame-ancestors 'none'; form-action {forms}"
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


class PageMiddleware:
    """Keeps the content policy on every answer and turns ``?lang= ?size= ?theme=`` into cookies.

    The switches are plain links, so that they work without script; the address is cleaned by a redirect.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = policy()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or switch and redirect."""
        response: HttpResponseBase = self._switch(request) or self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not getattr(response, "content", b""):
            response = method_refused(request, response)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _switch(self, request: HttpRequest) -> HttpResponse | None:
        if request.method != "GET" or request.path.startswith("/api/"):
            return None
        chosen: dict[str, str] = {}
        for name, allowed in CHOICES.items():
            if request.GET.get(name) in allowed:
                chosen[f"jutong_{name}"] = request.GET[name]
        language = request.GET.get("lang", "")
        if language and check_for_language(language):
            chosen[settings.LANGUAGE_COOKIE_NAME] = language
        if not chosen:
            return None
        rest = request.GET.copy()
        for name in ("lang", *CHOICES):
            rest.pop(name, None)
        query = rest.urlencode()
        response = HttpResponseRedirect(request.path + (f"?{query}" if query else ""))
        for name, value in chosen.items():
            response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
        return response


class LanguageMiddleware:
    """Chinese first: the switch decides, not the browser's own language, which few people ever chose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the switched language."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.JUTONG.language
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response
