"""What the node must not forget, in ``$JUTONG_HOME/node/state.db``: orders applied, grants, receipts not yet sent.

Each method is one transaction, durable on return. Blocking: asyncio code calls it through ``asyncio.to_thread``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import cast

from jutong.contracts.envelope import Envelope
from jutong.contracts.orders import ArrivalsOrder, FilesPlace, GrantOrder, JobControlOrder, WatchedBinding, WatchOrder
from jutong.node.grants import Grant, GrantState, Probe

PRIVATE = 0o600
_MINUTE_MS = 60_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS number (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS applied (order_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS grants (
    grant_id TEXT PRIMARY KEY, body TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    probe TEXT NOT NULL, version INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS task (
    order_id TEXT PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outbox (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, attempts INTEGER NOT NULL DEFAULT 0,
    envelope TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS quota (
    grant_id TEXT PRIMARY KEY, day INTEGER NOT NULL, calls INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS mark (
    correction TEXT PRIMARY KEY, state TEXT NOT NULL, body TEXT NOT NULL, key TEXT NOT NULL, columns TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS told (
    place INTEGER PRIMARY KEY AUTOINCREMENT, grant_id TEXT NOT NULL, correction TEXT NOT NULL, body TEXT NOT NULL,
    fetched_ms INTEGER NOT NULL DEFAULT 0, UNIQUE (grant_id, correction)
) STRICT;
CREATE TABLE IF NOT EXISTS wish (job_id TEXT PRIMARY KEY, action TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS arriving (place TEXT PRIMARY KEY, told TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS watched (
    binding_id TEXT PRIMARY KEY, body TEXT NOT NULL, due_ms INTEGER NOT NULL
) STRICT;
"""


class AlreadyAppliedError(ValueError):
    """The feed repeats an order under a new sequence: it is not the center's feed."""


@dataclass(frozen=True)
class Task:
    """An order that takes a while: an introspection or a job."""

    order_id: str
    kind: str
    body: str


@dataclass(frozen=True)
class Cursor:
    """How far calls have been reported: the next leaf index, and the time of the last reported one."""

    leaf: int
    time_ms: int


