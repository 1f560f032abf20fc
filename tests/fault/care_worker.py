"""Carries out works of care one after the other, each in a fork of its own that kills itself at a chosen moment.

A line of standard input is ``<moment> <home> <order>``; the answer is the number of moments there were, or ``killed``.
Moments are calls that change the disk: syncs, renames, removals, and commits, before and after. Moment 0 is never.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from jutong.contracts.library_care import CareOrder
from jutong.kernel.clock import utc_now
from jutong.library.care.work import run
from jutong.library.works import Place

WORK = "01939f5e-0000-7000-8000-000000000001"
COUNTED = 0


def trip(moment: int) -> None:
    """Have this process killed at a moment."""

    def tick() -> None:
        global COUNTED  # noqa: PLW0603 - one count for everything that is watched
        COUNTED += 1
        if moment == COUNTED:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def watch(*arguments: Any, **named: Any) -> Any:
            tick()
            found = call(*arguments, **named)
            tick()
            return found

        return watch

    for name in ("fsync", "rename", "unlink"):
        setattr(os, name, watched(getattr(os, name)))
    for name in ("create_write_transaction", "create_checkpoint"):
        setattr(DeltaTable, name, watched(getattr(DeltaTable, name)))


def carry_out(home: Path, order: str) -> None:
    """Carry out a work, or what of it a killed try left."""
    (home / "scratch").mkdir(exist_ok=True)

    def no_engine() -> Any:
        raise AssertionError

    place = Place(home, home / "library", home / "scratch", WORK, utc_now(), no_engine)
    os.environ["JUTONG_HOME"] = str(home)
    run(CareOrder.model_validate_json(order), place, lambda *_: None)


def main() -> None:
    """Answer lines until there are no more."""
    importlib.import_module("pandas")  # Arrow does so when it first meets numpy, which would be in every fork anew
    for line in sys.stdin:
        moment, home, order = line.split(" ", 2)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            trip(int(moment))
            carry_out(Path(home), order)
            os.write(writing, str(COUNTED).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        told = os.read(reading, 20).decode()
        os.close(reading)
        answer = "killed" if os.WIFSIGNALED(status) else told or f"failed {status}"
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
