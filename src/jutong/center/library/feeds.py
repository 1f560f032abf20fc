"""Which departments' tables fill which library tables: proposed by the elements of their items, confirmed by people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

from django.db import transaction
from django.db.models import Q

from jutong.center.audit import actions as audit
from jutong.center.catalog.models import Binding, Item
from jutong.center.fleet.models import Source
from jutong.center.jobs.models import Transfer
from jutong.center.jobs.ordering import default_target
from jutong.center.jobs.transfer import TransferState
from jutong.center.library import steps
from jutong.center.library.definitions import definition_of
from jutong.center.library.errors import FeedStateError, FeedUnfitError
from jutong.center.library.models import FeedRow, FeedState, LibraryTable, TableKind
from jutong.center.norms.queries.elements import matcher
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.ownership.meaning import one_name
from jutong.contracts.library import Feed, FieldDefinition, TableDefinition
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.elements import Matcher

FEWEST_FIELDS = 2
"""Fields a table has to fill besides the key before it is proposed."""
FEWEST_WITHOUT_KEY = 4
"""The same where no column evidently is the key; the steward says which is."""
LEAST_LIKENESS = 0.7
"""How surely an item must mean a field to be proposed for it."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
NO_KEY = gettext_noop("没有选行主键，或者它不在入库表里")
NO_COLUMN = gettext_noop("入库表里没有字段{column}")
NO_FIELD = gettext_noop("资源库表里没有字段{field}")
NO_ROLE = gettext_noop("没有选数源角色")
NO_KEY_FIELD = gettext_noop("记录表的主键字段{field}没有对应的列")
NONE_CHOSEN = gettext_noop("没有对应任何字段")


@cache
def _roles() -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = json.loads(files("jutong.center.library").joinpath("roles.json").read_text("utf-8"))
    return tuple((row["role"], tuple(row["names"])) for row in found["roles"])


@cache
def role_titles() -> dict[str, str]:
    """Return what each role of 数源部门 is called."""
    found = json.loads(files("jutong.center.library").joinpath("roles.json").read_text("utf-8"))
    return {row["role"]: row["title"] for row in found["roles"]}


def role_of(organisation: Organisation) -> str:
    """Return the role of 数源部门 an organisation has by its name, empty where none is evident."""
    return next((role for role, names in _roles() if any(name in organisation.name for name in names)), "")


def feed_of(row: FeedRow) -> Feed:
    """Return a feed as a node is told of it."""
    return Feed(
        name=row.name, organisation_code=row.organisation.code, organisation_name=row.organisation.short_name,
        role=row.role, landed=row.landed, library=row.table.library.code, table=row.table.name, key=row.key,
        columns=tuple((field, column) for field, column in row.columns), changed=row.changed,
        entry_code=row.entry.code if row.entry else "",
    )  # fmt: skip


def matched(
    definition: TableDefinition, items: Sequence[Item], columns: Mapping[str, str], library: Matcher | None = None
) -> list[tuple[str, str]]:
    """Return which landed column fills which field, the surest pairs first taken. Each field and column once.

    An item that names its data element fills a field of that element and no other. Else its name tells: that of the
    field, or one that may stand for the field's element.
    """
    words = library or matcher()
    bound = [item for item in items if columns.get(item.name)]
    found = [
        (score, -place, field.name, columns[item.name])
        for place, field in enumerate(definition.fields)
        for item in bound
        if (score := _likeness(field, item, words)) >= LEAST_LIKENESS
    ]
    fields: dict[str, str] = {}
    for _score, _place, name, column in sorted(found, reverse=True):
        if name not in fields and column not in fields.values():
            fields[name] = column
    return [(field.name, fields[field.name]) for field in definition.fields if field.name in fields]


def _likeness(field: FieldDefinition, item: Item, words: Matcher) -> float:
    """Return how surely an item says what a field asks for, from 0 to 1."""
    if one_name(item.name) == one_name(field.title):
        return 1.0
    if item.element or not field.element:
        return float(bool(field.element) and item.element == field.element)
    return next((one.confidence for one in words.match(item.name) if one.code == field.element), 0.0)


