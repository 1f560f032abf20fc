"""The outbox under a real worker: killed in the middle of a message, and raced for by several."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from jutong.center.notify import sending
from jutong.center.notify.models import Delivery
from jutong.runtime.postgres import Postgres
from tests import notify_steps as steps
from tests.integration.test_sharing_races import together
from tests.integration.test_worker import until, worker
from tests.notify_servers import http_server
from tests.sharing_world import NOW, build

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_queue(transactional_db) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def test_a_worker_killed_in_the_middle_repeats_one_message_and_loses_none(registry_server: Postgres) -> None:
    world, now = build(), timezone.now()
    with http_server() as box:
        steps.reach(steps.channel(world, "webhook", url=box.url), world.steward)
        for number in range(3):
            steps.notice(world, now=now, link=f"/applications/SQ20261109-000{number}")
        with worker(registry_server) as child:
            box.on_request = child.kill
            child.wait(timeout=60)
            assert len(box.requests) == 1
        assert Delivery.objects.filter(state="sent").count() == 0
        box.on_request = lambda: None
        Delivery.objects.filter(state="sending").update(claimed_until=now - timedelta(seconds=1))
        with worker(registry_server):
            until(lambda: Delivery.objects.filter(state="sent").count() == 3)
    keys = [headers["Idempotency-Key"] for _, headers, _ in box.requests]
    assert sorted(set(keys)) == sorted(str(pk) for pk in Delivery.objects.values_list("id", flat=True))
    assert len(keys) == 4
    assert keys.count(keys[0]) == 2


def test_a_message_is_claimed_once_however_many_ask_at_once() -> None:
    world = build()
    with http_server() as box:
        steps.reach(steps.channel(world, "webhook", url=box.url), world.steward)
        for _ in range(2):
            steps.notice(world)
        results = together(*[lambda: sending.claim(by=steps.BY, now=NOW) for _ in range(4)])
    taken = [result.delivery.id for result in results if isinstance(result, sending.Claim)]
    assert len(taken) == len(set(taken)) == 2
    assert set(Delivery.objects.values_list("state", "tries")) == {("sending", 1)}
