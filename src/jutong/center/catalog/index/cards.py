"""Reads from the registry what the index is to know of entries, many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from jutong.center.catalog.bands import quality_band
from jutong.center.catalog.index.schema import Card
from jutong.center.catalog.models import Entry, Item
from jutong.center.catalog.tokens import normalise
from jutong.center.org.models import Division

BATCH = 1000
_COLUMNS = (
    "id",
    "code",
    "published_id",
    "search_name",
    "search_text",
    "share_attribute",
    "domain",
    "update_cycle",
    "grade",
    "data_format",
    "quality",
    "is_open",
    "is_bound",
    "use_count",
)


def levels() -> dict[str, str]:
    """Return the level of every division by its code."""
    return dict(Division.objects.order_by("valid_from").values_list("code", "level"))


def all_cards(known: dict[str, str] | None = None) -> Iterator[list[Card]]:
    """Yield the cards of everything published in batches, by id; no transaction stays open between them."""
    of_divisions = levels() if known is None else known
    last: UUID | None = None
    while True:
        rows = Entry.objects.filter(published__isnull=False).order_by("id")
        batch = _read(rows.filter(id__gt=last)[:BATCH] if last else rows[:BATCH])
        if not batch:
            return
        last = batch[-1]["id"]
        yield _cards(batch, of_divisions)


def cards_of(ids: Collection[UUID], known: dict[str, str] | None = None) -> list[Card]:
    """Return the cards of those of the entries that are published."""
    rows = Entry.objects.filter(id__in=ids, published__isnull=False).order_by("id")
    return _cards(_read(rows), levels() if known is None else known)


def _read(rows: QuerySet[Entry]) -> list[dict[str, Any]]:
    wanted = rows.values(
        *_COLUMNS, organisation_code=F("organisation__code"), division=F("organisation__division_code")
    )
    return list(wanted)


def _cards(rows: list[dict[str, Any]], of_divisions: dict[str, str]) -> list[Card]:
    names: defaultdict[UUID, list[str]] = defaultdict(list)
    versions = [row["published_id"] for row in rows]
    listed = Item.objects.filter(version_id__in=versions).order_by("version_id", "position")
    for version, name in listed.values_list("version_id", "name"):
        names[version].append(name)
    return [_card(row, names[row["published_id"]], of_divisions) for row in rows]


def _card(row: dict[str, Any], item_names: list[str], of_divisions: dict[str, str]) -> Card:
    facets = {
        "share_attribute": row["share_attribute"],
        "organisation": row["organisation_code"],
        "level": of_divisions.get(row["division"], ""),
        "domain": row["domain"],
        "form": row["data_format"],
        "cycle": row["update_cycle"],
        "grade": row["grade"],
        "quality": quality_band(row["quality"]),
        "open": "1" if row["is_open"] else "0",
        "bound": "1" if row["is_bound"] else "0",
    }
    return Card(
        id=str(row["id"]),
        code=row["code"],
        name=row["search_name"],
        items=" ".join(filter(None, map(normalise, item_names))),
        text=row["search_text"],
        facets=facets,
        is_open=row["is_open"],
        is_bound=row["is_bound"],
        use_count=row["use_count"],
    )
