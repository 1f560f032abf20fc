"""挂接: tying a published entry to what really stands behind it: a table, files, a service, a stream, a camera."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import record
from jutong.center.catalog.actions.taking_down import accepted_filing, unheard
from jutong.center.catalog.changes import tell
from jutong.center.catalog.enums import BindingKind, ChangeKind
from jutong.center.catalog.errors import (
    BindingInUseError,
    ColumnsUnknownError,
    ItemsUnmappedError,
    NotBoundError,
    NotPublishedError,
    SourceUnfitError,
    TableUnknownError,
)
from jutong.center.catalog.models import Binding, Entry, EntryVersion, UnboundFlag
from jutong.center.catalog.service_gate import require_same_columns
from jutong.center.fleet.models import Source
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.center.process.gates import Gate, passes
from jutong.center.sharing.actions import suspend_grant
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Grant
from jutong.contracts.orders import Place
from jutong.contracts.places import target
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop

FOLDER, DOORS = "files", "endpoints"
"""Kinds of sources that are no database: a folder on the node, and hosts the node may knock at."""
_STOPPED = gettext_noop("服务已按备案停止")
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
    fresh_column: str = "",
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
        fresh_column: column that says when a row was last changed, for the probe; empty for none.

    Raises:
        TableUnknownError: if the node's last inventory has no such table.
        ColumnsUnknownError: if the table has not all the columns.
        ItemsUnmappedError: for items the entry does not have, or keys left out.
        ServiceInUseError: if it loses what running grants cover and no change was accepted (条例 27(3)).
        NotPublishedError: if the entry is not published.
        NotFoundError: if entry or source is another department's.
        ForbiddenError: if ``by`` does not bind.
    """
    locked, version = _published(entry, by)
    found = _table(locked, source, schema_name, table)
    _check_columns(version, table, found, columns, fresh_column)
    require_same_columns(locked, columns.keys(), by, now)
    estimate = max(int(found["row_estimate"]), 0)
    binding = Binding(
        source=source, schema_name=schema_name, table=table, columns=dict(columns), row_estimate=estimate,
        fresh_column=fresh_column,
    )  # fmt: skip
    return _put(locked, binding, by, now)


@transaction.atomic
def bind_place(*, entry: Entry, kind: BindingKind, source: str, place: Place, by: Actor, now: datetime) -> Binding:
    """Bind a published entry to files, a service, a stream or a video channel; a former binding ends.

    Args:
        entry: the entry.
        kind: what it is; not a table.
        source: the department's own folder or list of hosts, as its node reports it; the node looks nowhere else.
        place: where it stands. No secret: whoever is granted its use gets a signed address for a minute.
        by: who binds.
        now: when.

    Raises:
        PlaceError: if the place cannot be meant, or carries a password.
        SourceUnfitError: if the source is a database, or a folder where hosts are wanted.
        ServiceInUseError: if a table in use would be replaced and no change was accepted (条例 27(3)).
        NotPublishedError: if the entry is not published.
        NotFoundError: if entry or source is another department's.
        ForbiddenError: if ``by`` does not bind.
    """
    locked, _version = _published(entry, by)
    wanted = FOLDER if target(kind, place).protocol == "file" else DOORS
    kept = _source(locked, source)
    if kept.dialect != wanted:
        raise SourceUnfitError(source=source, dialect=kept.dialect, kind=str(BindingKind(kind).label), wanted=wanted)
    require_same_columns(locked, (), by, now)
    binding = Binding(kind=kind, source=source, place=place.model_dump(mode="json"))
    return _put(locked, binding, by, now)


def _published(entry: Entry, by: Actor) -> tuple[Entry, EntryVersion]:
    locked = _locked_entry(entry, by)
    if locked.published is None:
        raise NotPublishedError(name=locked.code, step=gettext("挂接"))
    return locked, locked.published


def _put(entry: Entry, binding: Binding, by: Actor, now: datetime) -> Binding:
    Binding.objects.filter(entry=entry, ended_at=None).update(ended_at=now)
    binding.entry, binding.bound_by_id, binding.bound_at = entry, by.user_id, now
    binding.save(force_insert=True)
    _mark(entry, bound=True)
    UnboundFlag.objects.filter(entry=entry).delete()
    _record("bind", entry, binding, by, now)
    tell([entry], ChangeKind.BOUND, now)
    return binding


@transaction.atomic
def unbind(*, entry: Entry, by: Actor, now: datetime) -> Binding:
    """End an entry's binding; grants that run over it only where an accepted filing says that the service ends.

    Those grants are suspended by it. They end with the entry, or when the office head ends them.

    Raises:
        BindingInUseError: if grants run over it and no filing that covers them was accepted, or its day has not come.
        NotBoundError: if there is none.
        NotFoundError: if the entry is another department's.
        ForbiddenError: if ``by`` does not bind.
    """
    locked = _locked_entry(entry, by)
    binding = Binding.objects.filter(entry=locked, ended_at=None).first()
    if binding is None:
        raise NotBoundError(name=locked.published_name or locked.code)
    running = list(Grant.objects.filter(entry=locked, state__in=_RUNNING).order_by("id"))
    if running and not _ends_as_filed(locked, by, now):
        raise BindingInUseError(name=locked.published_name, count=len(running))
    for grant in running:
        if grant.state != GrantState.SUSPENDED:
            suspend_grant(grant=grant, reason=_STOPPED, by=by, now=now)
    binding.ended_at = now
    binding.save(update_fields=["ended_at"])
    _mark(locked, bound=False)
    _record("unbind", locked, binding, by, now)
    tell([locked], ChangeKind.UNBOUND, now)
    return binding


def _ends_as_filed(entry: Entry, by: Actor, now: datetime) -> bool:
    filing = accepted_filing(entry)
    return filing is not None and not unheard(entry) and passes(Gate.SERVICE_STOP, filing, by=by, now=now)


def _locked_entry(entry: Entry, by: Actor) -> Entry:
    require(by, Permission.CATALOG_ENTRY_BIND)
    locked = Entry.objects.select_for_update(of=("self",)).select_related("published").get(id=entry.id)
    if not by.is_platform and locked.organisation_id != by.organisation_id:
        raise NotFoundError(what=locked.code)
    return locked


def _source(entry: Entry, name: str) -> Source:
    kept = Source.objects.filter(name=name, organisation_id=entry.organisation_id).first()
    if kept is None:
        raise NotFoundError(what=name)
    return kept


def _table(entry: Entry, source: str, schema_name: str, table: str) -> dict[str, Any]:
    for row in _source(entry, source).tables:
        if (row["schema_name"], row["name"]) == (schema_name, table):
            found: dict[str, Any] = row
            return found
    raise TableUnknownError(source=source, table=table)


def _check_columns(
    version: EntryVersion, table: str, found: Mapping[str, Any], columns: Mapping[str, str], fresh_column: str
) -> None:
    wanted = {*columns.values(), *filter(None, (fresh_column,))}
    missing = wanted - {column["name"] for column in found["columns"]}
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
        kind=binding.kind,
        source=binding.source,
        table=binding.table,
        columns=len(binding.columns),
    )
