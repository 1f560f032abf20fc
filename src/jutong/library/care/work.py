"""The work ``care``: one task of keeping the library in order, as a node carries it out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jutong.contracts.library_care import (
    BackupTask,
    CareOrder,
    CareResult,
    EraseTask,
    EvolveTask,
    ExamineTask,
    MendTask,
    ProveTask,
    RestoreTask,
    TableCared,
    TidyTask,
)
from jutong.library.care import erasing, keeping
from jutong.library.care.each import each, folder_of, require
from jutong.library.care.examine import examine, remember, tables_of
from jutong.library.care.mending import evolve, mend
from jutong.library.care.names import name_of
from jutong.library.care.pins import pin_fusions
from jutong.library.care.tidy import tidy
from jutong.library.works import Place, Tell


def run(order: CareOrder, place: Place, tell: Tell) -> CareResult:
    """Carry out one task.

    Raises:
        JutongError: of the task; what was done to tables before is done, and is found when the work is taken up again.
    """
    task = order.task
    does: dict[type, Callable[[Any, Place, Tell], CareResult]] = {
        TidyTask: _tidied,
        ExamineTask: _examined,
        MendTask: _mended,
        EvolveTask: _evolved,
        EraseTask: erasing.erased,
        ProveTask: erasing.proven,
        BackupTask: keeping.backed_up,
        RestoreTask: keeping.restored,
    }
    return does[type(task)](task, place, tell)


def _tidied(task: TidyTask, place: Place, tell: Tell) -> CareResult:
    def one(path: Path, number: int) -> TableCared:
        return tidy(path, task.tables[number], work_id=place.work_id, now=place.now, dry=task.dry)

    pin_fusions(place.library)
    return CareResult(kind=task.kind, tables=each(task.tables, place, tell, "tidying", one))


def _examined(task: ExamineTask, place: Place, tell: Tell) -> CareResult:
    names = task.tables or tuple(name_of(path) for path in tables_of(place.library))

    def one(path: Path, number: int) -> TableCared:
        found = examine(path, content=task.content)
        if not found.findings:
            remember(path, found.good)
        return TableCared(
            table=names[number], version=found.version, good=found.good, rows=max(found.rows, 0), digest=found.digest,
            findings=found.findings,
        )  # fmt: skip

    return CareResult(kind=task.kind, tables=each(names, place, tell, "examining", one))


def _mended(task: MendTask, place: Place, tell: Tell) -> CareResult:
    tell("mending", 0, 1)
    path = folder_of(place, task.table)
    return CareResult(kind=task.kind, tables=(mend(path, work_id=place.work_id, now=place.now),))


def _evolved(task: EvolveTask, place: Place, tell: Tell) -> CareResult:
    require(task.consents, "owner", "authority")
    tell("evolving", 0, 1)
    path = folder_of(place, task.table)
    cared = evolve(path, task.add, work_id=place.work_id, now=place.now)
    return CareResult(kind=task.kind, tables=(cared,), consents=task.consents)
