from __future__ import annotations

from jutong.center.catalog.enums import VersionState
from tests.center_world import City


def test_an_entry_travels_from_draft_to_publication(city: City):
    version = city.published()
    assert version.state == VersionState.PUBLISHED
    assert version.entry.code == "307010/00001"
