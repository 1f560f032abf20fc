from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jutong.center.catalog import queries
from jutong.center.catalog.actions import ImportRow
from jutong.center.catalog.changes import newest, tell
from jutong.center.catalog.enums import ChangeKind
from jutong.center.catalog.index import cards, finder, schema, store, writer
from jutong.center.catalog.index import reader as reading
from jutong.center.catalog.index.faults import IndexBrokenError, told_apart
from jutong.center.catalog.models import Entry, EntryChange
from tests.center_world import FIELDS, ITEMS, NOW, City
from tests.search_engines import publish

NAMES = ("住房公积金缴存", "婚姻登记信息", "不动产权属登记")


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path: Path) -> Path:
    settings.JUTONG = replace(settings.JUTONG, home=tmp_path / "home")
    return tmp_path / "home" / "index"


def load(city: City, *names: str) -> list[Entry]:
    rows = [ImportRow(replace(FIELDS, name=name, summary="另有说明"), ITEMS[:1]) for name in names]
    return publish(city.civil, rows)


def found(city: City, q: str) -> list[str]:
    return [hit.name for hit in queries.search(city["requester"], q).results]


def by_index(q: str) -> list[str] | None:
    """What the index alone says, by name; None where the registry would have to answer."""
    from jutong.center.catalog.index.wanted import words_of

    answer = reading.reader().find(schema.EVERYBODY, words_of(q), {}, offset=0, limit=20)
    if answer is None:
        return None
    names = dict(Entry.objects.values_list("id", "published_name"))
    return [names[key] for one in answer.ids for key in names if str(key) == one]


def test_following_makes_the_index_and_then_keeps_up(city: City, own_home: Path):
    load(city, *NAMES[:2])
    assert by_index("公积金") is None
    assert writer.follow(NOW) == 2
    assert by_index("公积金") == ["住房公积金缴存"]
    load(city, NAMES[2])
    assert by_index("不动产权属") == ["不动产权属登记"]
    assert reading.reader().cursor() == newest() - 1
    assert writer.follow(NOW) == 1
    assert writer.follow(NOW) == 0
    assert by_index("不动产权属") == ["不动产权属登记"]
    assert reading.reader().cursor() == newest()
    said = store.store().status()
    assert (said.entries, said.cursor, said.problem) == (3, newest(), "")
    assert (own_home.stat().st_mode & 0o777) == 0o700


def test_what_is_taken_down_or_renamed_leaves_at_once_and_for_good(city: City):
    first, second = load(city, *NAMES[:2])
    writer.follow(NOW)
    first.published = None
    first.save()
    second.search_name = second.search_text = "结婚登记"
    second.save()
    tell([first, second], ChangeKind.REMOVED, NOW)
    for _ in range(2):
        assert by_index("公积金") == []
        assert by_index("婚姻") == []
        assert by_index("结婚登记") == ["婚姻登记信息"]
        writer.follow(NOW)
    assert store.store().status().entries == 1


def test_a_rebuild_takes_the_place_of_the_old_index_while_readers_go_on(city: City, own_home: Path):
    load(city, *NAMES)
    writer.follow(NOW)
    before = store.store().current()
    assert by_index("登记") == ["婚姻登记信息", "不动产权属登记"]
    said = writer.rebuild(NOW)
    after = store.store().current()
    assert before is not None
    assert after != before
    assert not before.exists()
    assert said.entries == 3
    assert by_index("登记") == ["婚姻登记信息", "不动产权属登记"]
    assert {path.name for path in own_home.iterdir()} == {
        after.name if after else "", "current.json", "status.json", "writer.lock",
    }  # fmt: skip


def test_the_old_index_follows_while_a_new_one_is_made(city: City, monkeypatch: pytest.MonkeyPatch):
    load(city, *NAMES)
    writer.follow(NOW)
    old = store.store().current()
    monkeypatch.setattr(writer, "_KEEP_UP_SECONDS", -1.0)
    monkeypatch.setattr(cards, "BATCH", 1)
    cursors = []
    plain = writer._follow

    def watched(index: Any) -> tuple[int, int, int]:
        done = plain(index)
        cursors.append(done)
        return done

    monkeypatch.setattr(writer, "_follow", watched)
    load(city, "社会组织名录")
    writer.rebuild(NOW)
    assert old is not None
    assert [taken for taken, _, _ in cursors] == [1, 0, 0, 0, 0]
    assert by_index("社会组织") == ["社会组织名录"]


