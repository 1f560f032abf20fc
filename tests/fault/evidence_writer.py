"""A child that appends until it is killed, and says on standard output what was acknowledged.

python -m tests.fault.evidence_writer HOME SEED
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from tests.unit.evidence.support import open_log, pairs


def main(home: Path, seed: int) -> None:
    chance = random.Random(seed)
    print("start", flush=True)  # noqa: T201 - the parent reads it
    log = open_log(home, segment_bytes=chance.choice([3_000, 20_000, 1 << 20]))
    while True:
        first = log.size
        count = chance.choice([1, 1, 2, 7, 40, 300])
        batch = pairs(first, count)
        assert log.append(batch) == first
        print(first, *(leaf.hex() for leaf, _ in batch), flush=True)  # noqa: T201 - the parent reads it
        if chance.random() < 0.5:
            log.publish()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
