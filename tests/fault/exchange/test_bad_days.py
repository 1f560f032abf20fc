"""Full disks, poison rows, unfinished files, clocks that jump, tables altered in mid-run: a named end, nothing half."""

from __future__ import annotations

import os
import random
import resource
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import utc_now
from jutong.library.sides import BothFates
from jutong.node.exchange import chunks, runner
from jutong.node.exchange.chunks import Ledger
from jutong.node.exchange.errors import ColumnsChangedError, ValueUnfitError
from jutong.node.exchange.targets.errors import TargetRefusedError, TargetUnfitError
from jutong.node.files.errors import FileArrivingError, FileBrokenError
from tests.fault.exchange.city import City, Compared, Course, Filled, Kept, Merged, run
from tests.fault.exchange.folders import Dropped
from tests.unit.node.exchange.moving import landed_path, wait_for

pytestmark = pytest.mark.fault
SEED = int(os.environ.get("FAULT_SEED", "20261122"))
LIMITS = int(os.environ.get("FAULT_LIMITS", "3"))


@pytest.fixture
def dice() -> random.Random:
    return random.Random(SEED)


def again(course: Course) -> MovedReceipt:
    """Move once more, now that all is well, and look at everything."""
    course.expect()
    receipt = course.move(course.order())
    assert course.content() == course.expected
    course.audit(receipt)
    assert not course.left_over()
    return receipt


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let this process, and those it starts now, write no larger file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_wherever_the_disk_refuses_the_job_says_so_and_nothing_changes(city: City, dice: random.Random) -> None:
    """Files of rows, of the quarantine, of the book and of a merge's scratch: each may be the one that is too large."""
    seen: Counter[str] = Counter()
    course = Compared(city, dice)
    course.begin()
    before = course.expected
    course.change()
    for _ in range(LIMITS):
        size = int(2 ** dice.uniform(11, 17))
        with largest_file(size):
            handle = runner.start(course.order(), home=city.home, source=course.source)
        receipt = wait_for(handle)
        said = f"seed {SEED}, {size} bytes: {receipt.problem}"
        if receipt.state != "done":
            assert receipt.problem.startswith("library.disk.full: "), said
            assert course.content() == before, said
        else:
            before = course.content()
        assert not course.left_over(), said
        seen[receipt.state] += 1
    assert seen["failed"], seen
    again(course)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_full_ends_the_job_and_not_its_process(city: City, dice: random.Random) -> None:
    """A real small disk: what was only reserved by name has no room when it is written."""
    library = city.home / "library"
    library.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(library)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no disk may be mounted here")
    try:
        with pytest.raises(OSError, match="No space left"):
            BothFates(library, 10**7, 1)
        (library / "arriving").unlink()
        course = Compared(city, dice)
        course.begin()
        before = course.expected
        filler = library / "filler"
        for left in (4_096, 150_000):
            course.change()
            free = os.statvfs(library)
            filler.write_bytes(bytes(max(free.f_bavail * free.f_frsize - left, 0)))
            receipt = wait_for(runner.start(course.order(), home=city.home, source=course.source))
            filler.unlink()
            if receipt.state == "done":
                before = course.content()
            else:
                assert receipt.problem.startswith("library.disk.full: "), f"{left}: {receipt.problem}"
                assert course.content() == before
            assert not course.left_over()
        again(course)
    finally:
        subprocess.run(["umount", str(library)], check=True)


def test_a_poison_row_ends_its_own_job_only(city: City, dice: random.Random) -> None:
    for course in (Merged(city, dice), Filled(city, dice)):
        course.begin()
        course.change()
        worst = f"(SELECT max(id) FROM {course.name})"
        run(course.source.dsn, f"UPDATE {course.name} SET income = 'NaN' WHERE id = {worst}")
        with pytest.raises(ValueUnfitError, match="income"):
            course.move(course.order())
        assert course.content() == course.expected
        run(course.source.dsn, f"UPDATE {course.name} SET income = 1 WHERE income = 'NaN'")
        again(course)


class StoppedError(Exception):
    """A process ends in the midst of a job."""


def stopped_behind(course: Course, order: JobOrder, number: int, patch: pytest.MonkeyPatch) -> None:
    """Carry out a job up to its so manieth chunk, and leave everything as a kill would."""
    save = chunks.save

    def saved(folder: Path, ledger: Ledger) -> None:
        save(folder, ledger)
        if len(ledger.done) == number:
            raise StoppedError

    with patch.context() as inner:
        inner.setattr(chunks, "save", saved)
        with pytest.raises(StoppedError):
            course.move(order, goes_on=True)


