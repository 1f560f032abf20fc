"""挂接: tying a published entry to a real table that introspection found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import record
from jutong.center.catalog.changes import tell
from jutong.center.catalog.enums import ChangeKind
from jutong.center.catalog.errors import (
    BindingInUseError,
    ColumnsUnknownError,
    ItemsUnmappedError,
    NotBoundError,
    NotPublishedError,
    TableUnknownError,
)
from jutong.center.catalog.models import Binding, Entry, EntryVersion
from jutong.center.fleet.models import Source
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Grant
from jutong.kernel.errors import NotFoundError

_RUNNING = (GrantState.ORDERED, GrantState.ACTIVE, GrantState.SUSPENDED)


@transaction.atomic
def bind(
    *,
    entry: Entry,
    source: str,
    schema_name: str,
    table: str,
    columns: Mapping[str, str],
    by: Actor,
    now: datetime,
) -> Binding:
    """Bind a published entry to a table of its own department; a former binding ends.

    Args:
        entry: the entry.
        source: name of the data source as its node reports it.
        schema_name: schema of the table, empty where the database has none.
        table: name of the table.
        columns: item name to column name; all keys of the entry must be there.
        by: who binds.
        now: when.

    Raises:
        TableUnknownError: if the node's last inventory has no such table.
        ColumnsUnknownError: if the table has not all the columns.
        ItemsUnmappedError: for items the entry does not have, or keys left out.
        NotPublishedError: if the entry is not published.
        NotFoundError: if entry or source is another department's.
        ForbiddenError: if ``by`` does not bind.
    """
    locked = _locked_entry(entry, by)
    if locked.published is None:
        raise NotPublishedError(name=locked.code, step=gettext("挂接"))
    found = _table(locked, source, schema_name, table)
    _check_columns(locked.published, table, found, columns)
    Binding.objects.filter(entry=locked, ended_at=None).update(ended_at=now)
    binding = Binding.objects.create(
        entry=locked,
        source=source,
        schema_name=schema_name,
        table=table,
        columns=dict(columns),
        row_estimate=max(int(found["row_estimate"]), 0),
        bound_by_id=by.user_id,
        bound_at=now,
    )
    _mark(locked, bound=True)
    _record("bind", locked, binding, by, now)
    tell([locked], ChangeKind.BOUND, now)
    return binding


@transaction.atomic
def unbind(*, entry: Entry, by: Actor, now: datetime) -> Binding:
    """End an entry's binding.

    Raises:
        BindingInUseError: if grants run over it.
        NotBoundError: if there is none.
        NotFoundError: if the entry is another department's.
        ForbiddenError: if ``by`` does not bind.
    """
    locked = _locked_entry(entry, by)
    binding = Binding.objects.filter(entry=locked, ended_at=None).first()
    if binding is None:
        raise NotBoundError(name=locked.published_name or locked.code)
    running = Grant.objects.filter(entry=locked, state__in=_RUNNING).count()
    if running:
        raise BindingInUseError(name=locked.published_name, count=running)
    binding.ended_at = now
    binding.save(update_fields=["ended_at"])
    _mark(locked, bound=False)
    _record("unbind", locked, binding, by, now)
    tell([locked], ChangeKind.UNBOUND, now)
    return binding


def _locked_entry(entry: Entry, by: Actor) -> Entry:
    require(by, Permission.CATALOG_ENTRY_BIND)
    locked = Entry.objects.select_for_update(of=("self",)).select_related("published").get(id=entry.id)
    if not by.is_platform and locked.organisation_id != by.organisation_id:
        raise NotFoundError(what=locked.code)
    return locked


def _table(entry: Entry, source: str, schema_name: str, table: str) -> dict[str, Any]:
    kept = Source.objects.filter(name=source, organisation_id=entry.organisation_id).first()
    if kept is None:
        raise NotFoundError(what=source)
    for row in kept.tables:
        if (row["schema_name"], row["name"]) == (schema_name, table):
            found: dict[str, Any] = row
            return found
    raise TableUnknownError(source=source, table=table)


def _check_columns(version: EntryVersion, table: str, found: Mapping[str, Any], columns: Mapping[str, str]) -> None:
    missing = set(columns.values()) - {column["name"] for column in found["columns"]}
    if missing:
        raise ColumnsUnknownError(table=table, missing="、".join(sorted(missing)))
    items = {item.name: item.is_key for item in version.items.all()}
    strangers = [name for name in columns if name not in items]
    keys = [name for name, is_key in items.items() if is_key and name not in columns]
    if strangers or keys or not columns:
        raise ItemsUnmappedError(items="、".join([*strangers, *keys]) or "0")


def _mark(entry: Entry, *, bound: bool) -> None:
    entry.is_bound = bound
    entry.save(update_fields=["is_bound"])


def _record(verb: str, entry: Entry, binding: Binding, by: Actor, now: datetime) -> None:
    record(
        event=f"catalog:entry:{verb}",
        by=by,
        now=now,
        subject_kind="entry",
        subject_id=entry.code,
        subject_label=entry.published_name,
        source=binding.source,
        table=binding.table,
        columns=len(binding.columns),
    )
