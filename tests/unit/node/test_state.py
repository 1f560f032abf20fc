from __future__ import annotations

import sqlite3
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jutong.contracts.envelope import Envelope, seal
from jutong.contracts.orders import WatchedBinding, WatchOrder
from jutong.contracts.receipts import GrantReceipt
from jutong.kernel.keys import generate_signer
from jutong.node.state import AlreadyAppliedError, Cursor, State
from tests.node_world import grant_order

CALLER = generate_signer("edu")
NODE = generate_signer("node-1")
ORDER = grant_order(CALLER)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node" / "state.db"


def receipt() -> Envelope:
    return seal(
        "grant", GrantReceipt(grant_id="g", state="ready"), signer=NODE, issuer="node-1", audience="center", now=NOW
    )


def test_the_file_is_private_and_remembers(path: Path) -> None:
    state = State(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    state.put_grant("o1", ORDER)
    state.skip("o2")
    state.close()
    again = State(path)
    assert again.sequence() == 2
    (grant,) = again.grants()
    assert (grant.order, grant.state, grant.probe) == (ORDER, "active", "pending")
    again.close()


def test_an_order_is_applied_once(path: Path) -> None:
    state = State(path)
    state.put_grant("o1", ORDER)
    for repeat in (
        lambda: state.skip("o1"),
        lambda: state.put_grant("o1", ORDER),
        lambda: state.put_task("o1", "job", "{}"),
    ):
        with pytest.raises(AlreadyAppliedError):
            repeat()
    assert state.sequence() == 1
    assert state.tasks() == []
    state.close()


def test_new_terms_keep_a_suspension_and_revocation_is_final(path: Path) -> None:
    state = State(path)
    state.put_grant("o1", ORDER)
    state.set_grant_state("o2", ORDER.grant_id, "suspended", "核查")
    fresh = state.put_grant("o3", ORDER.model_copy(update={"max_rows": 9}))
    assert (fresh.state, fresh.reason, fresh.order.max_rows) == ("suspended", "核查", 9)
    state.set_grant_state("o4", ORDER.grant_id, "revoked", "收回")
    lifted = state.set_grant_state("o5", ORDER.grant_id, "active", "")
    assert lifted is not None
    assert (lifted.state, lifted.reason) == ("revoked", "收回")
    assert state.set_grant_state("o6", "unknown", "active", "") is None
    assert state.sequence() == 6
    state.close()


def test_a_probe_of_terms_that_changed_meanwhile_does_not_count(path: Path) -> None:
    state = State(path)
    state.put_grant("o1", ORDER)
    newer = ORDER.model_copy(update={"max_rows": 9})
    state.put_grant("o2", newer)
    assert state.set_probe(ORDER.grant_id, ORDER, "ready", receipt()) is None
    assert state.outbox(10) == []
    done = state.set_probe(ORDER.grant_id, newer, "ready", receipt())
    assert done is not None
    assert done.probe == "ready"
    assert len(state.outbox(10)) == 1
    state.close()


def test_tasks_and_receipts_move_together(path: Path) -> None:
    state = State(path)
    task = state.put_task("o1", "introspect", '{"source": "x"}')
    assert state.tasks() == [task]
    state.finish_task("o1", receipt())
    assert state.tasks() == []
    ((first, _),) = state.outbox(10)
    state.queue(receipt())
    state.failed(first)
    assert [name for name, _ in state.outbox(10)][-1] == first
    state.sent(first)
    assert len(state.outbox(10)) == 1
    state.close()


def test_cursor_receipts_and_counts_are_one_transaction(path: Path) -> None:
    state = State(path)
    assert state.cursor() == Cursor(0, 0)
    state.report(Cursor(3, 30), [("r1", "{}")], {"g": 2}, day=5)
    state.report(Cursor(4, 40), [], {"g": 1, "h": 1}, day=5)
    assert state.answered(5) == {"g": 3, "h": 1}
    state.report(Cursor(5, 50), [], {"g": 1}, day=6)
    assert state.answered(6) == {"g": 1}
    assert state.answered(5) == {"h": 1}
    with pytest.raises(sqlite3.IntegrityError):
        state.report(Cursor(9, 90), [("r1", "{}")], {"g": 5}, day=6)
    assert state.cursor() == Cursor(5, 50)
    assert state.answered(6) == {"g": 1}
    state.close()


def test_threads_share_one_state(path: Path) -> None:
    state = State(path)

    def skip_some(name: int) -> None:
        for number in range(20):
            state.skip(f"{name}-{number}")

    threads = [threading.Thread(target=skip_some, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state.sequence() == 80
    state.close()


def watch(*names: str, minutes: int = 15, **changes: Any) -> WatchOrder:
    made = [
        WatchedBinding(binding_id=name, entry_code="307010/1", kind="table", source="police", table="person", **changes)
        for name in names
    ]
    return WatchOrder(every_minutes=minutes, bindings=tuple(made))


def ids(found: list[WatchedBinding]) -> list[str]:
    return sorted(one.binding_id for one in found)


def test_watched_bindings_fall_due_an_interval_after_their_check(path: Path) -> None:
    state = State(path)
    state.put_watch("o1", watch("a", "b"))
    assert ids(state.due_bindings(0, 10)) == ["a", "b"]
    state.checked(watch("a").bindings, 1000, receipt())
    assert ids(state.due_bindings(1000, 10)) == ["b"]
    state.close()
    again = State(path)
    assert len(again.outbox(10)) == 1, "the receipt and the next time are one step"
    assert ids(again.due_bindings(1000, 10)) == ["b"]
    assert ids(again.due_bindings(1000 + 15 * 60_000, 10)) == ["a", "b"]
    assert len(again.due_bindings(0, 1)) == 1
    again.close()


def test_a_new_list_replaces_the_old_and_only_what_changed_is_due_at_once(path: Path) -> None:
    state = State(path)
    state.put_watch("o1", watch("a", "b"))
    state.checked(watch("a", "b").bindings, 1000, receipt())
    state.put_watch("o2", WatchOrder(
        every_minutes=15, bindings=(*watch("a").bindings, *watch("c").bindings)
    ))  # fmt: skip
    assert ids(state.due_bindings(2000, 10)) == ["c"]
    state.put_watch("o3", watch("a", fresh_column="at"))
    assert ids(state.due_bindings(2000, 10)) == ["a"]
    state.checked(watch("a").bindings, 2000, receipt())
    assert ids(state.due_bindings(2000, 10)) == ["a"], "it was described anew while it was being checked"
    with pytest.raises(AlreadyAppliedError):
        state.put_watch("o3", watch("z"))
    assert state.sequence() == 3
    state.close()


def test_a_clock_set_back_does_not_stop_the_checks(path: Path) -> None:
    state = State(path)
    state.put_watch("o1", watch("a"))
    state.checked(watch("a").bindings, 10**12, receipt())
    assert ids(state.due_bindings(1000, 10)) == ["a"]
    state.close()