def _row_key(binding: Binding, source: Source, items: Sequence[Item]) -> str:
    """Return the one column that names a row: the table's key, else the entry's only key item."""
    table = next(
        (row for row in source.tables if (row["schema_name"], row["name"]) == (binding.schema_name, binding.table)),
        None,
    )
    bound = set(binding.columns.values())
    keys = [column["name"] for column in table["columns"] if column.get("key")] if table else []
    if len(keys) == 1 and keys[0] in bound:
        return str(keys[0])
    named = [str(binding.columns[item.name]) for item in items if item.is_key and binding.columns.get(item.name)]
    return named[0] if len(named) == 1 else ""


@transaction.atomic
def propose(*, by: Actor, now: datetime, organisation: Organisation | None = None) -> int:
    """Look which bound tables could fill which library tables, and propose the new ones. Returns how many are new.

    A table is proposed where it has a column for each key field of the library table and for some more.
    """
    org.require(by, Permission.LIBRARY_FEED_CONFIRM)
    tables = LibraryTable.objects.select_related("library__node").exclude(kind=TableKind.DERIVED)
    definitions = [(table, definition_of(table)) for table in tables]
    sources = {row.name: row for row in Source.objects.filter(node__libraries__isnull=False).distinct()}
    rows = Binding.objects.select_related("entry__organisation").filter(ended_at=None, source__in=sources)
    if organisation is not None:
        rows = rows.filter(entry__organisation=organisation)
    proposed = 0
    for binding in rows.order_by("entry__code"):
        if not binding.is_table or binding.entry.published_id is None:
            continue
        items = list(Item.objects.filter(version_id=binding.entry.published_id))
        key = _row_key(binding, sources[binding.source], items)
        if not key or not _NAME.fullmatch(key):
            continue
        for table, definition in definitions:
            if table.library.node_id == sources[binding.source].node_id:
                proposed += _propose_one(
                    binding, table, matched(definition, items, binding.columns), key, by=by, now=now
                )
    return proposed


def _propose_one(
    binding: Binding, table: LibraryTable, pairs: list[tuple[str, str]], key: str, *, by: Actor, now: datetime
) -> int:
    definition = definition_of(table)
    fields = {field for field, _ in pairs}
    fewest = FEWEST_FIELDS if set(definition.keys) <= fields else FEWEST_WITHOUT_KEY
    if len(fields - set(definition.keys)) < fewest:
        return 0
    entry = binding.entry
    transfer = Transfer.objects.filter(entry=entry, state=TransferState.ON).first()
    work = transfer.work if transfer else {}
    if work.get("into"):
        return 0
    landed = str(work.get("target") or default_target(entry.code))[:63]
    name = f"{landed}_{table.library.code.lower()}_{table.name}"[:63]
    changed = binding.fresh_column if binding.fresh_column in set(binding.columns.values()) else ""
    row, fresh = FeedRow.objects.get_or_create(
        organisation=entry.organisation, name=name,
        defaults={
            "table": table, "entry": entry, "role": role_of(entry.organisation), "landed": landed, "key": key,
            "changed": changed, "columns": [list(pair) for pair in pairs], "proposed_at": now,
        },
    )  # fmt: skip
    if fresh:
        _record("library:feed:propose", row, by, now, fields=len(pairs))
    return int(fresh)


