"""What the evidence log costs: appends with a sync per batch, proofs out of a million entries, a full audit.

The disk's own sync and ``tlog-scales``, an independent implementation, are measured in the same minute.
Entries have 120 bytes. ``python bench/evidence.py [ENTRIES]`` takes another size of the large log.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
import time
import warnings
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from _report import OUT, Report, percentile
from jutong.evidence.audit import audit
from jutong.evidence.log import EvidenceLog
from jutong.evidence.merkle import leaf_hash, verify_inclusion
from jutong.evidence.sequencer import Sequencer
from jutong.evidence.tiles import TileReader
from jutong.evidence.wal import Pair, encode_frame
from jutong.kernel.keys import Ed25519Signer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tlog_scales.backend import LocalBackend
    from tlog_scales.reader import TilesReader
    from tlog_scales.signing import PlainEd25519Signer
    from tlog_scales.writer import TilesWriter

ENTRY_BYTES = 120
ATTACHMENT = b'{"record":{}}' + b" " * 387
SECONDS = 2.0
PROOFS = 1000
GOAL_APPENDS = 10_000
GOAL_PROOF_MS = 50.0
GOAL_ACK_MS = 1000.0
ORIGIN = "bench.example/log"
SIGNER = Ed25519Signer("bench", Ed25519PrivateKey.generate())


def entry(number: int) -> bytes:
    return b"%0*d" % (ENTRY_BYTES, number)


def batch(first: int, count: int, attachment: bytes = ATTACHMENT) -> list[Pair]:
    return [(entry(first + at), attachment) for at in range(count)]


def open_log(folder: Path) -> EvidenceLog:
    return EvidenceLog(folder / "evidence", signer=SIGNER, origin=ORIGIN)


def bare_syncs(folder: Path, count: int) -> float:
    """Return how many entries a second the disk takes when the same bytes are written and synced, and nothing else."""
    frame = encode_frame(0, batch(0, count))
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < SECONDS / 2:
        os.write(descriptor, frame)
        os.fdatasync(descriptor)
        done += count
    elapsed = time.perf_counter() - started
    os.close(descriptor)
    return done / elapsed


def appends(report: Report, folder: Path, count: int) -> None:
    bare = bare_syncs(folder, count)
    times: list[float] = []
    with open_log(folder / f"batch-{count}") as log:
        started = published = time.perf_counter()
        while time.perf_counter() - started < SECONDS:
            given = batch(log.size, count)
            before = time.perf_counter()
            log.append(given)
            times.append(time.perf_counter() - before)
            if time.perf_counter() - published > 1:
                log.publish()
                published = time.perf_counter()
        log.publish()
        rate = log.size / (time.perf_counter() - started)
    goal = (f">= {GOAL_APPENDS:,}", rate >= GOAL_APPENDS) if count == 1000 else (None, None)
    name = f"appends, sync per {count}; peer: bare write and sync"
    report.row(name, rate, "entries/s", goal=goal[0], met=goal[1], peer=bare)
    report.row(f"  commit p50, sync per {count}", percentile(times, 0.5) * 1000, "ms")
    p99 = percentile(times, 0.99) * 1000
    report.row(f"  commit p99, sync per {count}", p99, "ms", goal=f"<= {GOAL_ACK_MS:.0f}", met=p99 <= GOAL_ACK_MS)


async def sequenced(report: Report, folder: Path, callers: int) -> None:
    """Callers that each wait for their own entry, as the gateway's do."""
    times: list[float] = []
    with open_log(folder / f"callers-{callers}") as log:
        async with Sequencer(log) as sequencer:
            started = time.perf_counter()

            async def call() -> None:
                while time.perf_counter() - started < SECONDS:
                    before = time.perf_counter()
                    await sequencer.append(entry(0), ATTACHMENT)
                    times.append(time.perf_counter() - before)

            await asyncio.gather(*(call() for _ in range(callers)))
            rate = len(times) / (time.perf_counter() - started)
            before = time.perf_counter()
            await sequencer.receipt(await sequencer.append(entry(0), ATTACHMENT))
            receipt = time.perf_counter() - before
    report.row(f"group commit, {callers} callers waiting each", rate, "entries/s")
    report.row(f"  answer p99, {callers} callers", percentile(times, 0.99) * 1000, "ms")
    report.row(f"  receipt after append, {callers} callers", receipt, "s", goal="< 2", met=receipt < 2)


