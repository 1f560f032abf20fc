from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jutong.contracts.envelope import Envelope, check, unseal
from jutong.contracts.receipts import AccessSummary, ServedReceipt
from jutong.evidence.records import RecordStore
from jutong.kernel.keys import Ed25519Verifier, generate_signer
from jutong.node.agent.sealing import seal_plain
from jutong.node.agent.served import MOST_CALLS, MOST_NOTED, Served, restore, restore_quotas
from jutong.node.errors import ReplayedError
from jutong.node.gateway.leaves import build, new_id
from jutong.node.gateway.nonces import NonceMemory
from jutong.node.gateway.quota import DAY_MS, Quotas, day_of
from jutong.node.state import State

NOW_MS = 1_795_000_000_000
NODE = generate_signer("node-1")


def record(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "record_id": new_id(NOW_MS + number), "time_ms": NOW_MS + number, "kind": "query", "grant_id": "g",
        "agreement_id": "GR-1", "actor_dept": "A", "provider_dept": "B", "system_id": "s", "official": "王",
        "purpose": "用途“引号”\\", "case_number": "RX\u20281", "outcome": "ok", "rows": 1, "fields": ["姓名"],
        "created": NOW_MS // 1000, "replay_mark": f"{number:016x}", "took_ms": 3, "newest_ms": 0,
        "marks": [], **changes,
    }  # fmt: skip


class Node:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = RecordStore(home / "records.db")
        self.state = State(home / "state.db")
        self.records: list[dict[str, Any]] = []
        self.served = self.restarted()

    def restarted(self) -> Served:
        self.served = Served(
            self.state, self.home / "records.db", size=lambda: len(self.records), published=lambda: len(self.records),
            signer=NODE, node="node-1",
        )  # fmt: skip
        return self.served

    def append(self, one: dict[str, Any], *, note: bool = True) -> None:
        index = len(self.records)
        self.records.append(one)
        self.store.insert([(index, build(one)[1])])
        if note:
            self.served.note(index, one)

    def told(self) -> list[str]:
        found = []
        for _, text in self.state.outbox(1000):
            envelope = Envelope.model_validate_json(text)
            check(
                envelope,
                verifiers={NODE.key_id: Ed25519Verifier.from_b64(NODE.key_id, NODE.public_b64)},
                audience="center",
            )
            found += [call.record_id for call in unseal(envelope, ServedReceipt).calls]
        return found

    def close(self) -> None:
        self.store.close()
        self.state.close()


@pytest.fixture
def node(tmp_path: Path) -> Any:
    made = Node(tmp_path)
    yield made
    made.close()


def test_noted_calls_are_told_once(node: Node) -> None:
    for number in range(3):
        node.append(record(number))
    assert node.served.flush(NOW_MS) == 3
    assert node.served.flush(NOW_MS) == 0
    assert node.told() == [one["record_id"] for one in node.records]
    assert node.served.waiting == 0


def test_a_gap_holds_the_rest_back_until_the_log_is_read(node: Node) -> None:
    node.append(record(0))
    node.append(record(1), note=False)
    node.append(record(2))
    assert node.served.flush(NOW_MS) == 1
    assert node.served.next_leaf == 1
    assert node.served.catch_up(NOW_MS) == 2
    assert node.told() == [one["record_id"] for one in node.records]


def test_after_a_crash_nothing_is_left_out_or_told_twice(node: Node) -> None:
    for number in range(4):
        node.append(record(number))
    node.served.flush(NOW_MS)
    for number in range(4, 7):
        node.append(record(number))
    node.restarted()
    assert node.served.catch_up(NOW_MS) == 3
    assert node.served.catch_up(NOW_MS) == 0
    assert sorted(node.told()) == sorted(one["record_id"] for one in node.records)


def test_moves_strangers_and_erased_records_are_passed_over(node: Node) -> None:
    node.append(record(0))
    node.append(record(1, kind="moved"))
    node.append(record(2, grant_id="-"))
    node.append(record(3))
    node.store.erase(node.records[3]["record_id"])
    node.restarted()
    assert node.served.catch_up(NOW_MS) == 1
    assert node.served.waiting == 0


def test_many_calls_make_several_receipts(node: Node) -> None:
    for number in range(MOST_CALLS + 1):
        node.append(record(number))
    assert node.served.flush(NOW_MS) == MOST_CALLS + 1
    assert len(node.state.outbox(10)) == 2
    assert len(node.told()) == MOST_CALLS + 1


def test_memory_is_bounded(node: Node) -> None:
    one = record(0)
    for index in range(MOST_NOTED + 10):
        node.served.note(index + 5, one)
    assert len(node.served._noted) == MOST_NOTED


def test_quota_and_replay_memories_come_back(node: Node) -> None:
    node.append(record(0))
    node.append(record(1, outcome="node.call.purpose-differs"))
    node.append(record(2))
    node.append(record(3, time_ms=NOW_MS - DAY_MS))
    node.served.flush(NOW_MS)
    quotas = Quotas()
    restore_quotas(node.state, quotas, NOW_MS)
    assert quotas.used("g") == 2
    memory = NonceMemory(b"s" * 32)
    restore(node.home / "records.db", memory, NOW_MS)
    for number in range(4):
        with pytest.raises(ReplayedError):
            memory.take(number, NOW_MS // 1000, NOW_MS / 1000)
    memory.take(99, NOW_MS // 1000, NOW_MS / 1000)


def test_a_batch_counts_its_keys_and_an_older_record_is_told_with_what_it_has(node: Node) -> None:
    node.append(record(0, kind="batch", keys=40))
    older = record(1)
    for name in ("took_ms", "newest_ms", "marks"):
        del older[name]
    node.append(older)
    assert node.served.flush(NOW_MS) == 2
    assert node.state.answered(day_of(NOW_MS)) == {"g": 41}
    ((_, text),) = node.state.outbox(10)
    first, second = unseal(Envelope.model_validate_json(text), ServedReceipt).calls
    assert (first.kind, first.took_ms) == ("batch", 3)
    assert (second.took_ms, second.newest_ms, second.marks) == (-1, 0, ())


def test_plain_sealing_writes_what_the_contract_reads() -> None:
    names = [name for name in AccessSummary.model_fields if name != "leaf_index"]
    body = {"calls": [{**{name: record(0)[name] for name in names}, "leaf_index": 0}]}
    _, text = seal_plain("served", body, signer=NODE, issuer="node-1", audience="center", now_ms=NOW_MS)
    envelope = Envelope.model_validate_json(text)
    check(envelope, verifiers={NODE.key_id: Ed25519Verifier.from_b64(NODE.key_id, NODE.public_b64)}, audience="center")
    assert unseal(envelope, ServedReceipt).model_dump(mode="json") == json.loads(text)["body"]


def test_days_turn_at_midnight_in_beijing() -> None:
    midnight = 1_795_017_600_000 - (1_795_017_600_000 + 8 * 3_600_000) % DAY_MS
    assert day_of(midnight) == day_of(midnight - 1) + 1