@transaction.atomic
def confirm(
    *,
    feed: FeedRow,
    by: Actor,
    now: datetime,
    role: str | None = None,
    columns: Sequence[tuple[str, str]] | None = None,
    key: str | None = None,
    changed: str | None = None,
) -> FeedRow:
    """Say that a feed fills its table from now on, as it is or changed. What was moved already is taken up at once.

    Raises:
        NotFoundError: if the data is another department's.
        FeedUnfitError: if something names a column or field that is not there.
    """
    locked = _own(feed, by)
    locked.role = locked.role if role is None else role[:64]
    locked.key = locked.key if key is None else key[:63]
    locked.changed = locked.changed if changed is None else changed[:63]
    locked.columns = locked.columns if columns is None else [list(pair) for pair in columns]
    _check(locked)
    locked.state, locked.confirmed_at, locked.confirmed_by_id = FeedState.ON, now, by.user_id
    locked.save()
    _record("library:feed:confirm", locked, by, now, fields=len(locked.columns))
    if _has_landed(locked):
        steps.take("standardise", locked.table, feed=locked, by=by, now=now)
    return locked


@transaction.atomic
def stop(*, feed: FeedRow, by: Actor, now: datetime) -> FeedRow:
    """Say that a feed fills nothing any more; its rows leave the fused table with the next fusion.

    Raises:
        NotFoundError: if the data is another department's.
        FeedStateError: if it is stopped already.
    """
    locked = _own(feed, by)
    if locked.state == FeedState.OFF:
        raise FeedStateError(state=FeedState(locked.state).label)
    was_on = locked.state == FeedState.ON
    locked.state = FeedState.OFF
    locked.save(update_fields=["state"])
    _record("library:feed:stop", locked, by, now)
    if was_on:
        steps.take("fuse", locked.table, by=by, now=now)
    return locked


def _own(feed: FeedRow, by: Actor) -> FeedRow:
    org.require(by, Permission.LIBRARY_FEED_CONFIRM)
    rows = FeedRow.objects.select_for_update(of=("self",)).select_related(
        "table__library__node", "organisation", "entry"
    )
    locked = rows.get(id=feed.id)
    if by.user_id is not None and locked.organisation_id != by.organisation_id:
        raise NotFoundError(what=locked.name)
    return locked


def landed_columns(feed: FeedRow) -> tuple[str, ...]:
    """Return the columns of the table a feed reads, as its entry is bound now."""
    binding = Binding.objects.filter(entry=feed.entry, ended_at=None).first() if feed.entry else None
    return tuple(dict.fromkeys(map(str, binding.columns.values()))) if binding else ()


def _check(feed: FeedRow) -> None:
    definition = definition_of(feed.table)
    names = {field.name for field in definition.fields}
    there = set(landed_columns(feed)) or {column for _, column in feed.columns} | {feed.key}

    def unfit(what: str, **fields: str) -> FeedUnfitError:
        return FeedUnfitError(table=feed.table.title, what=what.format(**fields))

    if not feed.role:
        raise unfit(NO_ROLE)
    if not feed.columns:
        raise unfit(NONE_CHOSEN)
    if feed.key not in there:
        raise unfit(NO_KEY)
    filled = {field for field, _ in feed.columns}
    if definition.kind == "record" and (lacking := [key for key in definition.keys if key not in filled]):
        raise unfit(NO_KEY_FIELD, field=lacking[0])
    for field, column in feed.columns:
        if field not in names:
            raise unfit(NO_FIELD, field=field)
        if column not in there:
            raise unfit(NO_COLUMN, column=column)


def _has_landed(feed: FeedRow) -> bool:
    from jutong.center.jobs.models import Job, JobState  # noqa: PLC0415 - beside the others it would read as a rule

    jobs = Job.objects.filter(
        Q(transfer__isnull=True) | Q(transfer__state=TransferState.ON), entry__organisation=feed.organisation,
        target=feed.landed, state=JobState.DONE, is_dry=False,
    )  # fmt: skip
    newest = jobs.order_by("-ordered_at").first()
    if newest is None:
        return False
    feed.moved_at = newest.ordered_at
    feed.save(update_fields=["moved_at"])
    return True


def _record(event: str, feed: FeedRow, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        event=event, by=by, now=now, subject_kind="feed", subject_id=feed.id, subject_label=feed.name,
        library=feed.table.library.code, table=feed.table.name, state=str(feed.state), **details,
    )  # fmt: skip
