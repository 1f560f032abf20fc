"""kill -9 anywhere in a work of care: readers see the table as it was or as it will be, and a second run ends it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jutong.library.care.backup import check_set, vault_of
from jutong.library.care.examine import examine
from tests.unit.library.care.lake import CONSENTS, OWNER, bring, care, ids, number, people, table
from tests.unit.library.care.test_erasing import holds, task

pytestmark = pytest.mark.fault
ROOT = Path(__file__).parent.parent.parent
KILLS = 2
"""So many moments of each work, spread over all of them; JUTONG_TEST_KILLS=1000 tries every one."""
NAME = {"zone": "landed", "code": OWNER, "table": "person"}
EVERYBODY = [number(one) for one in range(4)]


class Worker:
    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.fault.care_worker"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, moment: int, home: Path, order: dict[str, Any]) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{moment} {home} {json.dumps({'task': order})}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    found = Worker()
    yield found
    found.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "model"
    monkeypatch.setenv("JUTONG_HOME", str(home))
    for one in range(4):
        bring(table(home / "library"), people(one))
    return home


def order_of(kind: str, home: Path) -> tuple[dict[str, Any], list[str]]:
    """Prepare a work; return its order and whom the table must have at its end."""
    person = table(home / "library")
    if kind == "tidy":
        keeping = {**NAME, "keep_days": 1, "most_small": 2}
        return {"kind": kind, "tables": [keeping]}, EVERYBODY
    if kind == "mend":
        write_deltalake(str(person), people(99), mode="append")
        return {"kind": kind, "table": NAME}, EVERYBODY
    if kind == "evolve":
        add = [{"name": "on", "type": "date"}]
        return {"kind": kind, "table": NAME, "add": add, "consents": CONSENTS}, EVERYBODY
    if kind == "erase":
        return task(home), [one for one in EVERYBODY if one != number(2)]
    if kind == "backup":
        return {"kind": kind}, EVERYBODY
    set_id = care(home, {"kind": "backup"}).set_id
    bring(person, people(7), "overwrite")
    return {"kind": "restore", "set_id": set_id}, EVERYBODY


@pytest.mark.parametrize("kind", ["tidy", "mend", "evolve", "erase", "backup", "restore"])
def test_a_killed_work_leaves_a_good_table_and_is_ended_by_a_second_run(
    worker: Worker, home: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, after = order_of(kind, home)
    before = examine(table(home / "library")).good
    was = ids(table(home / "library"), before)
    trial = tmp_path / "trial"
    shutil.copytree(home, trial)
    moments = int(worker.ask(0, trial, order))
    assert moments > 2
    kills = int(os.environ.get("JUTONG_TEST_KILLS", KILLS))
    for moment in sorted({1 + moments * part // (kills + 1) for part in range(1, kills + 1)}):
        shutil.rmtree(trial)
        shutil.copytree(home, trial)
        assert worker.ask(moment, trial, order) == "killed"
        person = table(trial / "library")
        good = examine(person, content=True).good
        assert ids(person, good) in (was, after), moment
        assert worker.ask(0, trial, order).isdigit(), moment
        assert ids(person) == after, moment
        assert examine(person, content=True).findings == (), moment
        if kind == "erase":
            assert holds(trial, number(2)) == [], moment
        if kind == "backup":
            monkeypatch.setenv("JUTONG_HOME", str(trial))
            assert check_set(vault_of(trial), vault_of(trial).sets()[0]) > 0
        bring(person, people(8).append_column("on", pa.nulls(1, pa.date32())) if kind == "evolve" else people(8))
        assert ids(person) == sorted([*after, number(8)])
