from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from click.testing import CliRunner

from jutong import __version__
from jutong.cli.main import jutong
from jutong.contracts.care import Care, Hours
from jutong.contracts.envelope import Envelope
from jutong.contracts.fingerprint import Fingerprint
from jutong.contracts.landing import Landing
from jutong.contracts.orders import JobControlOrder, JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.evidence.log import EvidenceLog
from jutong.evidence.sequencer import Sequencer
from jutong.kernel.clock import BEIJING
from jutong.kernel.keys import generate_signer
from jutong.kernel.settings import Settings
from jutong.node.agent import jobs
from jutong.node.agent.center import Center
from jutong.node.agent.places import Places, load_weights, save_weights
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.exchange import runner
from jutong.node.exchange.jobs import JobFolder
from jutong.node.exchange.workers.assigned import Assigned
from jutong.node.exchange.workers.roster import LOST_SECONDS, Beat, given
from jutong.node.extract.fingerprint import arranged, key_of
from jutong.node.live.pool import Sources
from jutong.node.sources import SourceConfig
from jutong.node.state import State, Task

JOB = "0190a000-0000-7000-8000-00000000000a"
ORDER = JobOrder(job_id=JOB, source="police", schema_name="main", table="person", columns=("xm",), target="base/person")
DONE = MovedReceipt(
    job_id=JOB, state="done", rows_read=5, rows_written=5, source_digest="d", target_digest="d", delta_version=0
)


class Handle:
    def __init__(self, *news: MovedReceipt | None) -> None:
        self.news = list(news)
        self.closed = self.cancelled = self.held = False

    def cancel(self) -> None:
        self.cancelled = True

    def hold(self) -> MovedReceipt | None:
        self.held = True
        return None

    def poll(self) -> MovedReceipt | None:
        return self.news.pop(0) if self.news else DONE

    def close(self) -> None:
        self.closed = True


class Notes:
    def __init__(self) -> None:
        self.indices: list[int] = []

    def note(self, index: int, record: Any) -> None:
        self.indices.append(index)


class Made:
    def __init__(self, runner: jobs.Jobs, state: State, log: EvidenceLog, notes: Notes) -> None:
        self.jobs, self.state, self.log, self.notes = runner, state, log, notes

    def moved(self) -> list[dict[str, Any]]:
        return [Envelope.model_validate_json(text).body for _, text in self.state.outbox(10)]

    def task(self) -> Task:
        body = f'{{"body": {ORDER.model_dump_json()}}}'
        return self.state.put_task("o1", "job", body)


@pytest.fixture
async def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Made]:
    monkeypatch.setattr(jobs, "LOOK_SECONDS", 0.0)
    node = generate_signer("node-1")
    state = State(tmp_path / "state.db")
    sources = Sources({"police": SourceConfig("police", "sqlite", "POLICE", path=tmp_path / "none.db")})
    notes = Notes()
    async with httpx.AsyncClient() as http:
        center = Center("http://127.0.0.1:1", node="node-1", signer=node, key_path=tmp_path / "no.pub", client=http)
        with EvidenceLog(tmp_path / "evidence", signer=generate_signer("log"), origin="x/y") as log:
            async with Sequencer(log) as sequencer:
                runner = jobs.Jobs(
                    Settings(home=tmp_path), state, center, sources,
                    log=log, sequencer=sequencer, reports=notes, clock=lambda: datetime.now(UTC),
                )  # fmt: skip
                yield Made(runner, state, log, notes)
    state.close()


