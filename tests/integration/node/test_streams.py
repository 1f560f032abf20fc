"""Messages of a NATS stream moved like rows: once each, whatever is killed, comes again or cannot be read."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from nats.js import api

from jutong.contracts import rules as given
from jutong.contracts.landing import Landing
from jutong.contracts.modes import AppendMode, DifferenceMode, MergeMode
from jutong.contracts.orders import JobOrder
from jutong.kernel.errors import JutongError
from jutong.node import sources
from jutong.node.connectors.introspect import inventory
from jutong.node.connectors.tables import opened
from jutong.node.exchange import queued, runner
from jutong.node.exchange.progress import COMMITTING, READING, SoFar
from jutong.node.exchange.readers import draining
from jutong.node.exchange.retry import transient
from jutong.node.queues.mapping import Streams
from jutong.node.sources import SourceConfig
from tests.integration.node.test_certificate_callers import issue
from tests.nats_server import NatsServer, nats_server
from tests.unit.node.exchange.moving import ORGANISATION, landed, order_for, run_move, wait_for

APPEND = AppendMode(watermark="jutong_sequence")


class KilledError(BaseException):
    """Ends a job where it stands, as a kill does."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield running


def stream(server: NatsServer, name: str, **how: Any) -> None:
    server.run(lambda js: js.add_stream(api.StreamConfig(name=name, subjects=[f"{name}.>"], **how)))


def source_of(server: NatsServer, name: str, **table: Any) -> SourceConfig:
    row = {
        "name": "events", "dialect": "nats", "organisation_code": ORGANISATION, "dsn": server.dsn,
        "nats": {"tables": {"people": {
            "stream": name, "columns": {"id": "/id", "name": "/who/name"}, "ack_seconds": 2, **table,
        }}},
    }  # fmt: skip
    path = Path(server._folder) / "sources.json"
    path.write_text(json.dumps([row]))
    path.chmod(0o600)
    return sources.load(path)["events"]


def order_of(source: SourceConfig, mode: Any = APPEND, **more: Any) -> JobOrder:
    order = order_for(source, "nats", "people", "jutong_sequence", "id", "name")
    return order.model_copy(update={"mode": mode, **more})


def people(first: int, last: int) -> list[dict[str, Any]]:
    return [{"id": number, "who": {"name": f"张{number}"}} for number in range(first, last + 1)]


def waiting(server: NatsServer, name: str) -> list[int]:
    """Return how many messages each consumer of a stream has out or has not handed out."""
    found = server.run(lambda js: js.consumers_info(name))
    return [one.num_ack_pending + one.num_pending for one in found]


def test_every_message_lands_once_and_is_acknowledged_behind_the_commit(
    server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for retention in ("limits", "workqueue", "interest"):
        home = tmp_path / retention
        home.mkdir()
        stream(server, retention, retention=retention)
        source = source_of(server, retention)
        assert run_move(order_of(source), source, home).rows_written == 0  # makes the consumer
        server.publish(f"{retention}.a", *people(1, 40), b"no json", b"[1]", b'{"id": 1, "who": "\\u0000"')
        order = order_of(source)

        def kill(so_far: SoFar) -> None:
            if so_far.phase == READING:
                raise KilledError

        with pytest.raises(KilledError):
            run_move(order, source, home, progress=kill)
        assert waiting(server, retention) == [43]
        server.publish(f"{retention}.a", *people(41, 45))
        with monkeypatch.context() as patched:
            patched.setattr(queued, "confirm", _killed)
            with pytest.raises(KilledError):
                run_move(order, source, home)
        receipt = run_move(order, source, home)
        assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined) == (43, 40, 3)
        assert (receipt.messages, receipt.position) == (43, "43")
        assert waiting(server, retention) == [5]
        # A commit whose messages were never acknowledged: they come again, and are not read twice.
        lost = order_of(source)
        with monkeypatch.context() as patched:
            patched.setattr(queued, "confirm", lambda *_: None)
            assert run_move(lost, source, home).rows_written == 5
        server.publish(f"{retention}.a", *people(46, 50))
        assert run_move(order_of(source), source, home).rows_written == 5
        assert waiting(server, retention) == [0]
        rows = landed(home).sort_by("jutong_sequence")
        assert rows["id"].to_pylist() == [str(number) for number in range(1, 51)]
        assert rows["jutong_sequence"].to_pylist() == [*range(1, 41), *range(44, 54)]


