"""How a page outside the login wall is entered: for reading only, and not too often."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from jutong.kernel.errors import JutongError
from jutong.web.door import PUBLIC
from jutong.web.open.limits import Limiter

logger = logging.getLogger(__name__)
P = ParamSpec("P")
PAGES = Limiter(120)
FILES = Limiter(6)
KEPT_SECONDS = 60
"""How long what is public may be kept by whoever passes it on."""
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def open_page(limiter: Limiter) -> Callable[[View[P]], View[P]]:
    """Wrap a view that anybody may open, within a limit per address."""

    def wrap(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def enter(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in {"GET", "HEAD"}:
                return HttpResponseNotAllowed(("GET", "HEAD"))
            try:
                limiter.take(request.META.get("REMOTE_ADDR", ""), time.monotonic())
                response = view(request, *args, **kwargs)
            except JutongError as problem:
                logger.info("refused %s", problem.code)
                return _refused(request, problem)
            response.headers.setdefault("Cache-Control", f"public, max-age={KEPT_SECONDS}")
            patch_vary_headers(response, ("Cookie",))  # language and looks are in cookies
            return response

        enter.rule = PUBLIC  # type: ignore[attr-defined]  # what the architecture test reads
        return cast("View[P]", enter)

    return wrap


def _refused(request: HttpRequest, problem: JutongError) -> HttpResponseBase:
    language = get_language() or "zh-hans"
    context = {"text": problem.explain(language), "advice": problem.advise(language)}
    response = render(request, "open/problem.html", context, status=problem.http_status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response
