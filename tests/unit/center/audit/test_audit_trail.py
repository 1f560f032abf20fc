from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from jutong.center.audit import actions, queries
from jutong.center.audit.models import AuditEvent
from jutong.center.audit.queries import PAGE_SIZE, TrailFilter
from jutong.center.org.actor import platform_actor
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import NOW, City


def write(
    city: City, number: int, *, event: str = "test:thing:do", kind: str = "thing", minutes: int = 0
) -> AuditEvent:
    with transaction.atomic():
        return actions.record(
            event=event, by=city["steward"], now=NOW + timedelta(minutes=minutes), subject_kind=kind,
            subject_id=number, subject_label="x" * 300, number=number,
        )  # fmt: skip


def test_an_event_tells_who_in_which_post_and_cuts_long_labels(city: City):
    event = write(city, 7)
    event.refresh_from_db()
    assert (event.actor_username, event.actor_role, event.organisation_name) == ("steward", "steward", "金河市民政局")
    assert len(event.subject_label) == 200
    assert event.details == {"number": 7}


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="inside the transaction"):
        actions.record(
            event="a:b:c", by=platform_actor("t"), now=NOW, subject_kind="thing", subject_id=1, subject_label=""
        )


@pytest.mark.parametrize("sql", ["UPDATE audit_auditevent SET event = 'x:y:z'", "DELETE FROM audit_auditevent"])
def test_the_database_refuses_to_change_or_remove_an_event(city: City, sql: str):
    event = write(city, 1)
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEvent.objects.get(id=event.id).event == "test:thing:do"


@pytest.mark.parametrize("name", ["steward", "authority", "leader", "system_admin", "security_admin"])
def test_only_the_auditor_reads_the_trail(city: City, name: str):
    with pytest.raises(ForbiddenError) as refused:
        queries.trail(city[name])
    assert "审计员" in refused.value.explain()


def test_the_trail_pages_without_gap_or_overlap(city: City):
    for number in range(PAGE_SIZE * 2 + 3):
        write(city, number, minutes=number // 7)
    seen: list[str] = []
    cursor = ""
    while True:
        page = queries.trail(city["auditor"], TrailFilter(event="test:"), cursor)
        seen += [row.subject_id for row in page.events]
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == PAGE_SIZE * 2 + 3
    assert set(seen) == {str(number) for number in range(PAGE_SIZE * 2 + 3)}


def test_filters_narrow_the_trail(city: City):
    write(city, 1)
    write(city, 2, event="test:other:do", kind="other", minutes=10)
    late = NOW + timedelta(minutes=5)

    def ids(**chosen: Any) -> list[str]:
        found = queries.trail(city["auditor"], TrailFilter(**{"event": "test:", **chosen}))
        return [row.subject_id for row in found.events]

    assert ids() == ["2", "1"]
    assert ids(event="test:other:do") == ["2"]
    assert ids(username="steward") == ["2", "1"]
    assert ids(username="nobody") == []
    assert ids(organisation_code=city.civil.code) == ["2", "1"]
    assert ids(subject_kind="thing") == ["1"]
    assert ids(subject_id="2") == ["2"]
    assert ids(since=late) == ["2"]
    assert ids(until=late) == ["1"]


@pytest.mark.parametrize("cursor", ["nonsense", "2026-01-01T00:00:00+00:00~nonsense", "~"])
def test_a_strange_cursor_is_an_input_error(city: City, cursor: str):
    with pytest.raises(InvalidInputError):
        queries.trail(city["auditor"], cursor=cursor)


def test_one_event_by_its_id(city: City):
    event = write(city, 3)
    assert queries.event(city["auditor"], str(event.id)) == event
    for wrong in ("nonsense", "00000000-0000-7000-8000-000000000000"):
        with pytest.raises(NotFoundError):
            queries.event(city["auditor"], wrong)
    with pytest.raises(ForbiddenError):
        queries.event(city["steward"], event.id)


def test_a_subject_has_its_events_in_order(city: City):
    write(city, 9, minutes=2)
    write(city, 9, event="test:thing:undo", minutes=1)
    assert [row.event for row in queries.of_subject("thing", 9)] == ["test:thing:undo", "test:thing:do"]
    assert [row.event for row in queries.of_subject("thing", 9, events=["test:thing:do"])] == ["test:thing:do"]
    assert queries.of_subject("thing", 10) == []