def _killed(*_: Any) -> None:
    raise KilledError


def test_a_job_killed_anywhere_neither_loses_nor_doubles(server: NatsServer, tmp_path: Path) -> None:
    stream(server, "killed")
    source = source_of(server, "killed", most_messages=300)
    path = tmp_path / sources.FILE
    path.parent.mkdir()
    path.write_bytes((Path(server._folder) / "sources.json").read_bytes())
    path.chmod(0o600)
    server.publish("killed.a", *people(1, 900))
    order = order_of(source)
    handle = runner.start(order, home=tmp_path, source=source)
    # While it takes messages, and when it has them.
    for sign in (draining.ACKS, draining.STATE):
        deadline = time.monotonic() + 60
        while not (tmp_path / "node/jobs" / order.job_id / sign).exists() and time.monotonic() < deadline:
            handle.poll()
            time.sleep(0.005)
        if handle.pid is not None:
            os.kill(handle.pid, signal.SIGKILL)
    moved = [wait_for(handle).rows_written]
    with pytest.MonkeyPatch.context() as patched:  # so slow that what is held would come again
        patched.setattr(draining, "FETCHED_AT_ONCE", 1)
        hasty = source_of(server, "killed", ack_seconds=1)
        moved.append(run_move(order_of(hasty), hasty, tmp_path).rows_written)
    while moved[-1]:
        moved.append(run_move(order_of(source), source, tmp_path).rows_written)
    assert all(rows <= 300 for rows in moved[2:])  # the first has what was out when it was killed besides
    assert landed(tmp_path).sort_by("jutong_sequence")["jutong_sequence"].to_pylist() == list(range(1, 901))
    assert waiting(server, "killed") == [0]


def test_of_several_messages_with_one_key_the_last_is_merged(server: NatsServer, tmp_path: Path) -> None:
    stream(server, "merged")
    source = source_of(server, "merged", subject="merged.people")
    server.publish("merged.others", *people(1, 3))
    named = [{"id": 7, "who": {"name": name}} for name in ("一", "二", "三")]
    server.publish("merged.people", *named, {"who": {"name": "无"}}, *people(8, 8), **{"Nats-Msg-Id": "only-once"})
    order = order_of(source, MergeMode(keys=("id",)), rules=(given.NotNull(id="key", column="id"),))
    order = order.model_copy(update={"columns": (*order.columns, "jutong_subject", "jutong_time", "jutong_message")})
    receipt = run_move(order, source, tmp_path)
    # The stream itself takes one message of an id.
    assert (receipt.rows_read, receipt.rows_inserted, receipt.messages) == (1, 1, 1)
    server.publish("merged.people", *named[1:], {"who": {"name": "无"}}, *people(8, 8))
    again = run_move(order.model_copy(update={"job_id": str(uuid4())}), source, tmp_path)
    assert (again.rows_read, again.rows_quarantined, again.messages) == (3, 1, 4)
    assert (again.rows_inserted, again.rows_updated) == (1, 1)
    rows = landed(tmp_path).sort_by("id").to_pylist()
    assert [(row["id"], row["name"], row["jutong_message"]) for row in rows] == [("7", "三", None), ("8", "张8", None)]
    assert {row["jutong_subject"] for row in rows} == {"merged.people"}
    assert all(abs(row["jutong_time"].timestamp() - time.time()) < 600 for row in rows)


def _refused(source: SourceConfig, home: Path, mode: Any = APPEND, **more: Any) -> str:
    with pytest.raises(JutongError) as caught:
        run_move(order_of(source, mode, **more), source, home)
    return f"{caught.value.code} {caught.value} {caught.value.advise()}"


