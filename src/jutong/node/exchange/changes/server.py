"""What a server must be like for its changes to be read, and the slots in which it keeps its log for us."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors, sql

from jutong.contracts.modes import ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.node.connectors import postgresql as connector
from jutong.node.exchange.changes.errors import (
    IdentityMissingError,
    LogForbiddenError,
    LogOffError,
    PublicationMissingError,
    SlotBusyError,
    SlotLostError,
    SlotMissingError,
)
from jutong.node.exchange.changes.stream import to_number, to_text
from jutong.node.sources import SourceConfig

LEAVING_SECONDS = 10.0
"""How long the server may take to notice that an earlier process of ours was killed."""

ADVANCE_SECONDS = 600
"""The server reads its log once more up to the place that is confirmed."""

_PUBLISHED = """
SELECT p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate, t.tablename IS NOT NULL,
       to_jsonb(t) ->> 'rowfilter' IS NOT NULL, to_jsonb(t) -> 'attnames'
  FROM pg_publication p
  LEFT JOIN pg_publication_tables t ON t.pubname = p.pubname AND t.schemaname = %s AND t.tablename = %s
 WHERE p.pubname = %s
"""

_IDENTITY = """
SELECT c.relreplident::text, c.relkind::text,
       ARRAY(SELECT a.attname::text FROM pg_index i
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
              WHERE i.indrelid = c.oid
                AND CASE c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END
              ORDER BY a.attnum)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = %s AND c.relname = %s
"""

UNBOUNDED = 64 << 30
"""Where nothing bounds what a slot may cost, so many bytes of log count as all there may be."""

_SLOT = """
SELECT s.confirmed_flush_lsn::text, s.active, coalesce(to_jsonb(s) ->> 'wal_status', ''),
       s.plugin = 'pgoutput' AND s.database = current_database(),
       coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                                ELSE pg_current_wal_lsn() END, s.restart_lsn), 0)::bigint,
       (to_jsonb(s) ->> 'safe_wal_size')::bigint
  FROM pg_replication_slots s WHERE s.slot_name = %s
"""

_LAG = """
SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                       restart_lsn)::bigint
  FROM pg_replication_slots WHERE slot_name = %s
