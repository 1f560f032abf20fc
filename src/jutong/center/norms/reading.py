"""Makes subjects of what stands in the database: versions of entries, and tables as their node reports them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jutong.center.catalog.models import Binding, EntryVersion, Item
from jutong.center.norms.queries.elements import matcher
from jutong.center.norms.queries.tables import table_keys
from jutong.center.norms.subject import Bound, Part, Sample, Subject, World
from jutong.standards.elements import FAMILIES

_SQL_FAMILIES = (
    ("date", re.compile(r"date|time|year")),
    ("L", re.compile(r"bool")),
    ("number", re.compile(r"int|serial|numeric|decimal|number|real|double|float|money")),
    ("text", re.compile(r"char|text|clob|string|uuid|enum|json")),
)
"""The first pattern found in a column's type tells its family; a type none knows is not judged."""


def world() -> World:
    """Return what rules look at beside the subject, read once a run."""
    return World(matcher(), table_keys())


def entry_subject(version: EntryVersion, binding: Binding | None) -> Subject:
    """Return an entry's version as rules see it; its items must be at hand."""
    return Subject(
        name=version.name,
        parts=tuple(_item(item) for item in version.items.all()),
        summary=version.summary,
        grade=version.grade,
        share_attribute=version.share_attribute,
        share_way=version.share_way,
        is_open=version.is_open,
        is_published=version.published_at is not None,
        bound=_bound(binding) if binding else None,
    )


def _item(item: Item) -> Part:
    return Part(
        name=item.name,
        english_name=item.english_name,
        column=item.column,
        data_type=item.data_type,
        family=FAMILIES.get(item.data_type, ""),
        length=item.length,
        element=item.element,
        code_table=item.code_table,
        grade=item.grade,
        widest_mode=item.widest_mode,
        is_key=item.is_key,
        is_personal=item.is_personal,
        is_sensitive=item.is_sensitive,
    )


def _bound(binding: Binding) -> Bound:
    return Bound(
        kind=binding.kind,
        checked=binding.checked_at is not None,
        problems=frozenset(row["code"] for row in binding.problems),
        columns=binding.columns,
    )


def table_subject(table: Mapping[str, Any], profile: Mapping[str, Any] | None = None) -> Subject:
    """Return a table as rules see it.

    Args:
        table: one row of a source's inventory (``contracts.receipts.TableInfo`` as JSON).
        profile: counts of a sample: ``sampled`` and ``columns`` (``ColumnProfile`` as JSON); None without one.
    """
    parts = tuple(
        Part(
            name=column["name"],
            comment=column.get("comment", ""),
            data_type=column.get("type", ""),
            family=sql_family(column.get("type", "")),
            is_key=bool(column.get("key")),
        )
        for column in table["columns"]
    )
    return Subject(
        name=table["name"],
        parts=parts,
        comment=table.get("comment", ""),
        is_published=True,
        sample=_sample(profile) if profile else None,
    )


def _sample(profile: Mapping[str, Any]) -> Sample:
    return Sample(
        sampled=profile["sampled"],
        filled={row["name"]: row["filled"] for row in profile["columns"]},
        patterns={
            row["name"]: {count["pattern"]: count["count"] for count in row.get("patterns", ())}
            for row in profile["columns"]
        },
    )


def sql_family(sql_type: str) -> str:
    """Return the family of values a column's type holds (``elements.FAMILIES``), empty for a type none knows."""
    text = sql_type.lower()
    return next((family for family, pattern in _SQL_FAMILIES if pattern.search(text)), "")
