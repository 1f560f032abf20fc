from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.paging import CursorError, encode, newest_first
from jutong.center.usage.models import Access

WHEN = "2026-11-09T01:12:00+00:00"
ID = "0199c0de-0000-7000-8000-000000000001"


def written(*values: object) -> str:
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "%",
        "é",
        "AAAA",
        written(WHEN),
        written(WHEN, ID, ID),
        written(1, ID),
        written("gestern", ID),
        written("2026-11-09T01:12:00", ID),
        written(WHEN, "no-id"),
        written(WHEN, "\x00"),
    ],
)
def test_a_cursor_written_by_hand_is_refused(db, cursor):
    with pytest.raises(CursorError):
        newest_first(AuditEvent.objects.all(), "at", after=cursor)


def test_a_key_of_text_may_not_hold_what_no_column_keeps(db):
    with pytest.raises(CursorError):
        newest_first(Access.objects.all(), "at", key="record_id", after=encode((WHEN, "r\x00")))


def test_a_lists_own_cursor_goes_on(db):
    assert newest_first(AuditEvent.objects.all(), "at", after=encode((WHEN, ID))).rows == []
