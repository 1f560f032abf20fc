"""What writers write: one published entry as plain frozen data, whole or as much as is open to everyone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.kernel.clock import civil_date


class Audience(StrEnum):
    """Who reads what is written."""

    GOVERNMENT = "government"
    """Departments that take part in sharing: everything a published entry says."""
    PUBLIC = "public"
    """Everyone: open entries, their open items, and nothing of how departments share."""


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One 信息项. ``share_attribute`` is the entry's where the item has none of its own."""

    name: str
    english_name: str
    data_type: str
    length: int | None
    note: str
    is_open: bool
    element: str = ""
    code_table: str = ""
    source_code: str = ""
    share_attribute: str = ""
    grade: str = ""
    is_key: bool = False
    is_personal: bool = False
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One entry. Coded values are those of ``catalog.enums``."""

    code: str
    name: str
    summary: str
    classification: str
    domain: str
    organisation_code: str
    organisation_name: str
    data_format: str
    format_type: str
    update_cycle: str
    share_attribute: str
    is_open: bool
    open_condition: str
    version: int
    effective_from: date | None
    published_at: datetime
    first_published_at: datetime
    items: tuple[ItemRecord, ...]
    is_bound: bool
    quality: int | None
    grade: str = ""
    share_channel: str = ""
    share_way: str = ""
    share_scope: str = ""
    share_purpose: str = ""
    use_conditions: str = ""
    refusal_reason: str = ""
    basis_kind: str = ""
    basis_title: str = ""
    basis_article: str = ""
    origin: str = ""
    related_codes: tuple[str, ...] = ()
    further_codes: tuple[str, ...] = ()
    extensions: Mapping[str, Any] | None = None
    template: str = ""

    @property
    def published_on(self) -> date:
        """The civil date of this version's publication."""
        return civil_date(self.published_at)


def records(entries: Iterable[Entry], audience: Audience = Audience.GOVERNMENT) -> Iterator[Record]:
    """Yield the records of published entries that carry their organisation, items and classes.

    For the public, entries that are not open are left out; see ``selection`` for how they are read.
    """
    for entry in entries:
        version = entry.published
        if version is None or (audience is Audience.PUBLIC and not entry.is_open):
            continue
        yield record(entry, version, audience)


def _is_for_all(item: Item) -> bool:
    """Tell whether anybody may see an item: what names a person is not opened, whatever its mark says."""
    return item.is_open and not item.is_personal and not item.is_sensitive


def record(entry: Entry, version: EntryVersion, audience: Audience) -> Record:
    """Return what a version of an entry says, to an audience."""
    public = audience is Audience.PUBLIC
    published = version.published_at or entry.updated_at
    shown = [item for item in version.items.all() if not public or _is_for_all(item)]
    return Record(
        code=entry.code,
        name=version.name,
        summary=version.summary,
        classification=version.classification,
        domain=version.domain,
        organisation_code=entry.organisation.code,
        organisation_name=entry.organisation.name,
        data_format=version.data_format,
        format_type=version.format_type,
        update_cycle=version.update_cycle,
        share_attribute="" if public else version.share_attribute,
        is_open=version.is_open,
        open_condition=version.open_condition,
        version=version.number,
        effective_from=version.effective_from,
        published_at=published,
        first_published_at=min(published, entry.created_at),
        items=tuple(_item(item, version, public=public) for item in shown),
        is_bound=entry.is_bound,
        quality=None if public else entry.quality,
        **({} if public else _internal(entry, version)),
    )


_INTERNAL = (
    "grade", "share_channel", "share_way", "share_scope", "share_purpose", "use_conditions", "refusal_reason",
    "basis_kind", "basis_title", "basis_article", "origin", "template",
)  # fmt: skip


def _internal(entry: Entry, version: EntryVersion) -> dict[str, Any]:
    return {
        **{name: getattr(version, name) for name in _INTERNAL},
        "related_codes": tuple(version.related_codes),
        "further_codes": tuple(sorted(row.code for row in entry.classes.all())),
        "extensions": dict(version.extensions),
    }


def _item(item: Item, version: EntryVersion, *, public: bool) -> ItemRecord:
    plain = ItemRecord(
        name=item.name,
        english_name=item.english_name,
        data_type=item.data_type,
        length=item.length,
        note=item.note,
        is_open=item.is_open,
        element=item.element,
        code_table=item.code_table,
    )
    if public:
        return plain
    return ItemRecord(
        name=plain.name,
        english_name=plain.english_name,
        data_type=plain.data_type,
        length=plain.length,
        note=plain.note,
        is_open=plain.is_open,
        element=plain.element,
        code_table=plain.code_table,
        source_code=item.source_code,
        share_attribute=item.share_attribute or version.share_attribute,
        grade=item.grade,
        is_key=item.is_key,
        is_personal=item.is_personal,
        is_sensitive=item.is_sensitive,
    )
