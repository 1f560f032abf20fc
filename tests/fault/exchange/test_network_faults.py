"""The network between node and databases pauses, breaks off or changes bytes: a named end, and the job goes on later.

``FAULT_CUTS`` says how many faults altogether (10 by default), ``FAULT_SEED`` where they fall.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle, islice
from urllib.parse import parse_qs, urlsplit

import pytest

from jutong.kernel.errors import JutongError
from jutong.node.exchange import runner
from jutong.node.exchange.retry import transient
from jutong.node.sources import SourceConfig
from tests.fault.exchange.city import City, Course, Filled, Piped
from tests.fault.exchange.proxy import Fault, Kind, Proxy, Way
from tests.unit.node.exchange.moving import PATIENCE_SECONDS

pytestmark = pytest.mark.fault
CUTS = int(os.environ.get("FAULT_CUTS", "10"))
SEED = int(os.environ.get("FAULT_SEED", "20261122"))
KINDS: tuple[Kind, ...] = ("reset", "half-close", "pause", "corrupt")
WAYS: tuple[Way, ...] = ("down", "up")
LOST = {"node.source.unreachable", "node.exchange.source-lost", "node.exchange.target-lost"}
CHANGED = LOST | {
    "node.exchange.content-differs", "node.exchange.rows-differ", "node.exchange.target-refused",
    "node.exchange.value-unfit", "node.exchange.columns-changed", "node.table.missing",
}  # fmt: skip
"""What bytes that were changed on the way may be taken for."""


def upstream(dsn: str) -> Callable[[], socket.socket]:
    """Return what connects to the socket of an address."""
    asked = parse_qs(urlsplit(dsn).query)
    path = f"{asked['host'][0]}/.s.PGSQL.{asked['port'][0]}"

    def connect() -> socket.socket:
        far = socket.socket(socket.AF_UNIX)
        far.connect(path)
        return far

    return connect


def behind(dsn: str, port: int) -> str:
    """Return an address with a proxy in the place of its server."""
    parts = urlsplit(dsn)
    return f"{parts.scheme}://{parts.username}:{parts.password}@127.0.0.1:{port}{parts.path}"


class Wires:
    """A proxy before each of the two databases."""

    def __init__(self, city: City, stack: ExitStack) -> None:
        self.city = city
        self.proxies = {
            name: stack.enter_context(Proxy(upstream(config.dsn)))
            for name, config in (("source", city.source), ("hub", city.hub))
        }
        self.source, self.hub = (
            SourceConfig(
                config.name, config.dialect, config.organisation_code, writes=config.writes,
                dsn=behind(config.dsn, self.proxies[name].port),
            )
            for name, config in (("source", city.source), ("hub", city.hub))
        )  # fmt: skip


@pytest.fixture
def wires(city: City) -> Iterator[Wires]:
    with ExitStack() as stack:
        yield Wires(city, stack)


def test_whatever_the_network_does_a_job_ends_named_and_goes_on(wires: Wires) -> None:
    dice, seen = random.Random(SEED), Counter[str]()
    courses = [kind(wires.city, dice) for kind in (Course, Filled, Piped)]
    sizes = {course.name: _begun(course, wires) for course in courses}
    plan = [
        (course, side, kind, way)
        for kind in KINDS for course in courses for side in ("source", "hub") for way in WAYS
        if (side == "source" or isinstance(course, Filled)) and _counts(course, side, kind, way)
    ]  # fmt: skip
    dice.shuffle(plan)
    for course, side, kind, way in islice(cycle(plan), CUTS):
        fault = Fault(kind, way, dice.randrange(int(sizes[course.name][side][way] * 0.98)))
        ended = _cut(course, wires, side, fault)
        seen[f"{kind}: {ended}"] += 1
    print(f"seed {SEED}: {CUTS} cuts:", dict(sorted(seen.items())))  # noqa: T201


def _counts(course: Course, side: str, kind: Kind, way: Way) -> bool:
    """Tell whether the right end of a fault can be told.

    Bytes changed between source and driver are values to us (TLS is what keeps them), unless both servers hash.
    """
    return kind != "corrupt" or (way == "up" if side == "hub" else way == "down" and isinstance(course, Piped))


def _begun(course: Course, wires: Wires) -> dict[str, dict[str, int]]:
    """Fill a target, and return how many bytes that takes on each way."""
    course.expect()
    for proxy in wires.proxies.values():
        proxy.arm(None)
    course.move(course.order(), wires.source, wires.hub)
    assert course.content() == course.expected
    return {name: proxy.passed for name, proxy in wires.proxies.items()}


def _cut(course: Course, wires: Wires, side: str, fault: Fault) -> str:
    """Move while a fault happens, and once more; return how the first try ended."""
    said = f"seed {SEED}, {course.name}, {side}, {fault}"
    before = course.expected
    course.change()
    course.expect()
    order, proxy = course.order(), wires.proxies[side]
    proxy.arm(fault)
    healer = threading.Thread(target=_heal, args=(proxy,), daemon=True)
    healer.start()
    problem = _tried(lambda: course.move(order, wires.source, wires.hub, goes_on=True))
    ended = problem.code if problem else "done"
    if problem is not None:
        assert problem.code in (CHANGED if fault.kind == "corrupt" else LOST), f"{said}: {problem!r}"
        assert transient(problem, first=True) or fault.kind == "corrupt", f"{said}: {problem!r}"
        assert course.content() in (before, course.expected), said
    if fault.kind == "pause":
        assert ended == "done", said
    proxy.arm(None)
    receipt = course.move(order, wires.source, wires.hub)
    assert course.content() == course.expected, said
    assert receipt.rows_read == receipt.rows_written + receipt.rows_quarantined + receipt.rows_skipped, said
    course.audit(receipt)
    assert not course.left_over(), said
    return ended


def _heal(proxy: Proxy) -> None:
    """Let a pause last a moment."""
    if proxy.happened.wait(PATIENCE_SECONDS):
        time.sleep(0.2)
        proxy.go_on()


def _tried(doing: Callable[[], object]) -> JutongError | None:
    try:
        doing()
    except JutongError as error:
        return error
    return None


def test_a_job_whose_source_says_nothing_more_can_be_cancelled(wires: Wires, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CANCEL_SECONDS", 2.0)
    course = Course(wires.city, random.Random(SEED))
    sizes = _begun(course, wires)
    proxy = wires.proxies["source"]
    proxy.arm(Fault("pause", "down", sizes["source"]["down"] // 2))
    handle = runner.start(course.order(), home=wires.city.home, source=wires.source)
    assert proxy.happened.wait(PATIENCE_SECONDS)
    handle.cancel()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (receipt := handle.poll()) is None or receipt.state == "running":
        assert time.monotonic() < deadline, "it hangs"
        time.sleep(0.02)
    assert (receipt.state, receipt.problem.partition(":")[0]) == ("cancelled", "node.exchange.cancelled")
    assert course.content() == course.expected
    assert not course.left_over()
