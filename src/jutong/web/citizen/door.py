"""How a page for people outside is entered: forms too, not too often, and never kept by anybody who passes it on."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.translation import get_language

from jutong.kernel.errors import JutongError
from jutong.web.door import PUBLIC
from jutong.web.open.limits import Limiter

logger = logging.getLogger(__name__)
P = ParamSpec("P")
LOOKS = Limiter(60)
WRITES = Limiter(10)
OPEN_FOR = timedelta(minutes=30)
"""How long a code once given opens a case in the same browser."""
_KEPT = "citizen"
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def citizen_page(view: View[P]) -> View[P]:
    """Wrap a page anybody may open and write to, within a limit per address for each."""

    @functools.wraps(view)
    def enter(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(("GET", "HEAD", "POST"))
        limiter = WRITES if request.method == "POST" else LOOKS
        try:
            limiter.take(request.META.get("REMOTE_ADDR", ""), time.monotonic())
            return view(request, *args, **kwargs)
        except JutongError as problem:
            logger.info("refused %s", problem.code)
            return _refused(request, problem)

    enter.rule = PUBLIC  # type: ignore[attr-defined]  # what the architecture test reads
    return cast("View[P]", enter)


def _refused(request: HttpRequest, problem: JutongError) -> HttpResponseBase:
    language = get_language() or "zh-hans"
    context = {"text": problem.explain(language), "advice": problem.advise(language)}
    response = render(request, "citizen/problem.html", context, status=problem.http_status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def unlock(request: HttpRequest, number: str, now: datetime) -> None:
    """Remember in this browser that the code of a case was given."""
    request.session.cycle_key()
    request.session[_KEPT] = [number, (now + OPEN_FOR).isoformat()]


def unlocked(request: HttpRequest, now: datetime) -> str:
    """Return the number of the case whose code was given in this browser not long ago, or nothing."""
    number, until = request.session.get(_KEPT) or ("", "")
    return str(number) if until and datetime.fromisoformat(until) > now else ""


def forget(request: HttpRequest) -> None:
    """Forget the code in this browser."""
    request.session.pop(_KEPT, None)