def test_what_would_lose_messages_is_refused(server: NatsServer, tmp_path: Path) -> None:
    stream(server, "short", max_msgs=10)
    source = source_of(server, "short")
    server.publish("short.a", *people(1, 5))
    run_move(order_of(source), source, tmp_path)
    server.publish("short.a", *people(6, 20))
    assert "node.queue.messages-lost" in _refused(source, tmp_path)
    passing = source_of(server, "short", lost="pass")
    assert run_move(order_of(passing), passing, tmp_path).rows_written == 10
    server.run(lambda js: js.delete_stream("short"))
    stream(server, "short")
    server.publish("short.a", *people(1, 30))
    assert "anew" in _refused(source, tmp_path)
    assert run_move(order_of(passing), passing, tmp_path).rows_written == 30

    for mode in (None, DifferenceMode(keys=("id",))):
        assert "node.queue.mode-unfit" in _refused(source, tmp_path, mode)
    assert "node.exchange.columns-changed" in _refused(source, tmp_path, columns=("age",))
    assert "node.table.missing" in _refused(source, tmp_path, table="others")
    assert "node.queue.stream-missing" in _refused(source_of(server, "nowhere"), tmp_path)
    limited = source_of(server, "short", consumer="theirs")
    assert "missing" in _refused(limited, tmp_path, target="t2")
    for made, said in (
        ({"ack_policy": api.AckPolicy.NONE}, "ack policy"), ({"max_deliver": 3}, "max_deliver"),
        ({"filter_subject": "short.b"}, "filter subject"), ({"deliver_subject": "inbox"}, "push"),
        ({"description": "jutong other"}, "another target's"),
    ):  # fmt: skip
        given_so: dict[str, Any] = made
        config = api.ConsumerConfig(**{"durable_name": "theirs", "ack_policy": api.AckPolicy.EXPLICIT, **given_so})
        server.run(lambda js, config=config: js.add_consumer("short", config))
        assert said in _refused(limited, tmp_path, target="t2")
        server.run(lambda js: js.delete_consumer("short", "theirs"))
    config = api.ConsumerConfig(durable_name="theirs", ack_policy=api.AckPolicy.EXPLICIT, max_ack_pending=20)
    server.run(lambda js: js.add_consumer("short", config))
    receipts = [run_move(order_of(limited, target="t2"), limited, tmp_path) for _ in range(2)]
    assert [one.rows_written for one in receipts] == [20, 10]
    assert "acknowledged elsewhere" in _refused(limited, tmp_path, target="t3")
    server.publish("short.a", *people(31, 32))
    taken = server.run(lambda js: _taken(js, "short", "theirs"))
    assert taken == 2
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(draining, "PATIENCE_SECONDS", -31.0)
        assert "node.queue.messages-elsewhere" in _refused(limited, tmp_path, target="t2")


async def _taken(js: Any, name: str, consumer: str) -> int:
    pull = await js.pull_subscribe_bind(consumer=consumer, stream=name)
    return len(await pull.fetch(2, timeout=2))


def test_too_many_that_are_no_rows_end_the_job_and_come_again(server: NatsServer, tmp_path: Path) -> None:
    stream(server, "poison")
    source = source_of(server, "poison")
    server.publish("poison.a", *[b"<xml/>"] * 25, *people(1, 30))
    assert "node.files.lines" in _refused(source, tmp_path)
    jobs = list((tmp_path / "jobs").iterdir())
    assert not [path for job in jobs for path in job.glob("messages.*")], "nothing stays behind"
    patient = source_of(server, "poison", most_bad_permille=900)
    receipt = run_move(order_of(patient), patient, tmp_path)
    assert (receipt.rows_written, receipt.rows_quarantined) == (30, 25)


