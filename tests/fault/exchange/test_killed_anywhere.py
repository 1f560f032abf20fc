"""Jobs of every mode and target killed at random moments: nothing lost, nothing twice, every book right.

``FAULT_KILLS`` says how many kills altogether (9 by default), ``FAULT_SEED`` repeats a run.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest

from jutong.contracts.care import Care
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.node.exchange import runner
from jutong.node.exchange.jobs import JobFolder, chunks_finished
from jutong.node.exchange.modes import reconcile
from jutong.node.exchange.runner import JobHandle
from tests.fault.exchange.city import City, Course, make_register
from tests.fault.exchange.folders import COURSES
from tests.fault.exchange.marias import MARIAS
from tests.unit.node.exchange.moving import PATIENCE_SECONDS, order_for, wait_for

pytestmark = pytest.mark.fault
KILLS = int(os.environ.get("FAULT_KILLS", "9"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or random.randrange(1, 2**32)
TOLD_EVERY = 25
MOMENTS = ("any", "chunk", "chunk", "committing")


class Bystander:
    """A slow job on another table of the same source, which nobody kills."""

    ROWS = 20_000

    def __init__(self, city: City) -> None:
        make_register(city.source.dsn, "quiet", self.ROWS)
        order = order_for(city.source, "public", "quiet", "id", "name", target="quiet")
        order = order.model_copy(update={"care": Care(rows_per_second=2_000), "chunk_rows": 1_000})
        self._handle = runner.start(order, home=city.home, source=city.source)
        self._pid = self._handle.pid

    def check(self) -> MovedReceipt:
        """See it through to its end: by the process it began with, in one snapshot."""
        last = self._handle.pid

        def seen(_: MovedReceipt) -> None:
            nonlocal last
            last = self._handle.pid or last

        receipt = wait_for(self._handle, seen)
        assert (receipt.state, receipt.rows_written, receipt.snapshots) == ("done", self.ROWS, 1), receipt.problem
        assert last == self._pid
        return receipt


class Killer:
    """Starts jobs and kills them."""

    def __init__(self, home: Path, dice: random.Random) -> None:
        self._home = home
        self._dice = dice
        self.length = 1.0
        self.kills: Counter[str] = Counter()

    def wait(self, moment: str, folder: JobFolder, handle: JobHandle) -> None:
        """Wait for a moment of a job's process; its end counts as one."""
        process = handle._process
        assert process is not None
        if moment == "any":
            with suppress(Exception):
                process.wait(self._dice.uniform(0, self.length))
            return
        wanted = chunks_finished(folder.path) + self._dice.randint(0, 3)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if moment == "chunk" and chunks_finished(folder.path) >= wanted:
                break
            if moment == "committing" and folder.progress().phase == moment:
                break
            time.sleep(0.001)
        time.sleep(self._dice.uniform(0, 0.05))

    def kill(self, order: JobOrder, course: Course) -> str:
        """Start or take up a job, kill it, and return at what moment; empty when it had ended."""
        moment = self._dice.choice(MOMENTS)
        handle = runner.start(order, home=self._home, source=course.source)
        process = handle._process
        if process is None:
            return ""
        self.wait(moment, JobFolder(self._home, order.job_id), handle)
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        killed = process.wait() == -signal.SIGKILL
        handle.close()
        if not killed:
            return ""
        self.kills[f"{course.name}, {moment}"] += 1
        return moment


def test_a_job_killed_anywhere_loses_and_doubles_nothing(city: City) -> None:
    dice = random.Random(SEED)
    killer, bystander = Killer(city.home, dice), Bystander(city)
    courses = [kind(city, dice) for kind in (*MARIAS, *COURSES)]
    for course in courses:
        course.begin()
    turns, told = cycle(dice.sample(courses, len(courses))), 0
    while (done := sum(killer.kills.values())) < KILLS:
        _round(next(turns), killer, most=dice.randint(1, min(5, -(-KILLS // len(courses)))))
        if done >= told + TOLD_EVERY:
            told = done
            print(f"seed {SEED}: {done} kills of {sum(len(course.jobs) for course in courses)} jobs", flush=True)  # noqa: T201
    for course in courses:
        assert not course.left_over(), f"seed {SEED}, {course.name}"
    bystander.check()
    checks = {check.target: check.state for check in reconcile.every(city.home)}
    assert set(checks.values()) == {"same"}, f"seed {SEED}: {checks}"
    print(f"seed {SEED}: {sum(killer.kills.values())} kills:", dict(sorted(killer.kills.items())))  # noqa: T201


def _round(course: Course, killer: Killer, most: int) -> int:
    """Change the source, kill the job that moves it, let it end, and look at everything; return the kills."""
    before = course.expected
    course.change()
    course.expect()
    order, moments = course.order(), list[str]()
    for _ in range(most):
        moment = killer.kill(order, course)
        said = f"seed {SEED}, {course.name}, job {len(course.jobs)}, killed {[*moments, moment]}"
        assert course.content() in (before, course.expected), said  # readers see all of the old or all of the new
        if not moment:
            break
        moments.append(moment)
    begun = time.monotonic()
    receipt = wait_for(runner.start(order, home=course.city.home, source=course.source))
    if not moments:
        killer.length = min(max(time.monotonic() - begun, 0.5), 3.0)
    assert receipt.state == "done", f"{said}: {receipt.problem}"
    assert course.content() == course.expected, said
    assert receipt.rows_read == receipt.rows_written + receipt.rows_quarantined + receipt.rows_skipped, said
    course.audit(receipt)
    # Asked once more, it is the same job with the same end.
    assert wait_for(runner.start(order, home=course.city.home, source=course.source)) == receipt, said
    return len(moments)