def test_reconciling_finds_what_the_feed_never_said(city: City):
    entries = load(city, *NAMES)
    writer.follow(NOW)
    assert writer.reconcile(NOW) == writer.Reconciled(checked=3, different=0, gone=0)
    Entry.objects.filter(id=entries[0].id).update(is_bound=True, use_count=7)
    Entry.objects.filter(id=entries[1].id).update(published=None)
    assert by_index("婚姻") == ["婚姻登记信息"]
    outcome = writer.reconcile(NOW)
    assert (outcome.checked, outcome.different, outcome.gone, outcome.drift) == (2, 1, 1, 2)
    assert by_index("婚姻") == []
    assert by_index("") == ["住房公积金缴存", "不动产权属登记"]
    assert writer.reconcile(NOW).drift == 0
    said = store.store().status()
    assert (said.drift, said.reconciled_at) == (0, NOW.isoformat())


def test_reconciling_leaves_to_the_feed_what_is_under_way(city: City, monkeypatch: pytest.MonkeyPatch):
    (entry,) = load(city, NAMES[0])
    writer.follow(NOW)
    Entry.objects.filter(id=entry.id).update(is_bound=True)
    monkeypatch.setattr(writer, "_take_over", lambda *_: 0)
    tell([entry], ChangeKind.BOUND, NOW)
    assert writer.reconcile(NOW).drift == 0


def test_reconciling_makes_an_index_where_there_is_none(city: City):
    load(city, *NAMES)
    assert writer.reconcile(NOW).checked == 3
    assert by_index("婚姻") == ["婚姻登记信息"]


def test_more_changes_than_memory_should_hold_are_answered_by_the_registry(city: City, monkeypatch: pytest.MonkeyPatch):
    writer.rebuild(NOW)
    load(city, *NAMES)
    monkeypatch.setattr(reading, "MOST_NEWER", 2)
    assert by_index("婚姻") is None
    assert found(city, "婚姻") == ["婚姻登记信息"]
    monkeypatch.setattr(writer, "BATCH", 1)
    assert writer.follow(NOW) == 3
    assert by_index("婚姻") == ["婚姻登记信息"]


def test_lag_is_how_many_changes_wait_and_for_how_long(city: City):
    assert writer.lag(NOW) is None
    writer.rebuild(NOW)
    assert writer.lag(NOW) == writer.Lag(0, 0.0)
    load(city, *NAMES)
    assert writer.lag(NOW + timedelta(seconds=90)) == writer.Lag(3, 90.0)
    folder = store.store().current()
    assert folder is not None
    (folder / "meta.json").write_text("{")
    assert writer.lag(NOW) is None


