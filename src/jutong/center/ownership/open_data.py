"""What the public sees: entries open to society with their open items, and nothing else of them.

Nothing here takes an actor. Every row is made of the fields named in :class:`OpenEntry` alone; items that are not
open are neither shown nor found by search, and personal ones never, whatever their mark says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from operator import and_

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from jutong.center.catalog.enums import DataFormat, DataType, ShareAttribute, UpdateCycle
from jutong.center.catalog.models import Entry, Item
from jutong.center.catalog.out.records import Audience, Record, records
from jutong.center.catalog.tokens import Phrase, phrases
from jutong.center.org.models import Organisation
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

PAGE_SIZE = 20
LAST_PAGE = 500
COUNT_CAP = 10_000
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item that is open."""

    name: str
    english_name: str
    data_type: str
    data_type_label: str
    length: int | None
    note: str


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """All that is public about an entry."""

    code: str
    name: str
    summary: str
    provider_code: str
    provider: str
    domain: str
    data_format: str
    data_format_label: str
    update_cycle: str
    update_cycle_label: str
    open_condition: str
    published_on: date | None
    items: tuple[OpenItem, ...]


@dataclass(frozen=True, slots=True)
class OpenChoice:
    """One value of a filter with how many open entries have it."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page of open entries. ``total`` stops at ``COUNT_CAP``."""

    results: tuple[OpenEntry, ...]
    total: int
    page: int
    pages: int
    filters: Mapping[str, tuple[OpenChoice, ...]]


def search(q: str = "", *, organisation: str = "", domain: str = "", page: int = 1) -> OpenPage:
    """Return a page of open entries that hold every word of ``q`` in what is public about them.

    Args:
        q: words apart by blanks; empty finds everything.
        organisation: credit code of one provider.
        domain: one domain.
        page: from 1; past the last page there is nothing.
    """
    words = phrases(q)
    found = _matching(words) if words or not q.strip() else Entry.objects.none()
    chosen = found
    if organisation:
        chosen = chosen.filter(organisation__code=organisation)
    if domain:
        chosen = chosen.filter(domain=domain)
    total = chosen.order_by()[:COUNT_CAP].count()
    number = min(max(page, 1), LAST_PAGE)
    rows = _with_public_parts(_order(chosen, words))[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    filters = {
        "organisation": _choices(found.filter(domain=domain) if domain else found, "organisation__code", organisation),
        "domain": _choices(found.filter(organisation__code=organisation) if organisation else found, "domain", domain),
    }
    pages = min(-(-total // PAGE_SIZE), LAST_PAGE)
    return OpenPage(tuple(map(_open, rows)), total, number, pages, filters)


def entry(code: str) -> OpenEntry:
    """Return one open entry.

    Raises:
        NotFoundError: if there is none of that code, or it is not open.
    """
    found = _with_public_parts(_public().filter(code=code)).first()
    if found is None:
        raise NotFoundError(what=code)
    return _open(found)


def every() -> Iterator[Record]:
    """Yield all open entries for the writers of files, in the order of their codes, some hundreds at a time.

    Where the data itself is stays out: behind the page is no way to it without signing in.
    """
    last = ""
    while chunk := list(_with_public_parts(_public().filter(code__gt=last).order_by("code"))[:_CHUNK]):
        last = chunk[-1].code
        yield from (replace(row, is_bound=False) for row in records(chunk, Audience.PUBLIC))


def _public() -> QuerySet[Entry]:
    return Entry.objects.filter(published__isnull=False, is_open=True).exclude(share_attribute=ShareAttribute.NONE)


def _open_items() -> QuerySet[Item]:
    return Item.objects.filter(is_open=True, is_personal=False, is_sensitive=False).exclude(
        share_attribute=ShareAttribute.NONE
    )


def _with_public_parts(rows: QuerySet[Entry]) -> QuerySet[Entry]:
    items = Prefetch("published__items", _open_items().order_by("position"))
    return rows.select_related("organisation", "published").prefetch_related(items)


def _matching(words: list[Phrase]) -> QuerySet[Entry]:
    """Return the open entries whose public text holds every word; the index only narrows, the text decides."""
    found = _public()
    if not words:
        return found
    wanted = dict.fromkeys(token for phrase in words for token in phrase.tokens)
    return found.filter(search_tokens__contains=list(wanted)).filter(reduce(and_, map(_said, words)))


def _said(phrase: Phrase) -> Q:
    item = Exists(_open_items().filter(version_id=OuterRef("published_id"), name__icontains=phrase.text))
    return (
        Q(search_name__contains=phrase.text)
        | Q(published__summary__icontains=phrase.text)
        | Q(organisation__name__icontains=phrase.text)
        | Q(organisation__short_name__icontains=phrase.text)
        | Q(code__istartswith=phrase.text)
        | Q(item)
    )


def _order(found: QuerySet[Entry], words: list[Phrase]) -> QuerySet[Entry]:
    if not words:
        return found.order_by("-use_count", "code")
    named = reduce(and_, (Q(search_name__contains=phrase.text) for phrase in words))
    return found.annotate(is_named=named).order_by("-is_named", "-use_count", "code")


def _choices(found: QuerySet[Entry], column: str, selected: str) -> tuple[OpenChoice, ...]:
    rows = found.order_by().values_list(column).annotate(count=Count("id")).order_by("-count", column)
    counted = [(str(value), int(count)) for value, count in rows[:50] if value]
    names = dict(Organisation.objects.filter(code__in=[value for value, _ in counted]).values_list("code", "name"))
    return tuple(OpenChoice(value, names.get(value, value), count, value == selected) for value, count in counted)


def _open(row: Entry) -> OpenEntry:
    version = row.published
    if version is None:
        raise NotFoundError(what=row.code)
    return OpenEntry(
        code=row.code,
        name=version.name,
        summary=version.summary,
        provider_code=row.organisation.code,
        provider=row.organisation.name,
        domain=version.domain,
        data_format=version.data_format,
        data_format_label=str(DataFormat(version.data_format).label) if version.data_format else "",
        update_cycle=version.update_cycle,
        update_cycle_label=str(UpdateCycle(version.update_cycle).label) if version.update_cycle else "",
        open_condition=version.open_condition,
        published_on=civil_date(version.published_at) if version.published_at else None,
        items=tuple(_open_item(item) for item in version.items.all()),
    )


def _open_item(item: Item) -> OpenItem:
    label = str(DataType(item.data_type).label) if item.data_type else ""
    return OpenItem(item.name, item.english_name, item.data_type, label, item.length, item.note)
