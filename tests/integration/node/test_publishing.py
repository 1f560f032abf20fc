"""Rows published to a NATS stream: each once, whatever is killed, proven by what the stream holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nats.js import api

from jutong.contracts import rules as given
from jutong.contracts.landing import Landing
from jutong.contracts.modes import AppendMode, DifferenceMode, MergeMode
from jutong.contracts.orders import JobOrder
from jutong.kernel.errors import JutongError
from jutong.node.exchange.targets import publishing, stream
from jutong.node.exchange.targets.published import SubjectBook
from jutong.node.exchange.targets.publishing import Publishing
from jutong.node.queues import writing
from jutong.node.sources import SourceConfig
from tests.integration.node.test_streams import KilledError
from tests.nats_server import NatsServer, nats_server
from tests.unit.node.exchange.moving import ORGANISATION, order_for, run_move, sqlite_source

ROWS = 1_200
COLUMNS = ("id", "name", "pay")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats-out")) as running:
        yield running


@pytest.fixture
def source(tmp_path: Path) -> SourceConfig:
    rows = [(number, None if number % 7 == 0 else f"张“{number}”", number / 4) for number in range(1, ROWS + 1)]
    script = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, pay REAL)"
    return sqlite_source(tmp_path, script, ("INSERT INTO t VALUES (?, ?, ?)", rows))


def made(server: NatsServer, name: str, **how: Any) -> SourceConfig:
    server.run(lambda js: js.add_stream(api.StreamConfig(name=name, subjects=[f"{name}.>"], **how)))
    return SourceConfig("hub", "nats", ORGANISATION, dsn=server.dsn, writes=(name,))


def order_of(source: SourceConfig, name: str, mode: Any = None, **landing: Any) -> JobOrder:
    into = {
        "source": "hub", "schema_name": name, "table": f"{name}.people",
        "columns": (("id", "编号"), ("name", "name"), ("pay", "pay")), **landing,
    }  # fmt: skip
    order = order_for(source, "main", "t", *COLUMNS)
    return order.model_copy(update={"into": Landing(**into), "mode": mode, "chunk_rows": 1_000})


def there(server: NatsServer, name: str) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Return headers and content of every message a stream holds."""

    async def look(js: Any) -> list[tuple[dict[str, str], dict[str, Any]]]:
        state = (await js.stream_info(name)).state
        found = [await js.get_msg(name, number) for number in range(max(state.first_seq, 1), state.last_seq + 1)]
        return [(one.headers or {}, json.loads(one.data)) for one in found]

    return list(server.run(look))


