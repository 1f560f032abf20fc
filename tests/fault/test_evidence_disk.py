"""A disk that refuses at any call: a named error, nothing acknowledged is lost, and it goes on when there is space."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from jutong.evidence.audit import audit
from jutong.evidence.errors import LogStoppedError, LogUnwritableError
from jutong.evidence.log import EvidenceLog
from jutong.evidence.tiles import TileReader
from tests.unit.evidence.support import open_log, pairs

pytestmark = pytest.mark.fault
ROOT = Path(__file__).parent.parent.parent
STEP = 3
"""The two kinds of refusal take turns on the calls, so that the whole stays quick."""
CALLS = ("write", "fsync", "fdatasync", "rename", "mkdir")


class Disk:
    """Counts the calls that change the disk, and refuses them from the chosen one on (or that one only)."""

    def __init__(self, refused: int, *, lasting: bool, code: int) -> None:
        self.calls = 0
        self.refused = refused
        self.lasting = lasting
        self.code = code

    @contextmanager
    def attached(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, self._guard(name, getattr(os, name)))
            yield

    def _guard(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls == self.refused or (self.lasting and self.calls > self.refused):
                if name == "write" and self.calls == self.refused:
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **named)

        return guarded


def work(log: EvidenceLog, acknowledged: dict[int, bytes]) -> None:
    """Append and publish until something is refused; write down what was acknowledged."""
    for count in (1, 250, 3, 30, 2):
        batch = pairs(log.size, count)
        first = log.append(batch)
        acknowledged |= {first + at: leaf for at, (leaf, _) in enumerate(batch)}
        if count != 3:
            log.publish()


def holds(log: EvidenceLog, acknowledged: dict[int, bytes]) -> None:
    log.publish()
    reader = TileReader(log.folder, log.published_size)
    assert log.size >= len(acknowledged)
    for index, leaf in acknowledged.items():
        assert reader.entry(index) == leaf
        assert log.find_record(f"record-{index}")[0] == index
    assert audit(log.folder).checkpoint == log.checkpoint


def calls_of_undisturbed_work(home: Path) -> int:
    disk = Disk(0, lasting=False, code=0)
    with open_log(home, segment_bytes=9000) as log, disk.attached():
        work(log, {})
    return disk.calls


@pytest.mark.parametrize(("lasting", "code"), [(True, errno.ENOSPC), (False, errno.EIO)])
def test_a_refusal_at_any_call_loses_nothing(tmp_path: Path, *, lasting: bool, code: int) -> None:
    total = calls_of_undisturbed_work(tmp_path / "calm")
    assert total > 60
    for refused in range(1 if lasting else 2, total + 1, STEP):
        home, acknowledged = tmp_path / str(refused), dict[int, bytes]()
        log = open_log(home, segment_bytes=9000)
        disk = Disk(refused, lasting=lasting, code=code)
        with disk.attached():
            with pytest.raises(LogUnwritableError):
                work(log, acknowledged)
            assert log.failed
            with pytest.raises(LogStoppedError):
                log.append(pairs(0, 1))
            with pytest.raises(LogStoppedError):
                log.publish()
            if lasting:
                with pytest.raises(LogUnwritableError):
                    log.reopen()
                assert log.failed
        log.reopen()
        holds(log, acknowledged)
        assert log.append(pairs(log.size, 1)) == log.size - 1
        log.close()
        with open_log(home) as again:
            holds(again, acknowledged)


def test_a_refusal_at_any_call_of_recovery_loses_nothing(tmp_path: Path) -> None:
    acknowledged = dict[int, bytes]()
    with open_log(tmp_path / "origin", segment_bytes=9000) as log:
        work(log, acknowledged)
        more = pairs(log.size, 5)
        first = log.append(more)
        acknowledged |= {first + at: leaf for at, (leaf, _) in enumerate(more)}
        shutil.copytree(tmp_path / "origin", tmp_path / "crashed")
    refused, calls = 0, 1
    while calls >= refused:
        refused += 1
        home = tmp_path / str(refused)
        shutil.copytree(tmp_path / "crashed", home)
        disk = Disk(refused, lasting=False, code=errno.EIO)
        with disk.attached():
            if refused == 1:
                with pytest.raises(LogUnwritableError):
                    open_log(home)
            else:
                with suppress(LogUnwritableError):
                    open_log(home).close()
        calls = disk.calls
        with open_log(home) as log:
            holds(log, acknowledged)
    assert refused > 10


def test_closing_on_a_full_disk_is_reported_and_opening_recovers(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append(pairs(0, 3))
    with Disk(1, lasting=True, code=errno.ENOSPC).attached(), pytest.raises(LogUnwritableError):
        log.close()
    with open_log(tmp_path) as again:
        assert (again.size, again.published_size) == (3, 3)


def test_a_log_that_cannot_even_be_made_says_so(tmp_path: Path) -> None:
    for refused in (1, 4, 9):
        with Disk(refused, lasting=True, code=errno.ENOSPC).attached(), pytest.raises(LogUnwritableError):
            open_log(tmp_path / str(refused))
        open_log(tmp_path / str(refused)).close()


LIMITED = """
import json, resource, sys
from pathlib import Path
from jutong.evidence.audit import audit
from jutong.evidence.errors import LogUnwritableError
from tests.unit.evidence.support import open_log, pairs

_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
log = open_log(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
acknowledged = 0
try:
    while True:
        log.append(pairs(log.size, 7))
        acknowledged += 7
except LogUnwritableError as error:
    code = error.code
stopped = log.failed
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
log.reopen()
log.append(pairs(log.size, 7))
log.publish()
found = audit(log.folder).checkpoint.size
print(json.dumps([code, stopped, acknowledged, found, log.get_record(f"record-{acknowledged - 1}") != b""]))
log.close()
"""


def test_a_file_that_may_not_grow_stops_the_log_until_it_may(tmp_path: Path) -> None:
    """The kernel's own refusal, the same for root and for anybody."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    code, stopped, acknowledged, found, kept = json.loads(done.stdout)
    assert (code, stopped, kept) == ("evidence.log.unwritable", True, True)
    assert acknowledged > 0
    assert found == acknowledged + 7
