"""The one shape every refusal has, and how an error becomes an answer."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from jutong.api.types import Out
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import preferred

JSON = "application/json"
UNAUTHENTICATED = 401


class ProblemBody(Out):
    """What was wrong."""

    code: str = Field(description="错误代码，见docs/errors.md · stable name, listed in docs/errors.md")
    message: str = Field(description="发现了什么，允许什么 · what was found and what is allowed")
    next_step: str = Field(description="下一步怎么办 · what to do next")
    fields: dict[str, Any] = Field(description="这次的具体值 · what fills the message")


class Problem(Out):
    """The one error envelope."""

    error: ProblemBody


def language_of(request: HttpRequest) -> str:
    """Return the language the caller asks for."""
    return preferred(request.headers.get("Accept-Language", ""))


def plain(value: Any) -> Any:
    """Return what JSON has no form for as text, lazy translations in the language in use."""
    return str(value)


def refusal(request: HttpRequest, problem: JutongError) -> HttpResponse:
    """Return an error as an answer in the caller's language."""
    body = orjson.dumps(problem.envelope(language_of(request)), default=plain)
    response = HttpResponse(body, status=problem.http_status, content_type=JSON)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    if problem.http_status == UNAUTHENTICATED:
        response["WWW-Authenticate"] = 'Bearer realm="jutong"'
    return response
