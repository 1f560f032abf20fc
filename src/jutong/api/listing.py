"""Opaque cursors: signed, so that a list only ever continues where it ended itself."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer
from django.db.models import Model, QuerySet

from jutong.center.paging import CursorError, ModelRow, Page


def _signer(name: str) -> Signer:
    return Signer(salt=f"jutong.api.{name}", sep="~")


def opened(name: str, cursor: str) -> str:
    """Return what a list's own cursor holds; empty for the first page.

    Raises:
        CursorError: if this list did not hand it out.
    """
    if not cursor:
        return ""
    try:
        return _signer(name).unsign(cursor)
    except BadSignature as error:
        raise CursorError from error


def sealed(name: str, position: str) -> str:
    """Return the cursor for a position; empty where nothing follows."""
    return _signer(name).sign(position) if position else ""


def by_key(name: str, rows: QuerySet[ModelRow], key: str, *, cursor: str, limit: int) -> Page[ModelRow]:
    """Return a page of rows in the order of a unique text key."""
    after = opened(name, cursor)
    ordered = rows.order_by(key)
    found = list((ordered.filter(**{f"{key}__gt": after}) if after else ordered)[: limit + 1])
    more, page = found[limit:], found[:limit]
    return Page(page, sealed(name, _text(page[-1], key)) if more else "")


def _text(row: Model, key: str) -> str:
    return str(getattr(row, key))


def page_number(name: str, cursor: str) -> int:
    """Return the number of the page a cursor leads to, 1 without one."""
    return int(opened(name, cursor) or "1")


def next_page(name: str, number: int, *, more: bool) -> str:
    """Return the cursor of the page that follows, if one does."""
    return sealed(name, str(number + 1)) if more else ""
