"""Changes elsewhere that running grants must follow at once: keys of a system, the table behind an entry.

A crash between the change and the new orders would leave a revoked key usable at a node, so each pair is one
transaction, and doors call these instead of the two halves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from jutong.center.catalog.actions import binding
from jutong.center.catalog.actions.watching import watch_soon
from jutong.center.catalog.enums import BindingKind
from jutong.center.catalog.models import Binding, Entry
from jutong.center.org.actions import systems
from jutong.center.org.actor import Actor
from jutong.center.org.models import InformationSystem, SystemKey
from jutong.center.sharing.actions.supply import on_entry_bound, on_system_keys_changed
from jutong.contracts.orders import Place


@transaction.atomic
def add_key(*, system: InformationSystem, key_id: str, public_key: str, by: Actor, now: datetime) -> SystemKey:
    """Add a public key to a system and order its grants anew; raises what ``org`` raises."""
    key = systems.add_system_key(system=system, key_id=key_id, public_key=public_key, by=by, now=now)
    on_system_keys_changed(system=system, by=by, now=now)
    return key


@transaction.atomic
def revoke_key(*, key: SystemKey, by: Actor, now: datetime) -> SystemKey:
    """Revoke a public key and order the system's grants anew; raises what ``org`` raises."""
    revoked = systems.revoke_system_key(key=key, by=by, now=now)
    on_system_keys_changed(system=revoked.system, by=by, now=now)
    return revoked


@transaction.atomic
def close_system(*, system: InformationSystem, by: Actor, now: datetime) -> InformationSystem:
    """Close a system, revoke its keys and order its grants anew; raises what ``org`` raises."""
    closed = systems.close_system(system=system, by=by, now=now)
    on_system_keys_changed(system=closed, by=by, now=now)
    return closed


@transaction.atomic
def bind_entry(
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
    """Bind an entry to a table, order the grants on it and have it watched; raises what ``catalog`` raises."""
    bound = binding.bind(
        entry=entry, source=source, schema_name=schema_name, table=table, columns=columns, by=by, now=now,
        fresh_column=fresh_column,
    )  # fmt: skip
    return _follow(bound, by, now)


@transaction.atomic
def bind_entry_place(
    *, entry: Entry, kind: BindingKind, source: str, place: Place, by: Actor, now: datetime
) -> Binding:
    """Bind an entry to what is no table, order the grants on it and have it watched; raises what ``catalog`` raises."""
    bound = binding.bind_place(entry=entry, kind=kind, source=source, place=place, by=by, now=now)
    return _follow(bound, by, now)


def _follow(bound: Binding, by: Actor, now: datetime) -> Binding:
    on_entry_bound(entry=bound.entry, by=by, now=now)
    watch_soon(sources=[bound.source], now=now)
    return bound
