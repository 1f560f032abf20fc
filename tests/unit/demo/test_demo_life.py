"""The demonstration's entries on their way: each stands where its list looks for it, and loading twice adds nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jutong.center.catalog import worklists
from jutong.center.catalog.life import ChangeEvent, UpdateExtension
from jutong.center.catalog.models import EntryVersion
from jutong.center.catalog.worklists import Worklist
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.models import Post
from jutong.center.org.queries import actor_for
from jutong.demo import city_load, life_load

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_lists_and_clocks_show_something_once() -> None:
    city_load.load(NOW)
    life_load.load(NOW)
    assert not ChangeEvent.objects.exists(), "nothing is on its way where there is no catalog"
    city_load.load_catalog(NOW)
    life_load.load(NOW)
    life_load.load(NOW)
    people = {role: actor_for(post) for role, post in _posts().items()}
    waiting = {
        name: list(worklists.worklist(people[role], name).values_list("name", flat=True))
        for name, role in (
            (Worklist.REVIEW, "authority"), (Worklist.CONSENT, "department-head"), (Worklist.ASSESS, "steward"),
        )
    }  # fmt: skip
    assert {name: sorted(found) for name, found in waiting.items()} == {
        Worklist.REVIEW: sorted(life_load.SUBMITTED),
        Worklist.CONSENT: sorted(life_load.ASSESSED),
        Worklist.ASSESS: sorted(life_load.DRAFT),
    }
    assert ChangeEvent.objects.get().touches.count() == 2
    assert StatutoryClock.objects.filter(period="SLA-CAT-UPD", state="running").count() == 2
    assert UpdateExtension.objects.get().consented is None
    assert EntryVersion.objects.filter(state="returned").count() == 0


def _posts() -> dict[str, Post]:
    names = {"authority": "linyue", "department-head": "kangzhitong", "steward": "qiuluping"}
    return {role: Post.objects.get(user__username=name, role=role) for role, name in names.items()}
