"""Saved searches: a department is told when something new fits what it looks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.catalog.changes import newest
from jutong.center.catalog.enums import ChangeKind
from jutong.center.catalog.errors import TooManySearchesError
from jutong.center.catalog.index.finder import how_many_asked
from jutong.center.catalog.index.reader import small
from jutong.center.catalog.index.schema import EVERYBODY, FACETS
from jutong.center.catalog.index.wanted import words_of
from jutong.center.catalog.models import EntryChange, SavedSearch
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, require
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import InvalidInputError, NotFoundError
from jutong.kernel.i18n import gettext_noop

MOST_SAVED = 50
"""Saved searches of one department."""
LONGEST_NAME = 64
LONGEST_QUERY = 100
LINES_AT_ONCE = 1000
NEW_FOUND = gettext_noop("关注的检索“{name}”有{count}条新发布或更新的目录。")
_TELLING = (ChangeKind.PUBLISHED, ChangeKind.UPDATED, ChangeKind.BOUND)


@transaction.atomic
def save_search(
    *, q: str, facets: Mapping[str, Iterable[str]], name: str = "", by: Actor, now: datetime
) -> SavedSearch:
    """Keep a search for the actor's department; what fits from now on is told. The same search twice is kept once.

    Raises:
        InvalidInputError: if it asks for nothing in particular, or for a facet there is not.
        TooManySearchesError: if the department keeps too many already.
        ForbiddenError: if the post does not search.
    """
    require(by, Permission.CATALOG_SEARCH_SAVE)
    asked = " ".join(q.split())[:LONGEST_QUERY]
    chosen = {key: sorted(set(values)) for key, values in sorted(facets.items()) if values}
    if not chosen.keys() <= set(FACETS) or not (words_of(asked) or chosen):
        row = {"field": "q", "found": asked, "allowed": "", "clause": "", "message": gettext_noop("要有词或筛选项")}
        raise InvalidInputError(problems=[row])
    owner = Organisation.objects.select_for_update().get(id=by.organisation_id or NOBODY)
    kept = SavedSearch.objects.filter(organisation=owner)
    same = kept.filter(q=asked, facets=chosen).first()
    if same is not None:
        return same
    if kept.count() >= MOST_SAVED:
        raise TooManySearchesError(count=MOST_SAVED)
    made = SavedSearch.objects.create(
        organisation=owner, role=by.role, name=(name.strip() or asked)[:LONGEST_NAME], q=asked, facets=chosen,
        cursor=newest(), created_by_name=by.name, created_at=now,
    )  # fmt: skip
    _record("catalog:search:save", made, by, now)
    return made


@transaction.atomic
def drop_search(*, search_id: UUID | str, by: Actor, now: datetime) -> None:
    """End a saved search of the actor's department.

    Raises:
        NotFoundError: if the department keeps no such search.
        ForbiddenError: if the post does not search.
    """
    require(by, Permission.CATALOG_SEARCH_SAVE)
    kept = SavedSearch.objects.filter(id=as_uuid(search_id), organisation_id=by.organisation_id or NOBODY).first()
    if kept is None:
        raise NotFoundError(what=str(search_id))
    _record("catalog:search:drop", kept, by, now)
    kept.delete()


def tell_of_new(*, by: Actor, now: datetime) -> int:
    """Tell departments what was published or changed since the last time and fits their searches.

    Each stretch of the feed is one transaction, so a scan that is killed tells nothing twice. Returns how many notices.
    """
    total = 0
    while True:
        with transaction.atomic():
            told = _tell_next(by, now)
        if told is None:
            return total
        total += told


def _tell_next(by: Actor, now: datetime) -> int | None:
    """Take the next stretch for the searches that are furthest behind. Returns None when none is behind."""
    up_to = newest()
    first = SavedSearch.objects.filter(cursor__lt=up_to).order_by("cursor").values_list("cursor", flat=True).first()
    if first is None:
        return None
    waiting = list(SavedSearch.objects.select_for_update(skip_locked=True).filter(cursor=first).order_by("id"))
    if not waiting:
        return None
    lines = list(EntryChange.objects.filter(sequence__gt=first).order_by("sequence")[:LINES_AT_ONCE])
    reached = lines[-1].sequence
    half = small({line.entry_id for line in lines if line.kind in _TELLING})
    told = 0
    for kept in waiting:
        chosen = {name: frozenset(values) for name, values in kept.facets.items()}
        count = how_many_asked(half, EVERYBODY, words_of(kept.q), chosen)
        kept.cursor = reached
        if count:
            kept.found_count += count
            kept.found_at = now
            _notify(kept, count, by, now)
            told += 1
    SavedSearch.objects.bulk_update(waiting, ["cursor", "found_count", "found_at"])
    return told


def _notify(kept: SavedSearch, count: int, by: Actor, now: datetime) -> None:
    link = f"/catalog?{address_of(kept.q, kept.facets)}"
    Notice.objects.create(
        organisation_id=kept.organisation_id, role=kept.role, text=NEW_FOUND,
        fields={"name": kept.name, "count": str(count)}, link=link if len(link) <= 200 else "/catalog/saved", at=now,  # noqa: PLR2004 - the column
    )  # fmt: skip
    _record("catalog:search:tell", kept, by, now, count=count)


def address_of(q: str, facets: Mapping[str, Iterable[str]]) -> str:
    """Return a saved search as the query of an address; entries without data are part of it unless it says so."""
    pairs = [(name, value) for name, values in sorted(facets.items()) for value in values]
    return urlencode([("q", q), *pairs, ("all", "1")])


def _record(event: str, kept: SavedSearch, by: Actor, now: datetime, **details: int) -> None:
    record(
        event=event, by=by, now=now, subject_kind="search", subject_id=kept.id, subject_label=kept.name, **details
    )  # fmt: skip
