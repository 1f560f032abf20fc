"""Batches nobody works on any more are brought to their end by the scan, and the job does the same for one."""

from __future__ import annotations

import pytest

from jutong.center.catalog import actions
from jutong.center.catalog.actions import runs
from jutong.center.catalog.enums import RunState
from jutong.center.catalog.life import BatchRun
from jutong.tasks import periodic, scans
from tests.center_world import NOW, City, build


@pytest.fixture
def city(db, settings) -> City:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return build()


@pytest.fixture
def run(city: City, monkeypatch: pytest.MonkeyPatch) -> BatchRun:
    monkeypatch.setattr(runs, "CHUNK", 1)
    ids = [city.draft(name=name).id for name in ("甲类信息", "乙类信息")]
    return actions.start_run(step="discard", ids=ids, by=city["steward"], now=NOW)


def test_a_batch_left_behind_is_brought_to_its_end(run: BatchRun):
    actions.carry_on(run_id=run.id, now=NOW)
    assert scans.carry_on_batches(NOW) == 1
    run.refresh_from_db()
    assert (run.state, run.succeeded) == (RunState.DONE, 2)
    assert scans.carry_on_batches(NOW) == 0


def test_the_job_takes_every_chunk(run: BatchRun):
    periodic.run_batch(run_id=str(run.id))
    run.refresh_from_db()
    assert (run.state, run.succeeded) == (RunState.DONE, 2)