class State:
    """The node's own small database."""

    def __init__(self, path: Path) -> None:
        """Open or create it.

        Raises:
            sqlite3.Error, OSError: if the disk refuses.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        path.touch(mode=PRIVATE)
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the database alone; what happens inside is durable together at the end, or not at all."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _number(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM number WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _set_number(self, name: str, value: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO number VALUES (?, ?)", (name, value))

    # -- orders ----------------------------------------------------------------------------------------------

    def sequence(self) -> int:
        """Return the sequence of the last order applied."""
        with self._lock:
            return self._number("sequence")

    def step(self, order_id: str) -> None:
        """Count one order as applied, inside a transaction.

        Raises:
            AlreadyAppliedError: if it was before.
        """
        try:
            self._db.execute("INSERT INTO applied VALUES (?)", (order_id,))
        except sqlite3.IntegrityError as error:
            raise AlreadyAppliedError(order_id) from error
        self._set_number("sequence", self._number("sequence") + 1)

    def skip(self, order_id: str) -> None:
        """Pass over an order this node cannot obey."""
        with self.transaction():
            self.step(order_id)

    def put_grant(self, order_id: str, order: GrantOrder) -> Grant:
        """Apply a grant order. A suspended grant stays suspended and a revoked one revoked: only its terms change."""
        with self.transaction() as db:
            self.step(order_id)
            row = db.execute("SELECT state, reason FROM grants WHERE grant_id = ?", (order.grant_id,)).fetchone()
            state, reason = row or ("active", "")
            db.execute(
                "INSERT OR REPLACE INTO grants VALUES (?, ?, ?, ?, 'pending', ?)",
                (order.grant_id, order.model_dump_json(), state, reason, self._number("sequence")),
            )
        return Grant(order, cast("GrantState", state), reason, "pending")

    def set_grant_state(self, order_id: str, grant_id: str, state: str, reason: str) -> Grant | None:
        """Apply a grant-state order and return the grant as it stands now; a revoked one stays revoked."""
        with self.transaction() as db:
            self.step(order_id)
            db.execute(
                "UPDATE grants SET state = ?, reason = ? WHERE grant_id = ? AND state <> 'revoked'",
                (state, reason, grant_id),
            )
            return self._grant(grant_id)

    def _grant(self, grant_id: str) -> Grant | None:
        row = self._db.execute(
            "SELECT body, state, reason, probe FROM grants WHERE grant_id = ?", (grant_id,)
        ).fetchone()
        return _read(row) if row else None

    def grants(self) -> list[Grant]:
        """Return every grant ever ordered."""
        with self._lock:
            rows = self._db.execute("SELECT body, state, reason, probe FROM grants ORDER BY version").fetchall()
        return [_read(row) for row in rows]

    def set_probe(self, grant_id: str, order: GrantOrder, probe: str, receipt: Envelope) -> Grant | None:
        """Note how a grant's probe ended, with the receipt that says so; None if a newer order came meanwhile."""
        with self.transaction() as db:
            changed = db.execute(
                "UPDATE grants SET probe = ? WHERE grant_id = ? AND body = ?",
                (probe, grant_id, order.model_dump_json()),
            ).rowcount
            if not changed:
                return None
            self.put_receipt(receipt)
            return self._grant(grant_id)

    # -- tasks -----------------------------------------------------------------------------------------------

    def put_task(self, order_id: str, kind: str, body: str) -> Task:
        """Apply an order by noting it as a task."""
        with self.transaction() as db:
            self.step(order_id)
            db.execute("INSERT INTO task VALUES (?, ?, ?)", (order_id, kind, body))
        return Task(order_id, kind, body)

    def tasks(self) -> list[Task]:
        """Return the tasks that are not done."""
        with self._lock:
            rows = self._db.execute("SELECT order_id, kind, body FROM task ORDER BY rowid").fetchall()
        return [Task(*row) for row in rows]

    def finish_task(self, order_id: str, receipt: Envelope) -> None:
        """Note a task as done, with its receipt."""
        with self.transaction() as db:
            db.execute("DELETE FROM task WHERE order_id = ?", (order_id,))
            self.put_receipt(receipt)

    def end_task(self, order_id: str) -> None:
        """Note a task as done that has no receipt."""
        with self.transaction() as db:
            db.execute("DELETE FROM task WHERE order_id = ?", (order_id,))

    def put_wish(self, order_id: str, order: JobControlOrder) -> None:
        """Apply a job-control order: what is wanted of a job that is not done. A cancel is not taken back."""
        with self.transaction() as db:
            self.step(order_id)
            if order.action == "resume":
                db.execute("DELETE FROM wish WHERE job_id = ? AND action = 'pause'", (order.job_id,))
            else:
                db.execute(
                    "INSERT INTO wish VALUES (?, ?) ON CONFLICT (job_id) DO UPDATE SET action = excluded.action"
                    " WHERE wish.action <> 'cancel'",
                    (order.job_id, order.action),
                )

    def wish(self, job_id: str) -> str:
        """Return ``pause`` or ``cancel`` where that is wanted of a job, else an empty text."""
        with self._lock:
            row = self._db.execute("SELECT action FROM wish WHERE job_id = ?", (job_id,)).fetchone()
        return str(row[0]) if row else ""

    # -- watched bindings ------------------------------------------------------------------------------------

    def put_watch(self, order_id: str, order: WatchOrder) -> None:
        """Apply a watch order: it replaces the former list. What is new, or described anew, is due at once."""
        rows = [(one.binding_id, one.model_dump_json()) for one in order.bindings]
        with self.transaction() as db:
            self.step(order_id)
            self._set_number("watch_minutes", max(order.every_minutes, 1))
            known = dict(db.execute("SELECT binding_id, body FROM watched").fetchall())
            gone = [(binding_id,) for binding_id in known.keys() - dict(rows).keys()]
            db.executemany("DELETE FROM watched WHERE binding_id = ?", gone)
            changed = [(binding_id, body, 0) for binding_id, body in rows if known.get(binding_id) != body]
            db.executemany("INSERT OR REPLACE INTO watched VALUES (?, ?, ?)", changed)

    def due_bindings(self, now_ms: int, limit: int) -> list[WatchedBinding]:
        """Return bindings whose check is due, the longest waiting first; all when the clock was set back."""
        with self._lock:
            ahead = now_ms + self._number("watch_minutes") * _MINUTE_MS
            rows = self._db.execute(
                "SELECT body FROM watched WHERE due_ms <= ? OR due_ms > ? ORDER BY due_ms LIMIT ?",
                (now_ms, ahead, limit),
            ).fetchall()
        return [WatchedBinding.model_validate_json(row[0]) for row in rows]

    def checked(self, bindings: Iterable[WatchedBinding], now_ms: int, receipt: Envelope) -> None:
        """Note that bindings were checked, with the receipt that says how; each is due again an interval later."""
        with self.transaction() as db:
            due_ms = now_ms + self._number("watch_minutes") * _MINUTE_MS
            db.executemany(
                "UPDATE watched SET due_ms = ? WHERE binding_id = ? AND body = ?",
                [(due_ms, one.binding_id, one.model_dump_json()) for one in bindings],
            )
            self.put_receipt(receipt)

    def put_arrivals(self, order_id: str, order: ArrivalsOrder) -> None:
        """Apply an arrivals order: it replaces the former list. Of a table that stays it is known what was told."""
        rows = [(one.model_dump_json(),) for one in order.tables]
        with self.transaction() as db:
            self.step(order_id)
            known = db.execute("SELECT place FROM arriving").fetchall()
            db.executemany("DELETE FROM arriving WHERE place = ?", [row for row in known if tuple(row) not in rows])
            db.executemany("INSERT OR IGNORE INTO arriving VALUES (?, '[]')", rows)

    def arriving(self) -> list[tuple[FilesPlace, frozenset[str]]]:
        """Return the tables whose files are looked for, each with the marks of those that were told of."""
        with self._lock:
            rows = self._db.execute("SELECT place, told FROM arriving ORDER BY place").fetchall()
        return [(FilesPlace.model_validate_json(place), frozenset(json.loads(told))) for place, told in rows]

    def arrived(self, place: FilesPlace, marks: Iterable[str], receipt: Envelope | None) -> None:
        """Note which states of a table's files are known, with the receipt that tells of them if there is one."""
        with self.transaction() as db:
            told = json.dumps(sorted(marks), ensure_ascii=False)
            db.execute("UPDATE arriving SET told = ? WHERE place = ?", (told, place.model_dump_json()))
            if receipt is not None:
                self.put_receipt(receipt)

    # -- receipts --------------------------------------------------------------------------------------------

    def put_receipt(self, envelope: Envelope) -> None:
        """Put a receipt into the outbox, inside a transaction."""
        self._db.execute("INSERT INTO outbox (id, envelope) VALUES (?, ?)", (envelope.id, envelope.model_dump_json()))

    def queue(self, envelope: Envelope) -> None:
        """Put a receipt into the outbox."""
        with self.transaction():
            self.put_receipt(envelope)

    def outbox(self, limit: int) -> list[tuple[str, str]]:
        """Return id and JSON of receipts to send, those that failed least first."""
        with self._lock:
            return self._db.execute(
                "SELECT id, envelope FROM outbox ORDER BY attempts, place LIMIT ?", (limit,)
            ).fetchall()

    def sent(self, receipt_id: str) -> None:
        """Drop a receipt the center has accepted."""
        with self.transaction() as db:
            db.execute("DELETE FROM outbox WHERE id = ?", (receipt_id,))

    def failed(self, receipt_id: str) -> None:
        """Note that the center refused a receipt, so that it does not hold up the others."""
        with self.transaction() as db:
            db.execute("UPDATE outbox SET attempts = attempts + 1 WHERE id = ?", (receipt_id,))

    # -- calls -----------------------------------------------------------------------------------------------

    def cursor(self) -> Cursor:
        """Return how far calls have been reported."""
        with self._lock:
            return Cursor(self._number("leaf"), self._number("leaf_ms"))

    def report(
        self, cursor: Cursor, receipts: Iterable[tuple[str, str]], answered: Mapping[str, int], day: int
    ) -> None:
        """Move the cursor together with the receipts that tell of the calls before it and the day's quota counts."""
        with self.transaction() as db:
            self._set_number("leaf", cursor.leaf)
            self._set_number("leaf_ms", cursor.time_ms)
            db.executemany("INSERT INTO outbox (id, envelope) VALUES (?, ?)", receipts)
            db.executemany(
                "INSERT INTO quota VALUES (?, ?, ?) ON CONFLICT (grant_id) DO UPDATE SET day = excluded.day,"
                " calls = excluded.calls + CASE WHEN quota.day = excluded.day THEN quota.calls ELSE 0 END",
                [(grant_id, day, calls) for grant_id, calls in answered.items()],
            )

    def answered(self, day: int) -> dict[str, int]:
        """Return how many reported calls each grant answered on a day."""
        with self._lock:
            return dict(self._db.execute("SELECT grant_id, calls FROM quota WHERE day = ?", (day,)).fetchall())


def _read(row: tuple[str, str, str, str]) -> Grant:
    body, state, reason, probe = row
    return Grant(GrantOrder.model_validate_json(body), cast("GrantState", state), reason, cast("Probe", probe))
