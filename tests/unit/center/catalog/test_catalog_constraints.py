from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from jutong.center.catalog.enums import AssessmentKind, VersionState
from jutong.center.catalog.models import EntryVersion, Item
from tests.catalog_steps import assess, reach
from tests.center_world import NOW, City


@pytest.mark.parametrize(
    ("state", "constraint", "change"),
    [
        (VersionState.DRAFT, "version_consent_paired", {"consented_at": NOW}),
        (VersionState.DRAFT, "version_decision_paired", {"decided_at": NOW}),
        (VersionState.DRAFT, "published_version_is_dated", {"state": "published"}),
        (VersionState.DRAFT, "submitted_version_is_consented", {"state": "submitted", "submitted_at": NOW}),
        (VersionState.DRAFT, "return_gives_reason", {"state": "returned"}),
        (VersionState.PUBLISHED, "not_shared_names_its_basis", {"share_attribute": "none"}),
        (VersionState.SUPERSEDED, "one_published_version_per_entry", {"state": "published"}),
        (VersionState.SUPERSEDED, "version_number_once", {"number": 2}),
    ],
)
def test_the_database_holds_a_version_together(
    city: City, state: VersionState, constraint: str, change: dict[str, object]
):
    version = reach(city, state)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        EntryVersion.objects.filter(id=version.id).update(**change)


@pytest.mark.parametrize(
    ("constraint", "change"), [("item_name_once", {"name": "姓名"}), ("item_position_once", {"position": 2})]
)
def test_the_database_holds_items_apart(city: City, constraint: str, change: dict[str, object]):
    version = city.draft()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Item.objects.filter(version=version, position=1).update(**change)


def test_the_database_keeps_one_assessment_of_a_kind(city: City):
    version = assess(city, city.draft())
    kept = version.assessments.get(kind=AssessmentKind.SECRECY)
    kept.pk = None
    with pytest.raises(IntegrityError, match="assessment_once"), transaction.atomic():
        kept.save(force_insert=True)