def grow(report: Report, folder: Path, size: int) -> Path:
    """Build the large log, synced every 1,000 entries."""
    with open_log(folder / "large") as log:
        started = published = time.perf_counter()
        while log.size < size:
            log.append(batch(log.size, min(1000, size - log.size), b""))
            if time.perf_counter() - published > 1:
                log.publish()
                published = time.perf_counter()
        log.publish()
        elapsed = time.perf_counter() - started
    report.row(f"build {size:,} entries, sync per 1000", size / elapsed, "entries/s")
    found = folder / "large/evidence"
    octets = sum(path.stat().st_size for path in found.rglob("*") if path.is_file())
    report.row("  disk, tiles and bundles", octets / size, "bytes/entry")
    return found


def proofs(report: Report, folder: Path, size: int) -> None:
    chance = random.Random(1)
    places = [chance.randrange(size) for _ in range(PROOFS)]
    root = TileReader(folder, size).root()
    ours, theirs, checks = [], [], []
    for at in places:
        before = time.perf_counter()
        proof = TileReader(folder, size).inclusion(at)
        ours.append(time.perf_counter() - before)
        before = time.perf_counter()
        verify_inclusion(at, size, leaf_hash(entry(at)), proof, root)
        checks.append(time.perf_counter() - before)
        oracle = TilesReader(LocalBackend(folder))
        oracle.set_size(size)
        before = time.perf_counter()
        assert oracle.get_inclusion_proof(at, size).node_hashes == proof
        theirs.append(time.perf_counter() - before)
    for share in (0.5, 0.95):
        value, peer = percentile(ours, share) * 1000, percentile(theirs, share) * 1000
        name = f"inclusion proof p{share * 100:.0f} at {size:,}, fresh reader; peer: tlog-scales"
        goal = (f"<= {GOAL_PROOF_MS:.0f}", value <= GOAL_PROOF_MS) if share > 0.9 else (None, None)
        report.row(name, value, "ms", goal=goal[0], met=goal[1], peer=peer)
    report.row("  verify one proof p50", percentile(checks, 0.5) * 1000, "ms")
    reader, warm = TileReader(folder, size), []
    for old in places[:200]:
        before = time.perf_counter()
        reader.consistency(old + 1)
        warm.append(time.perf_counter() - before)
    report.row("  consistency proof p50", percentile(warm, 0.5) * 1000, "ms")


def audits(report: Report, folder: Path, size: int) -> None:
    started = time.perf_counter()
    assert audit(folder).checkpoint.size == size
    elapsed = time.perf_counter() - started
    report.row(f"full audit of {size:,} entries", elapsed, "s")


def peers(report: Report, folder: Path) -> None:
    """tlog-scales on fewer entries, committed every 1,000; it syncs every tile it writes."""
    count = 20_000
    writer = TilesWriter.create(folder / "scales", ORIGIN)
    signer = PlainEd25519Signer(ORIGIN, SIGNER.private)
    started = time.perf_counter()
    for number in range(count):
        writer.add_leaf(entry(number))
        if number % 1000 == 999:
            writer.commit([signer])
    theirs = count / (time.perf_counter() - started)
    with open_log(folder / "ours") as log:
        started = time.perf_counter()
        for first in range(0, count, 1000):
            log.append(batch(first, 1000, b""))
            log.publish()
        ours = count / (time.perf_counter() - started)
    report.row("appends, publish per 1000; peer: tlog-scales", ours, "entries/s", peer=theirs)


def main(size: int) -> None:
    report = Report("evidence")
    folder = OUT / f"evidence-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        for count in (1, 10, 100, 1000):
            appends(report, folder, count)
        for callers in (1, 64):
            asyncio.run(sequenced(report, folder, callers))
        peers(report, folder)
        large = grow(report, folder, size)
        proofs(report, large, size)
        audits(report, large, size)
    finally:
        shutil.rmtree(folder)
    report.finish()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