"""


def check(source: SourceConfig, order: JobOrder, mode: ChangesMode) -> tuple[str, ...]:
    """See that a table's changes can be read; return the columns by which its rows are told apart in the log.

    Raises:
        LogOffError, PublicationMissingError, IdentityMissingError: naming what is missing and who can mend it.
        SourceUnreachableError: when the server does not let us in.
    """
    with connector.session(source) as connection:
        for setting, wanted in (("wal_level", "logical"), ("max_wal_senders", "10"), ("max_replication_slots", "10")):
            found = _setting(connection, setting)
            if found == "0" or (setting == "wal_level" and found != wanted):
                raise LogOffError(source=source.name, setting=setting, found=found, wanted=wanted)
        identity = _identity(connection, order, mode)
        _check_published(connection, source, order, mode)
        return identity


def _setting(connection: connector.Connection, name: str) -> str:
    found = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    return str(found[0]) if found else ""


def _identity(connection: connector.Connection, order: JobOrder, mode: ChangesMode) -> tuple[str, ...]:
    found = connection.execute(_IDENTITY, (order.schema_name, order.table)).fetchone()
    if found is None:
        return ()  # whoever plans the move says that there is no such table
    kind, _, told = found
    columns, keys = tuple(told), tuple(mode.keys)
    ours = set(order.columns)
    if kind == "f":
        return keys if set(keys) <= ours else columns if columns and set(columns) <= ours else tuple(order.columns)
    from_source = [key for key in keys if key in ours]
    if not columns or kind == "n" or not set(columns) <= ours or not set(from_source) <= set(columns):
        relation = sql.Identifier(order.schema_name, order.table).as_string(connection)
        raise IdentityMissingError(table=relation, columns="、".join(keys), identity="、".join(columns) or "-")
    return columns


def _check_published(
    connection: connector.Connection, source: SourceConfig, order: JobOrder, mode: ChangesMode
) -> None:
    found = connection.execute(_PUBLISHED, (order.schema_name, order.table, mode.publication)).fetchone()
    name = sql.Identifier(mode.publication).as_string(connection)
    relation = sql.Identifier(order.schema_name, order.table).as_string(connection)
    problem, remedy = "", ""
    if found is None:
        problem = "-"
        remedy = f"CREATE PUBLICATION {name} FOR TABLE {relation} WITH (publish_via_partition_root = true)"
    elif not found[1]:
        problem, remedy = "table", f"ALTER PUBLICATION {name} ADD TABLE {relation}"
    elif not found[0]:
        problem = "publish"
        remedy = f"ALTER PUBLICATION {name} SET (publish = 'insert, update, delete, truncate')"
    elif found[2] or (found[3] is not None and not set(order.columns) <= set(found[3])):
        problem, remedy = "row filter or column list", f"ALTER PUBLICATION {name} SET TABLE {relation}"
    if problem:
        raise PublicationMissingError(
            source=source.name, publication=name, table=relation, problem=problem, remedy=remedy
        )


def look(source: SourceConfig, slot: str, after: int) -> int:
    """See that a slot still has everything from a place on; return how many thousandths of its room are used.

    Raises:
        SlotMissingError, SlotLostError, SlotBusyError: when it has not, or another session has it.
    """
    deadline = time.monotonic() + LEAVING_SECONDS
    with connector.session(source) as connection:
        connection.autocommit = True
        while (found := connection.execute(_SLOT, (slot,)).fetchone()) and found[1] and time.monotonic() < deadline:
            time.sleep(0.1)
    if found is None:
        raise SlotMissingError(source=source.name, slot=slot, problem="-")
    confirmed, active, status, ours, kept, room = found
    if status in {"lost", "unreserved"} and (status == "lost" or confirmed is None):
        raise SlotLostError(source=source.name, slot=slot)
    if not ours or confirmed is None or to_number(confirmed) > after:
        raise SlotMissingError(source=source.name, slot=slot, problem=f"{confirmed or '?'} > {to_text(after)}")
    if active:
        raise SlotBusyError(source=source.name, slot=slot)
    return min(1000, 1000 * int(kept) // max(UNBOUNDED if room is None else int(kept) + max(int(room), 0), 1))


def advance(source: SourceConfig, slot: str, upto: int) -> int:
    """Tell the server that everything up to a place is safe here; return how many bytes of log it keeps for us."""
    with _slots(source, slot) as connection:
        connection.execute(
            "SELECT pg_replication_slot_advance(slot_name, %s::pg_lsn) FROM pg_replication_slots"
            " WHERE slot_name = %s AND confirmed_flush_lsn < %s::pg_lsn",
            (to_text(upto), slot, to_text(upto)),
        )
        found = connection.execute(_LAG, (slot,)).fetchone()
    return int(found[0]) if found and found[0] is not None else 0


def drop(source: SourceConfig, slot: str) -> None:
    """Take a slot away, if it is there: the server no longer keeps its log for it.

    Raises:
        SlotBusyError: when another session reads by it.
    """
    with _slots(source, slot) as connection:
        connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", (slot,)
        )


@contextmanager
def _slots(source: SourceConfig, slot: str) -> Iterator[connector.Connection]:
    with connector.session(source, ADVANCE_SECONDS) as connection:
        connection.autocommit = True
        try:
            yield connection
        except errors.ObjectInUse as error:
            raise SlotBusyError(source=source.name, slot=slot) from error
        except errors.InsufficientPrivilege as error:
            role = psycopg.conninfo.conninfo_to_dict(source.dsn).get("user", "?")
            raise LogForbiddenError(source=source.name, role=role) from error
