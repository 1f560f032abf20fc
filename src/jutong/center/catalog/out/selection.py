"""Reads what is to be written, a few hundred entries at a time, by who asks and what was searched for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext

from jutong.center.catalog import search as searching
from jutong.center.catalog.models import Entry
from jutong.center.catalog.out.records import Audience, Record, records
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop

CHUNK = 500
_PLATFORM = gettext_noop("政务数据共享平台")
MOST_SEARCHED = searching.PAGE_SIZE * searching.LAST_PAGE
"""Entries of one search that are written; the whole catalog has no such end."""


def everything(actor: Actor) -> Iterator[Record]:
    """Yield every published entry in the order of the codes.

    Raises:
        ForbiddenError: if the post does not read the catalog; at once, not when the first is asked for.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    return records(_by_code(Entry.objects.filter(published__isnull=False)))


def everything_open() -> Iterator[Record]:
    """Yield what is open to everyone, in the order of the codes."""
    found = Entry.objects.filter(published__isnull=False, is_open=True)
    return records(_by_code(found), Audience.PUBLIC)


def searched(actor: Actor, q: str, facets: Mapping[str, Iterable[str]]) -> Iterator[Record]:
    """Yield what a search finds, best first, at most ``MOST_SEARCHED``; without words and facets, everything.

    Raises:
        InvalidInputError: for an unknown facet.
        ForbiddenError: if the post does not read the catalog.
    """
    chosen = {name: tuple(values) for name, values in facets.items() if tuple(values)}
    if not q.strip() and not chosen:
        return everything(actor)
    first = searching.search(actor, q, chosen, 1)
    return records(_in_pages(actor, q, chosen, first))


def one(actor: Actor, code: str) -> Record:
    """Return one published entry.

    Raises:
        NotFoundError: if there is none.
        ForbiddenError: if the post does not read the catalog.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    found = list(records(_detailed(Entry.objects.filter(code=code, published__isnull=False))))
    if not found:
        raise NotFoundError(what=code)
    return found[0]


def one_open(code: str) -> Record:
    """Return one entry that is open to everyone, as far as it is.

    Raises:
        NotFoundError: if there is none.
    """
    open_ones = Entry.objects.filter(code=code, published__isnull=False, is_open=True)
    found = list(records(_detailed(open_ones), Audience.PUBLIC))
    if not found:
        raise NotFoundError(what=code)
    return found[0]


def keeper(actor: Actor) -> str:
    """Return who keeps the catalog an actor reads: the authority of the actor's division, the platform without one."""
    found = Organisation.objects.filter(is_authority=True, division_code=actor.division_code).first()
    return found.name if found else gettext(_PLATFORM)


def _detailed(found: QuerySet[Entry]) -> QuerySet[Entry]:
    narrow = found.defer("search_name", "search_text", "search_tokens")
    return narrow.select_related("organisation", "published").prefetch_related("published__items", "classes")


def _by_code(found: QuerySet[Entry]) -> Iterator[Entry]:
    """Page by code rather than hold a cursor open: a slow reader then holds no connection."""
    last = ""
    while chunk := list(_detailed(found.filter(code__gt=last).order_by("code"))[:CHUNK]):
        yield from chunk
        last = chunk[-1].code


def _in_pages(
    actor: Actor, q: str, facets: Mapping[str, tuple[str, ...]], first: searching.SearchPage
) -> Iterator[Entry]:
    page, seen = first, set[str]()
    while True:
        codes = [hit.code for hit in page.results if hit.code not in seen]
        seen.update(codes)
        found = {entry.code: entry for entry in _detailed(Entry.objects.filter(code__in=codes))}
        yield from (found[code] for code in codes if code in found)
        if page.page >= page.pages:
            return
        page = searching.search(actor, q, facets, page.page + 1)
