"""kill -9 at any moment, with or without a torn tail: nothing that was acknowledged is lost or changed."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from jutong.evidence import merkle
from jutong.evidence.audit import audit
from jutong.evidence.checkpoint import Checkpoint
from jutong.evidence.errors import LogBusyError
from jutong.evidence.tiles import TileReader
from jutong.evidence.wal import encode_frame
from tests.unit.evidence.support import open_log, pair

pytestmark = pytest.mark.fault
ROOT = Path(__file__).parent.parent.parent
KILLS = 20


def start(home: Path, seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.fault.evidence_writer", str(home), str(seed)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    assert child.stdout.readline() == "start\n"
    return child


def kill_after(home: Path, seed: int, lines: int) -> dict[int, bytes]:
    """Let a child acknowledge some batches, kill it in whatever it does next, and return what it acknowledged."""
    child = start(home, seed)
    assert child.stdout is not None
    seen = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    seen += child.stdout.read().splitlines(keepends=True)
    child.stdout.close()
    child.wait(30)
    acknowledged: dict[int, bytes] = {}
    for line in seen:
        if line.endswith("\n"):
            first, *leaves = line.split()
            acknowledged |= {int(first) + at: bytes.fromhex(leaf) for at, leaf in enumerate(leaves)}
    return acknowledged


def tear(home: Path, chance: random.Random) -> None:
    """Add what a power cut leaves behind the last frame: zeroes, garbage, or the first part of a frame."""
    segments = sorted((home / "evidence/wal").glob("*.wal"))
    if not segments:
        return
    frame = encode_frame(10**6, [pair(1)] * 3)
    tail = chance.choice([bytes(4096), chance.randbytes(777), frame[: chance.randrange(1, len(frame))]])
    with segments[-1].open("ab") as stream:
        stream.write(tail)


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    chance = random.Random(20261121)
    acknowledged: dict[int, bytes] = {}
    heads: list[Checkpoint] = []
    for seed in range(KILLS):
        acknowledged |= kill_after(tmp_path, seed, chance.choice([0, 1, 3, 8, 20]))
        if seed % 2:
            tear(tmp_path, chance)
        with open_log(tmp_path) as log:
            reader = TileReader(log.folder, log.published_size)
            assert log.published_size == log.size >= len(acknowledged)
            for index, leaf in acknowledged.items():
                assert reader.entry(index) == leaf
                if index % 50 == 0:
                    assert log.find_record(f"record-{index}")[0] == index
            for head in heads:
                proof = reader.consistency(head.size)
                merkle.verify_consistency(head.size, log.size, proof, head.root, log.checkpoint.root)
            heads.append(log.checkpoint)
            assert audit(log.folder).checkpoint == log.checkpoint
    assert len(acknowledged) > KILLS


def test_a_second_process_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    child = start(tmp_path, 1)
    assert child.stdout is not None
    try:
        child.stdout.readline()
        with pytest.raises(LogBusyError):
            open_log(tmp_path)
    finally:
        child.kill()
        child.stdout.close()
        child.wait(30)
    open_log(tmp_path).close()


def test_an_audit_beside_a_living_writer_raises_no_false_alarm(tmp_path: Path) -> None:
    child = start(tmp_path, 5)
    assert child.stdout is not None
    try:
        sizes = []
        for _ in range(60):
            child.stdout.readline()
            sizes.append(audit(tmp_path / "evidence").checkpoint.size)
        assert sizes == sorted(sizes)
        assert sizes[-1] > sizes[0]
    finally:
        child.kill()
        child.stdout.close()
        child.wait(30)
