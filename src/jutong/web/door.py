"""How a page is entered: who asks, in which post, when, and what the page needs.

Every page view is wrapped by :func:`page`, which leaves its rule on the view; a test walks all addresses and fails
where a rule is missing. A view gets a :class:`Visit`, makes one domain call and renders.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.models import Post, User
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import ForbiddenError, JutongError
from jutong.web.desk.origin import Origin, origin_of
from jutong.web.entrance import detour

logger = logging.getLogger(__name__)
P = ParamSpec("P")
POST_KEY = "post"
_POSTS = "_jutong_posts"
SIGNED_IN = "signed-in"
PUBLIC = "public"


@dataclass
class Visit:
    """One request of one signed-in person in one post."""

    request: HttpRequest
    actor: Actor
    post: Post
    now: datetime

    @property
    def is_post(self) -> bool:
        """Whether a form came in."""
        return self.request.method == "POST"

    @property
    def is_partial(self) -> bool:
        """Whether htmx asks for a part of the page."""
        return self.request.headers.get("HX-Request") == "true" and "HX-Boosted" not in self.request.headers

    def render(self, template: str, context: dict[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
        """Render a page or a part of one."""
        return render(self.request, template, {"visit": self, **(context or {})}, status=status)

    @functools.cached_property
    def origin(self) -> Origin | None:
        """The row of the inbox whose form came in; None where a form stood on a page of its own."""
        return origin_of(self.request.POST) if self.is_post else None

    def done(self, text: str, to: str) -> HttpResponse:
        """Say what happened in a toast on the page that follows, or in the row it was done in."""
        if self.origin is not None and self.is_partial:
            return self.render("desk/done.html", {"text": text, "origin": self.origin})
        messages.success(self.request, text)
        return HttpResponseRedirect(self.origin.address if self.origin is not None else to)

    def keep(self, problem: JutongError) -> None:
        """Leave a refusal to the row of the inbox the form stood in, if it stood in one.

        Raises:
            JutongError: the problem, for the row to show.
        """
        if self.origin is not None:
            raise problem

    def refuse(self, problem: JutongError, *, back: str) -> HttpResponse:
        """Show a refused action as a page of its own, with the way back."""
        return problem_page(self.request, problem, back=back)

    def query(self, **changes: str | int | None) -> str:
        """Return the address's query with some values replaced; ``None`` removes one."""
        values = self.request.GET.copy()
        for name, value in changes.items():
            if value is None:
                values.pop(name, None)
            else:
                values[name] = str(value)
        return "?" + urlencode(list(values.lists()), doseq=True)


def problem_page(request: HttpRequest, problem: JutongError, *, back: str = "/") -> HttpResponse:
    """Render the whole-page state of an error."""
    language = get_language() or "zh-hans"
    context = {
        "problem": problem,
        "text": problem.explain(language),
        "advice": problem.advise(language),
        "back": back,
        "kind": "forbidden" if problem.http_status == ForbiddenError.http_status else "problem",
    }
    return render(request, "errors/problem.html", context, status=problem.http_status)


def current_post(request: HttpRequest) -> Post | None:
    """Return the post the person works in now: the chosen one, else the first open one."""
    if not isinstance(request.user, User):
        return None
    held = posts(request, request.user)
    chosen = request.session.get(POST_KEY)
    return next((post for post in held if str(post.id) == chosen), held[0] if held else None)


def posts(request: HttpRequest, user: User) -> list[Post]:
    """Return the person's open posts, asked once a request."""
    if not hasattr(request, _POSTS):
        setattr(request, _POSTS, org.posts_of(user))
    found: list[Post] = getattr(request, _POSTS)
    return found


View = Callable[Concatenate[Visit, P], HttpResponseBase]
Entered = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def page(needs: Permission | None = None) -> Callable[[View[P]], Entered[P]]:
    """Wrap a view to read, for signed-in people, optionally only for posts that carry ``needs``."""
    return _entered(("GET", "HEAD"), needs)


def form_page(needs: Permission | None = None) -> Callable[[View[P]], Entered[P]]:
    """Wrap a view that shows a form and takes it."""
    return _entered(("GET", "HEAD", "POST"), needs)


def step(needs: Permission | None = None) -> Callable[[View[P]], Entered[P]]:
    """Wrap a view that takes one step and leads on."""
    return _entered(("POST",), needs)


def _entered(methods: tuple[str, ...], needs: Permission | None) -> Callable[[View[P]], Entered[P]]:
    def wrap(view: View[P]) -> Entered[P]:
        @functools.wraps(view)
        def enter(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            post = current_post(request)
            if post is None:
                return render(request, "errors/no_post.html", status=403)
            first = detour(post.user, post)
            if first:
                return HttpResponseRedirect(first)
            visit = Visit(request, org.actor_for(post), post, utc_now())
            try:
                if needs is not None:
                    org.require(visit.actor, needs)
                return view(visit, *args, **kwargs)
            except JutongError as problem:
                logger.info("refused %s", problem.code)
                return _in_row(visit, problem) if visit.origin is not None else problem_page(request, problem)

        enter.rule = needs or SIGNED_IN  # type: ignore[attr-defined]  # what the architecture test reads
        return cast("Entered[P]", enter)

    return wrap


def _in_row(visit: Visit, problem: JutongError) -> HttpResponseBase:
    from jutong.web.desk.inbox import refused  # noqa: PLC0415 - the inbox is itself entered through this door

    return refused(visit, problem)


def public(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """Mark a view that anyone may open."""
    view.rule = PUBLIC  # type: ignore[attr-defined]  # what the architecture test reads
    return view


def signed_in(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """Mark a library's view that asks for sign-in itself, or let ours ask, whatever the posts."""
    asking: Callable[P, HttpResponseBase] = login_required(view)
    asking.rule = SIGNED_IN  # type: ignore[attr-defined]  # what the architecture test reads
    return asking