def shorten(folder: Path) -> None:
    for path in folder.glob("*.term"):
        os.truncate(path, path.stat().st_size // 2)


def garble(folder: Path) -> None:
    (folder / "meta.json").write_text("not json")


def lose(folder: Path) -> None:
    for path in folder.glob("*.store"):
        path.unlink()


@pytest.mark.parametrize("damage", [shorten, garble, lose, shutil.rmtree])
def test_a_damaged_index_is_noticed_answered_for_and_made_anew(
    city: City, own_home: Path, damage: Callable[[Path], None]
):
    load(city, *NAMES)
    writer.follow(NOW)
    folder = store.store().current()
    assert folder is not None
    damage(folder)
    assert found(city, "不动产权属") == ["不动产权属登记"]
    load(city, "社会组织名录")
    later = NOW + writer.REST
    writer.follow(NOW)  # it may find the damage only now
    assert writer.follow(later) == 4 or by_index("社会组织") == ["社会组织名录"]
    assert by_index("不动产权属") == ["不动产权属登记"]
    assert store.store().status().entries == 4
    assert found(city, "社会组织") == ["社会组织名录"]


@pytest.mark.parametrize(
    "written",
    [
        "", "[]", "{}", '{"folder": "../made-x", "edition": "{edition}"}', '{"folder": "made-x", "edition": "0-old"}',
        '{"folder": "made-gone", "edition": "{edition}"}',
    ],
)  # fmt: skip
def test_a_folder_that_is_not_ours_to_read_is_not_read(city: City, own_home: Path, written: str):
    load(city, *NAMES)
    own_home.mkdir(parents=True)
    (own_home / "made-x").mkdir()
    (own_home / "current.json").write_text(written.replace("{edition}", schema.edition()))
    assert by_index("婚姻") is None
    assert writer.follow(NOW) == 3
    assert by_index("婚姻") == ["婚姻登记信息"]
    assert not (own_home / "made-x").exists()


def test_an_index_of_another_registry_is_not_read(city: City):
    load(city, *NAMES)
    writer.follow(NOW)
    EntryChange.objects.all().delete()
    tell([Entry.objects.get(published_name=NAMES[1])], ChangeKind.UPDATED, NOW)
    reading._READERS.clear()  # another process, started after the registry was restored
    assert by_index("婚姻") is None
    assert writer.follow(NOW) == 3
    assert by_index("婚姻") == ["婚姻登记信息"]


def test_only_one_process_writes(city: City):
    load(city, *NAMES)
    ready, leave = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover - another process
        with store.Store(store.store().path).writing(wait=True):
            os.write(leave, b"x")
            signal.pause()
    try:
        assert os.read(ready, 1) == b"x"
        assert writer.follow(NOW) == 0
        assert by_index("婚姻") is None
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert writer.follow(NOW) == 3


def test_threads_of_one_process_do_not_write_at_once(city: City):
    load(city, *NAMES)
    with store.store().writing(wait=True) as mine:
        assert mine
        assert writer.follow(NOW) == 0
    assert writer.follow(NOW) == 3


@pytest.fixture
def no_room() -> Iterator[Callable[[int], None]]:
    """Let files grow only so far, which the engine meets like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_keeps_the_old_index_and_is_told(city: City, no_room: Callable[[int], None]):
    load(city, NAMES[0])
    writer.follow(NOW)
    load(city, *(f"新名录{chr(0x4E00 + at)}" for at in range(60)))
    no_room(300)
    assert writer.follow(NOW) == 0
    with pytest.raises(IndexBrokenError):
        writer.rebuild(NOW)
    no_room(resource.RLIM_INFINITY)
    kept = store.store()
    assert len(list(kept.path.glob("made-*"))) == 1
    assert by_index("公积金") == ["住房公积金缴存"]
    assert len(by_index("新名录") or ()) == 20
    kept.tell(problem="disk full", failed_at=NOW.isoformat())
    assert writer.follow(NOW + writer.REST / 2) == 0
    assert writer.follow(NOW + writer.REST) == 60
    assert kept.status().problem == ""


def test_a_status_that_cannot_be_read_reads_as_none(own_home: Path):
    own_home.mkdir(parents=True)
    (own_home / "status.json").write_text(json.dumps({"unknown": 1}))
    assert store.store().status() == store.Status()


def test_an_index_without_cursor_is_broken(tmp_path: Path):
    index = store.created()
    with pytest.raises(ValueError, match="no cursor"):
        store.cursor_of(index.searcher())


def test_only_faults_of_the_engine_count_as_a_broken_index():
    class PanicException(BaseException):
        pass

    for thrown in (ValueError("a"), OSError("b"), PanicException("c")):
        with pytest.raises(IndexBrokenError), told_apart():
            raise thrown
    for other in (KeyError("a"), KeyboardInterrupt()):
        with pytest.raises(type(other)), told_apart():
            raise other


def test_a_question_at_fault_does_not_cost_the_index(city: City, monkeypatch: pytest.MonkeyPatch):
    load(city, *NAMES)
    writer.follow(NOW)
    folder = store.store().current()

    def broken(*_: object, **__: object) -> Any:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(finder, "count", broken)
    monkeypatch.setattr(finder, "titled", broken)
    assert found(city, "婚姻") == ["婚姻登记信息"]
    assert reading.reader().titles(schema.EVERYBODY, (), 5) is None
    assert store.store().current() == folder


def test_counts_are_made_once_a_commit(city: City, monkeypatch: pytest.MonkeyPatch):
    load(city, *NAMES)
    writer.follow(NOW)
    calls: list[int] = []
    plain = finder.count

    def counted(*args: Any) -> Any:
        calls.append(1)
        return plain(*args)

    monkeypatch.setattr(finder, "count", counted)
    monkeypatch.setattr(reading, "_KEPT_COUNTS", 2)
    for q in ("婚姻", "婚姻", "登记", "不动产", "登记", "婚姻"):
        by_index(q)
    assert len(calls) == 4
    load(city, "社会组织名录")
    assert by_index("登记") == ["婚姻登记信息", "不动产权属登记"]
    assert len(calls) == 5


def test_the_feed_is_asked_by_its_number_only(city: City, django_assert_num_queries: Any):
    load(city, *NAMES)
    writer.follow(NOW)
    by_index("")
    with django_assert_num_queries(1):
        reading.reader().find(schema.EVERYBODY, (), {}, offset=0, limit=20)
