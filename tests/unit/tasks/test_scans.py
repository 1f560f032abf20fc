from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session

from jutong.center.clocks.models import StatutoryClock
from jutong.center.fleet.models import ReceivedReceipt
from jutong.center.sharing import actions
from jutong.center.sharing.models import Violation
from jutong.tasks import scans
from tests.sharing_steps import agreed, fresh, sharing, submitted
from tests.sharing_world import World, at, build, new_id


@pytest.fixture
def world(db) -> World:
    return build()


def test_a_breach_and_its_violation_are_written_together(world: World) -> None:
    application = submitted(world)
    assert scans.scan_breaches(at(10)) == 0
    assert scans.scan_breaches(at(20)) == 1
    assert scans.scan_breaches(at(20)) == 0
    assert Violation.objects.count() == 1
    assert fresh(application).state == "submitted"


def test_a_breach_whose_violation_cannot_be_written_is_found_again(world: World, monkeypatch) -> None:
    submitted(world)

    def broken(**_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("jutong.tasks.scans.supervision.record_breaches", broken)
        with pytest.raises(OSError, match="disk full"):
            scans.scan_breaches(at(20))
    assert StatutoryClock.objects.get().breached_at is None
    assert scans.scan_breaches(at(20)) == 1


def test_what_waits_is_ordered_and_what_is_over_ends(world: World) -> None:
    grant = agreed(world)
    assert scans.issue_waiting_grants(at(1)) == 0
    world.bind()
    assert scans.issue_waiting_grants(at(1)) == 1
    assert scans.expire_grants(at(1)) == 0
    assert scans.expire_grants(datetime(2027, 9, 1, tzinfo=UTC)) == 1
    assert fresh(grant).state == "expired"


def test_silent_jobs_are_said_to_be_unknown(world: World) -> None:
    from jutong.center.jobs.actions import order_job

    sharing(world)
    job = order_job(entry=world.entry, by=world.steward, now=at(0))
    assert scans.mark_unknown_jobs(at(1)) == 1
    assert fresh(job).state == "unknown"


def test_what_is_of_no_more_use_is_dropped(world: World) -> None:
    now = datetime.now(UTC)
    Session.objects.create(session_key="old", session_data="x", expire_date=at(-30))
    ReceivedReceipt.objects.create(id=new_id(), node=world.node, kind="health", envelope={}, received_at=at(-30))
    assert scans.clean_up(now) == 1
    assert not Session.objects.exists()


def test_an_entry_says_how_many_of_its_grants_are_in_use(world: World) -> None:
    grant = sharing(world)
    assert scans.count_uses(at(1)) == 1
    assert fresh(world.entry).use_count == 1
    assert scans.count_uses(at(1)) == 0
    actions.suspend_grant(grant=grant, reason="x", by=world.steward, now=at(2))
    assert scans.count_uses(at(2)) == 1
    assert fresh(world.entry).use_count == 0