def test_a_source_altered_in_mid_run_is_named_or_read_anew(
    city: City, dice: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    for course in (Course(city, dice), Filled(city, dice)):
        course.begin()
        course.change()
        order = course.order()
        stopped_behind(course, order, 2, monkeypatch)
        run(course.source.dsn, f"ALTER TABLE {course.name} RENAME income TO earned")
        with pytest.raises(ColumnsChangedError, match="income"):
            course.move(order, goes_on=True)
        assert course.content() == course.expected
        run(course.source.dsn, f"ALTER TABLE {course.name} RENAME earned TO income",
            f"ALTER TABLE {course.name} ALTER income TYPE numeric(14, 2)")  # fmt: skip
        course.expect()
        # Chunks of another type are of no use: the job begins anew.
        receipt = course.move(order)
        assert (receipt.snapshots, course.content()) == (1, course.expected)
        course.audit(receipt)


def test_a_target_altered_in_mid_run_is_never_put_back(
    city: City, dice: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = Filled(city, dice)
    course.begin()
    commit = "jutong.node.exchange.targets.postgresql.PostgresTarget.commit"
    for statement, kind in (
        ("ADD COLUMN note text", TargetUnfitError),
        ("ADD CONSTRAINT small CHECK (id < 10) NOT VALID", TargetRefusedError),
        ("ALTER income TYPE text", TargetUnfitError),
    ):
        course.change()
        original = __import__("jutong.node.exchange.targets.postgresql", fromlist=["_"]).PostgresTarget.commit

        def altered(self: object, proof: object, statement: str = statement, original: object = original) -> object:
            run(city.hub.dsn, f"ALTER TABLE {course.name} {statement}")
            return original(self, proof)  # type: ignore[operator]

        with monkeypatch.context() as inner:
            inner.setattr(commit, altered)
            with pytest.raises(kind):
                course.move(course.order())
        found = run(city.hub.dsn, f"SELECT to_jsonb(t) FROM {course.name} t LIMIT 1")[0][0]
        assert ("note" in found) == (statement.startswith("ADD COLUMN")), found
        run(city.hub.dsn, f"ALTER TABLE {course.name} DROP COLUMN IF EXISTS note, DROP CONSTRAINT IF EXISTS small")
        run(city.hub.dsn, f"ALTER TABLE {course.name} ALTER income TYPE numeric(12, 2) USING income::numeric")
        assert course.content() == course.expected
        again(course)


def test_a_clock_that_jumps_changes_no_row_and_no_history(city: City, dice: random.Random) -> None:
    """Years back and forth, in mid-run and between runs: what held before still ends before it begins."""
    for course in (Kept(city, dice), Filled(city, dice)):
        course.begin()
        for days in (-3_650, 3_650, -1):
            course.change()
            course.expect()
            calls = 0

            def clock(days: int = days) -> object:
                nonlocal calls
                calls += 1
                return utc_now() + timedelta(days=days if calls > 1 else 0)

            receipt = course.move(course.order(), clock=clock)  # type: ignore[arg-type]
            assert course.content() == course.expected
            course.audit(receipt)


def test_files_in_the_making_wait_and_broken_ones_are_named(
    city: City, dice: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = Dropped(city, dice)
    course.begin()
    order = course.order()
    stopped_behind(course, order, 1, monkeypatch)
    course.put("1.csv")  # the job goes on with another file in the place of one it has not read
    course.expect()
    receipt = course.move(order)
    assert course.content() == course.expected
    course.audit(receipt)
    before = course.expected
    (course.folder / "half.csv").write_text("id,name,income\n1,a,1\n2,b", encoding="utf-8")
    read = chunks.save

    def growing(folder: Path, ledger: Ledger) -> None:
        read(folder, ledger)
        with (course.folder / "half.csv").open("a", encoding="utf-8") as file:
            file.write(",2\n")

    with monkeypatch.context() as inner:
        inner.setattr(chunks, "save", growing)
        with pytest.raises(FileArrivingError):
            course.move(course.order())
    assert course.content() == before
    (course.folder / "half.csv").unlink()
    (course.folder / "cut.csv.gz").write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x02")
    with pytest.raises(FileBrokenError, match="cut"):
        course.move(course.order())
    assert course.content() == before
    assert landed_path(city.home, course.name).exists()
