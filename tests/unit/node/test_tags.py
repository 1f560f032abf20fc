from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jutong.evidence.records import RecordStore
from jutong.node import tags
from jutong.node.gateway.leaves import build, new_id
from jutong.node.gateway.recorder import tag_of
from jutong.node.tags import TagIndex, tags_of

NOW_MS = 1_795_000_000_000
SECRET = b"s" * 32


def tag(value: str) -> str:
    return tag_of(SECRET, value)


def record(number: int, *values: str, **changes: Any) -> dict[str, Any]:
    return {
        "record_id": new_id(NOW_MS + number * 1000), "time_ms": NOW_MS + number * 1000, "kind": "query",
        "agreement_id": "GR-1", "actor_dept": "A", "provider_dept": "B", "rows": 1,
        "lookup": [{"item": "号码", "tag": tag(value)} for value in values], **changes,
    }  # fmt: skip


class Index:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = RecordStore(home / "records.db")
        self.count = 0
        self.made = self.reopened()

    def reopened(self) -> TagIndex:
        self.made = TagIndex(self.home / "tags.db", self.home / "records.db", self.home / "extracts")
        return self.made

    def append(self, one: dict[str, Any], *, note: bool = True) -> str:
        self.store.insert([(self.count, build(one)[1])])
        self.count += 1
        if note:
            self.made.note(one)
        return str(one["record_id"])

    def close(self) -> None:
        self.made.close()
        self.store.close()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path)
    yield made
    made.close()


def test_records_are_found_by_the_tags_they_carry_the_newest_first(index: Index) -> None:
    first = index.append(record(0, "a"))
    rows = base64.b64encode(bytes.fromhex(tag("b"))[:8] + bytes.fromhex(tag("a"))[:8]).decode()
    second = index.append(record(1, kind="page", row_tags=rows))
    narrowed = [{"item": "号码", "operator": "eq", "tags": [tag("a")]}]
    third = index.append(record(2, kind="page", filters=narrowed))
    index.append(record(3, "a", kind="explain"))
    index.append({"record_id": new_id(NOW_MS), "kind": "moved", **{
        name: record(0)[name] for name in ("agreement_id", "actor_dept", "provider_dept", "rows", "time_ms")
    }})  # fmt: skip
    assert index.made.flush() == 5
    assert index.made.find(tag("a")) == [third, second, first]
    assert index.made.find(tag("b")) == [second]
    assert index.made.find(tag("c")) == []
    assert index.made.find(tag("a"), NOW_MS + 1500) == [third]
    assert index.made.flush() == 0


def test_the_rows_of_a_file_are_found_by_what_lies_beside_it(index: Index) -> None:
    (index.home / "extracts").mkdir()
    one, lost = record(0, kind="file"), record(1, kind="file")
    (index.home / "extracts" / f"{one['record_id']}.tags").write_bytes(bytes.fromhex(tag("a"))[:8])
    index.append(one)
    index.append(lost)
    index.made.flush()
    assert index.made.find(tag("a")) == [one["record_id"]]


def test_what_memory_lost_is_read_back(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.made.flush()
    monkeypatch.setattr(tags, "MOST_NOTED", 2)
    monkeypatch.setattr(tags, "_PART", 2)
    found = [index.append(record(number, "a")) for number in range(5)]
    assert index.made.flush() == 2
    assert index.made.find(tag("a")) == found[::-1]
    index.made.close()
    later = index.append(record(9, "a"), note=False)
    again = index.reopened()
    again.flush()
    assert again.find(tag("a")) == [later, *found[::-1]]


def test_a_disk_that_refuses_loses_nothing(index: Index) -> None:
    index.made.flush()
    found = index.append(record(0, "a"))
    with sqlite3.connect(index.home / "tags.db") as other:
        other.execute("DROP TABLE tag")
    with pytest.raises(sqlite3.OperationalError):
        index.made.flush()
    with sqlite3.connect(index.home / "tags.db") as other:
        other.executescript(tags._SCHEMA)
    other.close()
    assert index.made.flush() == 1
    assert index.made.find(tag("a")) == [found]


def test_an_unreadable_store_is_tried_again(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    found = index.append(record(0, "a"), note=False)
    monkeypatch.setattr("jutong.node.records.since", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("gone")))
    with pytest.raises(sqlite3.OperationalError):
        index.made.flush()
    monkeypatch.undo()
    index.made.flush()
    assert index.made.find(tag("a")) == [found]


def test_a_record_of_an_earlier_version_has_no_tags() -> None:
    assert list(tags_of({"kind": "query"})) == []
