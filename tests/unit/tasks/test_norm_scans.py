from __future__ import annotations

import pytest

from jutong.center.catalog.models import Entry
from jutong.center.norms.models import ConformanceRun
from jutong.tasks import periodic, scans
from tests.center_world import NOW, build

pytestmark = pytest.mark.django_db


def test_entries_without_a_score_get_one_and_departments_are_run_at_night(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    build().published()
    assert scans.rate_new_entries(NOW) == 1
    assert scans.rate_new_entries(NOW) == 0
    assert Entry.objects.get().quality is not None
    assert not ConformanceRun.objects.exists()
    assert scans.run_norms(NOW) == 1
    assert ConformanceRun.objects.get().by == ""


def test_they_are_jobs_and_the_long_one_waits_for_the_night():
    assert "rate-new-entries" in periodic.SCANS
    assert "run-norms" not in periodic.SCANS
