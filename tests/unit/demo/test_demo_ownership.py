"""The demonstration shows a source, a proposal under way, a form to decide on, and systems with and without entries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jutong.center.catalog.models import Entry
from jutong.center.org.models import InformationSystem
from jutong.center.ownership.enums import DesignationState, FieldChoice, PlanState
from jutong.center.ownership.models import CollectionPlan, EntrySystem, SourceDesignation
from jutong.demo import city_load, ownership_load

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@pytest.fixture
def loaded(db, settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    city_load.load(NOW)
    city_load.load_catalog(NOW)
    ownership_load.load(NOW)


def test_the_pages_show_something_and_loading_twice_changes_nothing(loaded) -> None:
    states = SourceDesignation.objects.values_list("subject__name", "state", "organisation__short_name")
    assert set(states) == {
        ("出生日期", DesignationState.DESIGNATED, "市公安局"), ("婚姻状况", DesignationState.PROPOSED, "市公安局"),
    }  # fmt: skip
    plan = CollectionPlan.objects.get()
    assert plan.state == PlanState.SUBMITTED
    choices = list(plan.fields.values_list("choice", flat=True))
    assert {choice: choices.count(choice) for choice in FieldChoice.values} == {"reuse": 3, "justify": 1, "collect": 2}
    linked = set(EntrySystem.objects.values_list("system__name", flat=True))
    assert "婚姻登记系统" in linked
    assert InformationSystem.objects.exclude(name__in=linked).exists()
    opened = Entry.objects.filter(is_open=True).exclude(published__items__is_open=True)
    assert opened.count() < Entry.objects.filter(is_open=True).count()
    before = SourceDesignation.objects.count(), EntrySystem.objects.count()
    ownership_load.load(NOW)
    assert (SourceDesignation.objects.count(), EntrySystem.objects.count()) == before


def test_without_people_or_data_nothing_is_shown_and_nothing_fails(db) -> None:
    ownership_load.load(NOW)
    assert not SourceDesignation.objects.exists()
    assert not CollectionPlan.objects.exists()