async def test_a_job_ends_with_one_leaf_and_one_receipt(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    running = MovedReceipt(job_id=JOB, state="running", rows_read=2)
    handle = Handle(running, None, running)
    monkeypatch.setattr(made.jobs, "_start", lambda _, **__: handle)
    await made.jobs.run(made.task())
    assert handle.closed
    assert [body["state"] for body in made.moved()] == ["running", "done"]
    assert made.moved()[-1]["leaf_index"] == 0
    assert made.notes.indices == [0]
    assert made.state.tasks() == []
    _, attachment = made.log.find_record(JOB)
    assert b'"provider_dept":"POLICE"' in attachment


class Course:
    """A job that is looked at step by step."""

    def __init__(self, made: Made, monkeypatch: pytest.MonkeyPatch, order: JobOrder = ORDER) -> None:
        self.made, self.handles, self.cancelling = made, list[Handle](), list[bool]()
        self.course = jobs._Course(order)
        self.order_number = 0

        def start(_: JobOrder, *, cancelling: bool) -> Handle:
            self.handles.append(Handle(*[MovedReceipt(job_id=JOB, state="running", rows_read=2)] * 50))
            self.cancelling.append(cancelling)
            return self.handles[-1]

        monkeypatch.setattr(made.jobs, "_start", start)

    def control(self, action: Literal["pause", "resume", "cancel"]) -> None:
        self.order_number += 1
        self.made.state.put_wish(f"c{self.order_number}", JobControlOrder(job_id=JOB, action=action))

    async def look(self, times: int = 1) -> MovedReceipt | None:
        found = [await self.made.jobs._look(self.course) for _ in range(times)]
        return found[-1]

    def told(self) -> list[tuple[str, str]]:
        return [(body["state"], body.get("phase", "")) for body in self.made.moved()]


async def test_a_job_is_paused_let_go_on_and_cancelled(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Course(made, monkeypatch)
    await seen.look(2)
    seen.control("pause")
    await seen.look(3)
    assert seen.handles[0].held
    assert made.jobs._places.enter("another", "police", 0)  # a job that rests takes no place
    seen.control("resume")
    await seen.look(2)
    assert len(seen.handles) == 2
    seen.control("pause")
    seen.control("cancel")
    seen.control("resume")  # too late
    await seen.look(2)
    assert (seen.handles[1].cancelled, len(seen.handles)) == (True, 2)
    seen.handles[1].news = [DONE.model_copy(update={"state": "cancelled"})]
    final = await seen.look()
    assert final is not None
    assert final.state == "cancelled"
    assert seen.told() == [("running", ""), ("paused", ""), ("running", "")]


async def test_a_paused_job_is_cancelled_by_a_process_of_its_own(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Course(made, monkeypatch)
    seen.control("pause")
    await seen.look()
    assert seen.handles == []
    seen.control("cancel")
    await seen.look()
    assert seen.cancelling == [True]


async def test_a_job_keeps_to_its_hours_and_its_next_try(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    night = Care(hours=(Hours(days=(1, 2, 3, 4, 5, 6, 7), first_minute=1320, last_minute=300),))
    seen = Course(made, monkeypatch, ORDER.model_copy(update={"care": night}))
    hour = [datetime(2026, 11, 23, 20, tzinfo=BEIJING)]
    monkeypatch.setattr(made.jobs, "_clock", lambda: hour[0])
    await seen.look(3)
    assert (seen.told(), seen.handles) == ([("waiting", "hours")], [])
    hour[0] = datetime(2026, 11, 23, 22, 30, tzinfo=BEIJING)
    await seen.look()
    folder = JobFolder(tmp_path, JOB)
    folder.path.mkdir(parents=True)
    folder.tried(SourceUnreachableError(source="police", reason="timed out"), int(hour[0].timestamp() * 1000))
    seen.handles[0].news = [folder.waiting()]
    await seen.look(3)
    assert (seen.handles[0].held, len(seen.handles)) == (True, 1)
    assert seen.told()[1:] == [("running", ""), ("waiting", "retry")]
    hour[0] += timedelta(seconds=11)
    await seen.look()
    assert len(seen.handles) == 2
    hour[0] = datetime(2026, 11, 24, 5, 1, tzinfo=BEIJING)
    await seen.look()
    assert seen.handles[1].held


async def test_a_worker_with_more_room_gets_the_job_and_its_silence_brings_it_back(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    roster, begun = made.jobs._roster, list[str]()
    seconds = [0.0]
    roster.seconds = lambda: seconds[0]

    def beat(number: int, version: str = __version__) -> None:
        said = Beat(name="big", beat=number, places=60, host="h", pid=7, version=version)
        (roster.folder / "big").mkdir(parents=True, exist_ok=True)
        (roster.folder / "big/beat.json").write_text(said.model_dump_json(), "utf-8")

    def start(order: JobOrder, **_: Any) -> Handle:
        begun.append(order.job_id)
        return Handle(MovedReceipt(job_id=JOB, state="running", rows_read=2))

    monkeypatch.setattr(runner, "start", start)
    beat(1)
    assert roster.living() == [], "what a dead worker left looks the same"
    beat(2, "0.0.0")
    assert roster.living() == [], "another version could misread what it is given"
    beat(3)
    assert [one.free for one in roster.living()] == [60]
    course = jobs._Course(ORDER)
    await made.jobs._look(course)
    assert isinstance(course.handle, Assigned)
    await made.jobs._look(course)
    assert begun == []
    assert given(tmp_path, "big") == [JOB]
    assert made.jobs._goes_on_elsewhere(course.handle), "it goes on while the node is away"
    seconds[0] = LOST_SECONDS
    await made.jobs._look(course)
    assert given(tmp_path, "big") == []
    await made.jobs._look(course)
    assert begun == [JOB]
    assert (await made.jobs._look(course)) == DONE


def test_places_go_to_the_urgent_first_and_no_source_gets_all() -> None:
    places = Places(most=3, most_at_source=2)
    assert [places.enter(job, "a", 0) for job in ("1", "2", "3", "3")] == [True, True, False, False]
    assert [places.enter(*job) for job in (("4", "b", 1), ("5", "b", 9), ("6", "c", 0))] == [True, False, False]
    places.leave("4")
    assert not places.enter("6", "c", 0)  # 5 is more urgent and could go
    assert places.enter("5", "b", 9)
    places.leave("1")
    assert not places.enter("6", "c", 0)  # 3 came earlier and its source has room now
    places.leave("3")  # it was cancelled
    assert places.enter("6", "c", 0)
    assert places.enter("6", "c", 0)


async def test_a_crash_between_leaf_and_receipt_makes_no_second_leaf(made: Made) -> None:
    task = made.task()
    first = await made.jobs.record_moved(task, ORDER, DONE)
    again = await made.jobs.record_moved(task, ORDER, DONE)
    assert first == again == 0
    assert made.log.size == 1


async def test_what_a_copy_is_told_by_is_kept_with_the_end_of_a_job(made: Made, tmp_path: Path) -> None:
    mark = Fingerprint(
        agreement="XY-1", recipient_code="B", recipient_name="教育局", entry_code="3/1", entry_name="户籍"
    )
    into = Landing(source="hub", schema_name="public", table="person", columns=(("number", "cert_no"),))
    order = ORDER.model_copy(update={"fingerprint": mark, "into": into})
    folder = JobFolder(tmp_path, JOB).path
    folder.mkdir(parents=True)
    (folder / "fingerprint.json").write_text('{"column": "number"}')
    task = made.task()
    await made.jobs.record_moved(task, order, DONE.model_copy(update={"state": "failed"}))
    assert not (tmp_path / "records" / "extracts").exists()
    await made.jobs.record_moved(task, order, DONE)
    (kept,) = (tmp_path / "records" / "extracts").glob("*.json")
    told = {"record": JOB, "agreement": "XY-1", "recipient": "B", "target": "hub:public.person", "carrier": "cert_no"}
    assert told.items() <= json.loads(kept.read_bytes()).items()
    assert kept.stat().st_mode & 0o777 == 0o600
    rows = [f"{number}" for number in range(400)]
    leaked = tmp_path / "leaked.csv"
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "node.secret").write_text("ab" * 32)
    order_of = arranged([[row] for row in rows], 0, key_of(bytes.fromhex("ab" * 32), JOB))
    leaked.write_text("\n".join(["cert_no", *(rows[at] for at in order_of)]))
    said = CliRunner().invoke(jutong, ["evidence", "fingerprint", str(leaked), "--lang", "zh-hans"],
                              env={"JUTONG_HOME": str(tmp_path)})  # fmt: skip
    assert "为教育局（B）搬运到“hub:public.person”" in said.output, said.output
    assert JOB in said.output


async def test_a_job_that_cannot_begin_is_reported_as_failed(made: Made) -> None:
    other = ORDER.model_copy(update={"source": "nowhere"})
    task = made.state.put_task("o2", "job", f'{{"body": {other.model_dump_json()}}}')
    await made.jobs.run(task)
    (body,) = made.moved()
    assert body["state"] == "failed"
    assert "nowhere" in body["problem"]


def test_a_department_with_many_urgent_jobs_keeps_no_other_waiting() -> None:
    weights: dict[str, int] = {}
    places = Places(most=2, most_at_source=9)
    crowd = [(str(number), "a", 9, "A") for number in range(6)]
    assert [places.enter(*job) for job in crowd] == [True, True, False, False, False, False]
    assert not places.enter("b1", "b", 1, "B")
    places.leave("0")
    assert not places.enter(*crowd[2])  # A has one at work, B none
    assert places.enter("b1", "b", 1, "B")
    places.leave("1")
    assert not places.enter("b2", "b", 9, "B")  # the place is A's: each one at work then
    assert places.enter(*crowd[2])
    weights["A"] = 3
    wide = Places(most=4, most_at_source=9, weights=lambda: weights)
    asking = [*crowd, *((f"b{number}", "b", 9, "B") for number in range(6))]
    full = [str(number) for number in range(90, 94)]
    assert all(wide.enter(job, "c", 0, "C") for job in full)
    assert not any(wide.enter(*job) for job in asking)
    for job in full:
        wide.leave(job)
    got = {job[0] for _ in range(4) for job in asking if wide.enter(*job)}
    assert len(got) == 4
    assert len([name for name in got if name.startswith("b")]) == 1


def test_weights_that_make_no_sense_count_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "node" / "weights.json"
    assert load_weights(path) == {}
    save_weights(path, {"A": 3, "B": 1})
    assert load_weights(path) == {"A": 3, "B": 1}
    path.write_text('{"A": 0, "B": "2", "C": 2, "D": true}')
    assert load_weights(path) == {"C": 2}
    for text in ("[1]", "{"):
        path.write_text(text)
        assert load_weights(path) == {}