def test_a_server_is_looked_at_and_its_failures_are_named(server: NatsServer, tmp_path: Path) -> None:
    stream(server, "seen")
    server.publish("seen.a", *people(1, 3), b"?")
    source = source_of(server, "seen")
    assert sources.from_row(json.loads(json.dumps(sources.as_row(source)))) == source
    assert sources.check(source) == ""
    (table,) = inventory(source)
    assert (table.schema_name, table.name, table.row_estimate) == ("nats", "people", 4)
    assert [column.name for column in table.columns if column.key] == ["jutong_sequence"]
    with opened(source, "nats", "people") as found:
        cells = [dict(zip(found.columns, row, strict=True)) for row in found.sample(10)]
        assert [row["name"][0] for row in cells] == ["张1", "张2", "张3"]
        assert (found.count(100), found.count(2), found.newest("id")) == (4, -1, None)
    assert waiting(server, "seen") == []
    for schema, name in (("nats", "others"), ("main", "people")):
        with pytest.raises(JutongError, match="missing"), opened(source, schema, name):
            pass
    (unknown,) = inventory(source_of(server, "unseen"))
    assert unknown.row_estimate == -1

    with nats_server(tmp_path / "guarded", "--user", "reader", "--pass", "s%cret") as guarded:
        assert "sign-in refused" in sources.check(replace(source, dsn=guarded.dsn))
        signed = replace(source, dsn=guarded.dsn.replace("//", "//reader:s%25cret@"))
        assert sources.check(signed) == ""
        guarded.stop()
        problem = sources.check(signed)
        assert problem
        assert "cret" not in problem
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "nats", None)
        assert "jutong[nats]" in _refused(source, tmp_path)


def test_a_configuration_that_cannot_be_is_refused(server: NatsServer) -> None:
    for wrong, said in (
        ({"stream": "a.b"}, "stream"), ({"subject": "a..b"}, "subject"), ({"columns": {}}, "columns"),
        ({"columns": {"JUTONG_time": "/t"}}, "two columns"), ({"columns": {"id": "id"}}, "columns"),
    ):  # fmt: skip
        with pytest.raises(JutongError, match=said):
            source_of(server, "x", **wrong)
    path = Path(server._folder) / "sources.json"
    (row,) = json.loads(path.read_text())
    for one in ({**row, "dialect": "rest"}, {**row, "dsn": "nats://h:4222/path"}, {**row, "dsn": "http://h"}):
        path.write_text(json.dumps([one]))
        with pytest.raises(JutongError, match=r"node\.sources\.invalid"):
            sources.load(path)


def test_a_server_that_goes_away_costs_no_message(tmp_path: Path) -> None:
    with nats_server(tmp_path / "server") as server:
        server.run(lambda js: js.add_stream(api.StreamConfig(name="away", subjects=["in.*", "out.*"])))
        server.publish("in.a", *people(1, 5))
        source = replace(source_of(server, "away", subject="in.*"), writes=("away",))

        def crash(so_far: SoFar) -> None:
            if so_far.phase == READING:
                server.stop()

        assert run_move(order_of(source), source, tmp_path, progress=crash).rows_written == 5
        assert "node.source.unreachable" in _refused(source, tmp_path)
        server.start()
        server.publish("in.b", *people(6, 7))
        assert run_move(order_of(source), source, tmp_path).rows_written == 2
        assert waiting(server, "away") == [0]

        library = SourceConfig("landed", "library", ORGANISATION, path=tmp_path / "library")
        order = order_for(library, "landed", "moved", "id", "name")
        into = Landing(source="events", schema_name="away", table="out.a", columns=(("id", "id"), ("name", "name")))
        order = order.model_copy(update={"into": into})

        def crash_late(so_far: SoFar) -> None:
            if so_far.phase == COMMITTING:
                server.stop()

        with pytest.raises(JutongError) as caught:
            run_move(order, library, tmp_path, source, crash_late)
        assert transient(caught.value)
        server.start()
        for _ in range(2):
            assert run_move(order, library, tmp_path, source).rows_written == 7
        state = server.run(lambda js: js.stream_info("away", subjects_filter="out.a")).state
        assert state.subjects == {"out.a": 7}


def test_a_server_is_spoken_to_under_tls_only_with_its_authority(tmp_path: Path) -> None:
    authority = issue(tmp_path, "authority")
    own = issue(tmp_path, "server", authority)
    with nats_server(
        tmp_path / "tls", "--tlscert", str(own.certificate_file), "--tlskey", str(own.key_file), "--tls"
    ) as server:
        dsn = f"tls://127.0.0.1:{server.port}"
        source = SourceConfig("events", "nats", ORGANISATION, dsn=dsn, nats=Streams(ca=str(authority.certificate_file)))
        assert sources.check(source) == ""
        assert "TLS" in sources.check(replace(source, nats=None))
