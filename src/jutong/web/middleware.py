from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class PageMiddleware:
    """Sets the content policy of every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the policy headers."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
        return response
