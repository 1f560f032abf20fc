"""What the frame of every page shows: place, person, menu, and the marks a demo carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Post, User
from jutong.kernel.clock import utc_now
from jutong.web.desk.badge import badge
from jutong.web.door import current_post, posts
from jutong.web.nav import MENU, Place


@dataclass(frozen=True)
class MenuLine:
    """A place as this person sees it."""

    label: str | Promise
    url: str
    icon: str
    current: bool
    count: int


def _here(path: str) -> str:
    """Return the address of the place a page belongs to: the longest one the path begins with."""
    urls = (place.url for _, places in MENU for place in places)
    return max((url for url in urls if path == url or (url != "/" and path.startswith(url))), key=len, default="")


def _line(place: Place, here: str, inbox: int) -> MenuLine:
    current = place.url == here
    return MenuLine(place.label, place.url, place.icon, current, inbox if place.counts == "inbox" else 0)


def _menu(actor: Actor, path: str, inbox: int) -> list[tuple[str | Promise, list[MenuLine]]]:
    here = _here(path)
    groups = [
        (group, [_line(place, here, inbox) for place in places if place.needs is None or org.has(actor, place.needs)])
        for group, places in MENU
    ]
    return [(group, lines) for group, lines in groups if lines]


def _person(request: HttpRequest, post: Post) -> dict[str, Any]:
    actor = org.actor_for(post)
    inbox = badge.count(request, actor, utc_now())
    return {
        "actor": {"name": actor.name, "organisation_short": post.organisation.short_name},
        "actor_role": Role(post.role).label,
        "inbox_count": inbox,
        "menu": _menu(actor, request.path, inbox),
        "other_posts": [other for other in posts(request, post.user) if other.id != post.id],
    }


def _demo_accounts() -> list[dict[str, str]]:
    from jutong.demo.load import accounts  # noqa: PLC0415 - only a demo instance carries the demo's people

    return [{"role": gettext(r), "username": u, "password": p, "organisation": o} for r, u, p, o in accounts()]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give every page what its frame shows."""
    frame: dict[str, Any] = {
        "city": settings.JUTONG.city,
        "demo": settings.JUTONG.demo,
        "LANGUAGE_CODE_HTML": "en" if getattr(request, "LANGUAGE_CODE", "").startswith("en") else "zh-Hans",
        "LANGUAGE_CODE": "en" if getattr(request, "LANGUAGE_CODE", "").startswith("en") else "zh-hans",
        "size": request.COOKIES.get("jutong_size", ""),
        "theme": request.COOKIES.get("jutong_theme", ""),
    }
    if isinstance(request.user, SimpleLazyObject | User) and request.user.is_authenticated:
        post = current_post(request)
        if post is not None:
            return frame | _person(request, post)
    elif settings.JUTONG.demo:
        frame["demo_accounts"] = SimpleLazyObject(_demo_accounts)
    return frame | {"shell": "entrance.html"}
