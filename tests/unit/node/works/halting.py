"""A work's process whose function stops in the middle of its first try, and commits in a later one."""

from __future__ import annotations

import sys
import time

from jutong.contracts.engines import TryEngineOrder, TryEngineResult
from jutong.library.works import Place, Tell
from jutong.node.works import KINDS, Kind, run


def halt(order: TryEngineOrder, place: Place, tell: Tell) -> TryEngineResult:
    tell("begin", 1, 2)
    first = place.scratch / "first"
    if not first.exists():
        first.write_text(place.now.isoformat())
        while True:
            time.sleep(3600)  # until it is killed
    tell("commit", 2, 2)
    same = first.read_text() == place.now.isoformat()
    return TryEngineResult(engine=order.address, rows=int(same), digest=place.work_id, took_ms=0)


if __name__ == "__main__":
    KINDS["halt"] = Kind(TryEngineOrder, TryEngineResult, "tests.unit.node.works.halting:halt")
    sys.exit(run.main())