def test_every_row_is_published_once_whatever_is_killed(
    server: NatsServer, source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server forgets ids of messages at once: only the stream itself can tell what is there.
    for proof in ("digest", "count"):
        name = f"all-{proof}"
        into = made(server, name, duplicate_window=0.1)
        order = order_of(source, name, proof=proof)
        server.publish(f"{name}.people", {"somebody": "else's"})
        for step in ("decide", "_taken", "_check", "write_whole") if proof == "digest" else ("_taken",):
            with monkeypatch.context() as patched:
                _kill_at(patched, step)
                with pytest.raises(KilledError):
                    run_move(order, source, tmp_path, into)
            server.run(_later)
        receipt = run_move(order, source, tmp_path, into)
        assert (receipt.rows_read, receipt.rows_written, receipt.lane) == (ROWS, ROWS, "checked")
        assert receipt.target_digest.startswith("jc1:" if proof == "digest" else "count:")
        again = run_move(order, source, tmp_path, into)
        assert again == receipt
        found = [one for one in there(server, name) if "Jutong-Job" in one[0]]
        assert [content["编号"] for _, content in found] == list(range(1, ROWS + 1))
        headers, content = found[6]
        assert content == {"编号": 7, "name": None, "pay": 1.75}
        assert headers["Nats-Msg-Id"] == f"{order.job_id}-7"
        assert (headers["Jutong-Row"], headers["Jutong-Rows"], headers["Jutong-Mode"]) == ("7", str(ROWS), "replace")
        assert json.loads(headers["Jutong-Schema"]) == {"编号": "int64", "name": "string", "pay": "double"}
        assert not (tmp_path / "jobs" / order.job_id / stream.STAGED).exists()


async def _later(js: Any) -> None:
    """Wait until the server has forgotten the ids."""
    import asyncio

    await asyncio.sleep(0.15)


def _kill_at(patched: pytest.MonkeyPatch, step: str) -> None:
    def dies(*_: Any, **__: Any) -> None:
        raise KilledError

    if step == "decide":
        patched.setattr(SubjectBook, "decide", dies)
    elif step == "write_whole":
        patched.setattr(stream, "write_whole", dies)
    elif step == "_taken":
        patched.setattr(Publishing, step, _third(Publishing._taken))
    else:
        patched.setattr(Publishing, step, dies)


def _third(real: Callable[..., Any]) -> Callable[..., Any]:
    calls: list[int] = []

    async def taken(*arguments: Any) -> None:
        await real(*arguments)
        calls.append(1)
        if len(calls) == 2:
            raise KilledError

    return taken


def test_rows_behind_a_watermark_are_added_and_one_that_failed_midway_is_ended_by_the_next(
    server: NatsServer, source: SourceConfig, tmp_path: Path
) -> None:
    into = made(server, "added", max_msgs=ROWS, discard="new")
    mode = AppendMode(watermark="id")
    first = order_of(source, "added", mode)
    receipt = run_move(first, source, tmp_path, into)
    assert (receipt.rows_written, receipt.rows_inserted) == (ROWS, ROWS)
    with sqlite_of(source) as db:
        db.execute("INSERT INTO t VALUES (5000, 'x', 0), (5001, 'y', 1)")
    stopped = order_of(source, "added", mode)
    with pytest.raises(JutongError) as caught:
        run_move(stopped, source, tmp_path, into)
    assert caught.value.code == "node.exchange.target-refused"
    server.run(lambda js: js.purge_stream("added", keep=10))
    with sqlite_of(source) as db:
        db.execute("INSERT INTO t VALUES (6000, 'z', 2)")
    assert run_move(order_of(source, "added", mode), source, tmp_path, into).rows_written == 1
    assert run_move(order_of(source, "added", mode), source, tmp_path, into).rows_written == 0
    assert [content["编号"] for _, content in there(server, "added")][-4:] == [ROWS, 5000, 5001, 6000]
    merged = run_move(order_of(source, "added", MergeMode(keys=("id",), watermark="id", overlap=1000)), source,
                      tmp_path, into)  # fmt: skip
    assert merged.rows_written == 3
    headers, _ = there(server, "added")[-1]
    assert (headers["Jutong-Mode"], headers["Jutong-Keys"]) == ("merge", "\\u7f16\\u53f7")


def sqlite_of(source: SourceConfig) -> Any:
    import sqlite3
    from contextlib import contextmanager

    @contextmanager
    def opened() -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(source.file)
        yield connection
        connection.commit()
        connection.close()

    return opened()


def test_what_cannot_be_published_or_proven_is_refused(
    server: NatsServer, source: SourceConfig, tmp_path: Path
) -> None:
    good = made(server, "good")
    work, few = made(server, "work", retention="workqueue"), made(server, "few", max_msgs=100)

    def refused(order: JobOrder, into: SourceConfig = good) -> str:
        with pytest.raises(JutongError) as caught:
            run_move(order, source, tmp_path, into)
        return f"{caught.value.code} {caught.value}"

    def order(mode: Any = None, **landing: Any) -> JobOrder:
        return order_of(source, "good", mode, **landing)

    assert "node.exchange.write-forbidden" in refused(order(), replace(good, writes=()))
    assert "retention" in refused(order_of(source, "work"), work)
    assert "max_msgs 100" in refused(order_of(source, "few"), few)
    small = made(server, "small", max_bytes=100_000)
    for _ in range(2):  # the second is not held up by the first
        assert "1200 were published" in refused(order_of(source, "small", AppendMode(watermark="id")), small)
    for subject in ("good.*", "good..x", "$JS.API", "a b"):
        assert subject in refused(order(table=subject))
    assert "node.exchange.target-refused" in refused(order(table="elsewhere.people"))
    assert "node.exchange.order-unfit" in refused(order(DifferenceMode(keys=("id",))))
    assert "node.exchange.order-unfit" in refused(order(MergeMode(keys=("id",), history=True)))
    same = (("id", "a"), ("name", "a"), ("pay", "pay"))
    assert "node.exchange.target-unfit" in refused(order(columns=same))
    assert "node.exchange.target-unfit" in refused(order(columns=same[1:]))
    with sqlite_of(source) as db:
        db.execute("INSERT INTO t VALUES (9000, 'x', 9e999)")
    assert "node.exchange.value-unfit" in refused(order())
    kept = order().model_copy(update={"rules": (given.Between(id="pay", column="pay", most="1000000"),)})
    assert run_move(kept, source, tmp_path, good).rows_quarantined == 1
    assert len(there(server, "good")) == ROWS
    tampered = order_of(source, "good")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(publishing, "written", _wrong())
        assert "node.exchange.content-differs" in refused(tampered.model_copy(update={"rules": kept.rules}))


def _wrong() -> Callable[..., Any]:
    real, calls = writing.written, [0]

    def written(*arguments: Any) -> list[bytes]:
        calls[0] += 1
        found = real(*arguments)
        return found if calls[0] != 1 else [found[0].replace(b"1", b"2"), *found[1:]]

    return written
