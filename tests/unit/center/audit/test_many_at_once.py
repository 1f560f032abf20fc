"""What is written for very many things at once is what is written for each of them alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.audit import actions as audit
from jutong.center.audit.actions import Subject, record_all
from jutong.center.audit.models import AuditEvent
from jutong.center.bulk import MANY, copy_rows
from jutong.center.org.actor import platform_actor
from jutong.center.sharing import telling
from jutong.center.sharing.models import Notice
from tests.sharing_world import NOW, build

pytestmark = pytest.mark.django_db
BY = platform_actor("scan")
ODD = 'tab\t"quote" \\N back\\slash\nline'


def told(event: str) -> list[dict[str, Any]]:
    rows = AuditEvent.objects.filter(event=event).order_by("subject_id").values()
    return [{name: value for name, value in row.items() if name not in {"id", "event"}} for row in rows]


def test_events_of_many_subjects_read_as_those_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    subjects = [Subject("clock", f"{at:04}", ODD * 20, {"days": at, "said": ODD, "none": None}) for at in range(MANY)]
    record_all(event="clocks:clock:many", by=BY, now=NOW, subjects=subjects)
    monkeypatch.setattr(audit, "MANY", MANY + 1)
    record_all(event="clocks:clock:few", by=BY, now=NOW, subjects=subjects)
    assert told("clocks:clock:many") == told("clocks:clock:few")
    assert len(told("clocks:clock:many")) == len(set(AuditEvent.objects.values_list("id", flat=True))) / 2 == MANY


def test_many_notices_are_those_of_few_and_are_carried_further(monkeypatch: pytest.MonkeyPatch) -> None:
    world, followed = build(), []
    monkeypatch.setattr(telling, "_FOLLOWERS", {"test": lambda notices: followed.append(list(notices))})
    rows = [Notice(organisation=world.civil, text=ODD, fields={"n": at, "label": ODD}, at=NOW) for at in range(MANY)]
    Notice.objects.bulk_create(rows)
    assert followed == [rows]
    assert not any(row._state.adding for row in rows)
    assert list(Notice.objects.order_by("id")) == sorted(rows, key=lambda row: row.id)
    found = {row.id: (row.organisation_id, row.role, row.text, row.fields, row.link, row.at) for row in rows}
    assert found == {
        row.id: (row.organisation_id, row.role, row.text, row.fields, row.link, row.at) for row in Notice.objects.all()
    }


def test_a_row_that_breaks_a_constraint_takes_all_with_it() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_rows(Notice, telling._NAMES, [(None, None, "", "x", {}, "", NOW)])
    assert not Notice.objects.exists()
