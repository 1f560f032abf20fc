"""条例 17: changes of law and duty, the ten working days they start, and the five more that may be asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from jutong.center.catalog import actions, duty_queries, queries
from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.errors import (
    ExtensionDecidedError,
    ExtensionPendingError,
    NoUpdateDueError,
)
from jutong.center.catalog.life import ChangeEvent, UpdateExtension
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.clocks.errors import ClockNotRunningError, ClockRanOutError, ExtensionTooLongError
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.enums import Role
from jutong.center.sharing.models import Notice
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import FIELDS, ITEMS, NOW, City, at

HAPPENED = date(2026, 11, 2)
TODAY = NOW.date()


def register(city: City, *codes: str, who: str = "steward", **changes: Any) -> ChangeEvent:
    words = {
        "kind": "regulation", "title": "婚姻登记条例修订", "basis": "国务院令第804号第七条", "happened_on": HAPPENED,
        "codes": codes, "by": city[who], "now": NOW,
    }  # fmt: skip
    return actions.register_change(**{**words, **changes})


def entries(city: City, *names: str) -> list[Entry]:
    return [city.published(name=name).entry for name in names]


def test_a_change_starts_the_clock_of_every_entry_it_touches(city: City):
    one, two = entries(city, "结婚登记信息", "离婚登记信息")
    event = register(city, one.code, two.code, one.code)
    clocks = StatutoryClock.objects.filter(period="SLA-CAT-UPD")
    assert {(row.subject_id, row.started_on, row.due_on, row.organisation) for row in clocks} == {
        (str(entry.id), HAPPENED, date(2026, 11, 16), city.civil) for entry in (one, two)
    }
    rows = duty_queries.touch_rows(event, list(duty_queries.touches(city["steward"], event)), TODAY)
    assert [(row.touch.entry, row.touch.version, row.clock and row.clock.remaining) for row in rows] == [
        (one, None, 5), (two, None, 5),
    ]  # fmt: skip
    told = Notice.objects.get(organisation=city.civil, link=f"/changes/{event.id}")
    assert (told.role, told.fields) == (Role.STEWARD, {"title": "婚姻登记条例修订", "count": "2"})
    assert str(event) == "婚姻登记条例修订"


def test_the_authority_registers_for_its_division_and_a_steward_for_the_own_department(city: City):
    (entry,) = entries(city, "结婚登记信息")
    event = register(city, entry.code, who="authority")
    assert duty_queries.change_event(city["steward"], event.id).registered_by.name == "林悦"
    assert duty_queries.change_event(city["authority"], event.id) == event
    assert [getattr(row, "count", 0) for row in duty_queries.change_events(city["authority"])] == [1]
    with pytest.raises(NotFoundError):
        duty_queries.change_event(city["stranger"], event.id)
    with pytest.raises(NotFoundError):
        register(city, entry.code, who="stranger")
    with pytest.raises(ForbiddenError):
        register(city, entry.code, who="office_head")
    with pytest.raises(NotFoundError):
        register(city, city.draft(name="草稿").entry.code)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"kind": "voluntary"}, "kind"),
        ({"kind": "nonsense"}, "kind"),
        ({"title": " "}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"basis": ""}, "basis"),
        ({"happened_on": TODAY + timedelta(days=1)}, "happened_on"),
        ({"codes": ()}, "entries"),
    ],
)
def test_a_change_names_what_when_and_on_what_basis(city: City, changes: dict[str, Any], place: str):
    (entry,) = entries(city, "结婚登记信息")
    with pytest.raises(InvalidInputError) as refused:
        register(city, entry.code, **changes)
    assert [row["place"] for row in refused.value.fields["problems"]] == [place]
    assert not ChangeEvent.objects.exists()


def test_nothing_is_registered_where_the_clock_cannot_be_counted(city: City):
    (entry,) = entries(city, "结婚登记信息")
    with pytest.raises(CalendarYearMissingError):
        register(city, entry.code, happened_on=date(2026, 12, 30), now=datetime(2026, 12, 31, 1, tzinfo=UTC))
    assert not ChangeEvent.objects.exists()


def test_a_running_clock_is_kept_because_it_ends_sooner(city: City):
    (entry,) = entries(city, "结婚登记信息")
    register(city, entry.code)
    register(city, entry.code, title="职责划转", kind="duty", happened_on=TODAY)
    assert StatutoryClock.objects.get(period="SLA-CAT-UPD").due_on == date(2026, 11, 16)


def test_the_new_version_answers_every_change_that_waits(city: City):
    (entry,) = entries(city, "结婚登记信息")
    first, second = register(city, entry.code), register(city, entry.code, kind="duty", title="职责划转")
    version = actions.new_version(entry=entry, by=city["steward"], now=NOW, change_note="按新条例修改")
    assert (version.trigger, version.change_note) == ("regulation", "按新条例修改")
    for event in (first, second):
        assert duty_queries.touches(city["steward"], event).get().version == version
    actions.discard(version=version, by=city["steward"], now=NOW)
    assert duty_queries.touches(city["steward"], first).get().version is None, "a version given up answers nothing"
    version = city.submit(actions.new_version(entry=entry, by=city["steward"], now=at(1)), at(1))
    assert StatutoryClock.objects.get(period="SLA-CAT-UPD").state == "met"
    actions.publish(version=version, by=city["authority"], now=at(1))
    voluntary = actions.new_version(entry=entry, by=city["steward"], now=at(2))
    assert voluntary.trigger == "voluntary"


def test_a_version_being_written_answers_a_change_and_one_under_review_does_not(city: City):
    written, reviewed = entries(city, "结婚登记信息", "离婚登记信息")
    being_written = actions.new_version(entry=written, by=city["steward"], now=NOW)
    city.submit(actions.new_version(entry=reviewed, by=city["steward"], now=NOW))
    event = register(city, written.code, reviewed.code)
    answers = {row.entry_id: row.version for row in duty_queries.touches(city["steward"], event)}
    assert answers == {written.id: being_written, reviewed.id: None}


def test_a_version_says_from_when_it_holds(city: City):
    entry = city.published().entry
    day = date(2026, 12, 1)
    version = actions.new_version(entry=entry, by=city["steward"], now=NOW, effective_from=day)
    version = actions.publish(version=city.submit(version), by=city["authority"], now=NOW)
    assert version.effective_from == day
    with pytest.raises(InvalidInputError):
        actions.new_version(entry=entry, by=city["steward"], now=NOW, change_note="长" * 501)


def test_five_more_days_need_the_authoritys_consent(city: City):
    (entry,) = entries(city, "结婚登记信息")
    register(city, entry.code)
    assert duty_queries.days_left_to_ask(entry, TODAY) == 5
    asked = actions.ask_extension(entry=entry, days=3, reason="等省里的细则", by=city["steward"], now=NOW)
    assert duty_queries.days_left_to_ask(entry, TODAY) == 0
    assert StatutoryClock.objects.get(period="SLA-CAT-UPD").due_on == date(2026, 11, 16)
    with pytest.raises(ExtensionPendingError):
        actions.ask_extension(entry=entry, days=1, reason="等", by=city["steward"], now=NOW)
    decided = decide(city, asked, consented=True)
    assert (decided.consented, decided.decided_by) == (True, city.user("authority"))
    clock = StatutoryClock.objects.get(period="SLA-CAT-UPD")
    assert (clock.due_on, clock.extension) == (date(2026, 11, 19), 3)
    assert duty_queries.days_left_to_ask(entry, TODAY) == 2
    with pytest.raises(ExtensionTooLongError):
        actions.ask_extension(entry=entry, days=3, reason="等", by=city["steward"], now=NOW)
    with pytest.raises(ExtensionDecidedError):
        decide(city, asked, consented=True)
    view = duty_queries.update_clock(entry, TODAY)
    assert view is not None
    assert view.remaining == 8


def decide(city: City, asked: UpdateExtension, **changes: Any) -> UpdateExtension:
    words = {"extension_id": asked.id, "consented": False, "note": "", "by": city["authority"], "now": NOW}
    return actions.decide_extension(**{**words, **changes})


def test_more_time_may_be_denied_with_a_reason(city: City):
    (entry,) = entries(city, "结婚登记信息")
    register(city, entry.code)
    asked = actions.ask_extension(entry=entry, days=5, reason="等省里的细则", by=city["steward"], now=NOW)
    with pytest.raises(InvalidInputError):
        decide(city, asked)
    with pytest.raises(ForbiddenError):
        decide(city, asked, by=city["steward"], note="不")
    denied = decide(city, asked, note="细则已发")
    assert (denied.consented, denied.note) == (False, "细则已发")
    assert StatutoryClock.objects.get(period="SLA-CAT-UPD").extension == 0
    assert Notice.objects.get(organisation=city.civil, text__contains="没有延长").fields["note"] == "细则已发"


def test_more_time_is_asked_for_in_time_by_the_department_itself(city: City):
    (entry,) = entries(city, "结婚登记信息")
    steward = city["steward"]
    with pytest.raises(NoUpdateDueError):
        actions.ask_extension(entry=entry, days=1, reason="等", by=steward, now=NOW)
    assert duty_queries.days_left_to_ask(entry, TODAY) == 0
    assert duty_queries.update_clock(entry, TODAY) is None
    register(city, entry.code)
    for days in (0, 6):
        with pytest.raises(ExtensionTooLongError):
            actions.ask_extension(entry=entry, days=days, reason="等", by=steward, now=NOW)
    with pytest.raises(InvalidInputError):
        actions.ask_extension(entry=entry, days=1, reason=" ", by=steward, now=NOW)
    with pytest.raises(NotFoundError):
        actions.ask_extension(entry=entry, days=1, reason="等", by=city["stranger"], now=NOW)
    with pytest.raises(ForbiddenError):
        actions.ask_extension(entry=entry, days=1, reason="等", by=city["authority"], now=NOW)
    with pytest.raises(ClockRanOutError):
        actions.ask_extension(entry=entry, days=1, reason="等", by=steward, now=at(20))
    assert duty_queries.days_left_to_ask(entry, at(20).date()) == 0


def test_a_request_is_seen_by_its_department_and_the_authority_of_its_division(city: City):
    (entry,) = entries(city, "结婚登记信息")
    register(city, entry.code)
    asked = actions.ask_extension(entry=entry, days=1, reason="等", by=city["steward"], now=NOW)
    for reader in ("steward", "authority"):
        assert duty_queries.extension(city[reader], asked.id) == asked
    with pytest.raises(NotFoundError):
        duty_queries.extension(city["stranger"], asked.id)
    with pytest.raises(NotFoundError):
        decide(city, UpdateExtension(id=entry.id), consented=True)
    city.submit(actions.new_version(entry=entry, by=city["steward"], now=NOW))
    with pytest.raises(ClockNotRunningError):
        decide(city, asked, consented=True)


def test_a_draft_given_up_leaves_the_lists_and_keeps_its_code(city: City):
    version = city.draft()
    version = actions.discard(version=version, by=city["steward"], now=NOW)
    assert version.state == VersionState.DISCARDED
    assert queries.my_entries(city["steward"], TODAY) == []
    assert city.draft().entry.code == "307010/00002"
    assert [row.state for row in EntryVersion.objects.order_by("entry__code")] == ["discarded", "draft"]


def test_any_two_versions_are_compared(city: City):
    entry = city.published().entry
    version = actions.new_version(entry=entry, by=city["steward"], now=NOW)
    changed = replace(FIELDS, update_cycle="weekly", is_open=True, related_codes=("307010/00009",))
    version = actions.edit_version(version=version, fields=changed, items=ITEMS, by=city["steward"], now=NOW)
    found = queries.compare(city["steward"], entry.code, 1, 2)
    texts = {change.field: (change.before_text, change.after_text) for change in found.changes}
    assert texts == {
        "update_cycle": ("每日", "每周"),
        "is_open": ("否", "是"),
        "related_codes": ("", "307010/00009"),
    }
    back = queries.compare(city["steward"], entry.code, 2, 1)
    assert {change.field for change in back.changes} == set(texts)
    with pytest.raises(NotFoundError):
        queries.compare(city["requester"], entry.code, 1, 2)
