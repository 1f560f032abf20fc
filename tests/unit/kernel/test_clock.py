from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from jutong.kernel.clock import BEIJING, civil_date, utc_now


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 21, 16, 0, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 21, 23, 59, tzinfo=BEIJING), date(2026, 11, 21)),
        (datetime(2026, 11, 21, 23, 59, tzinfo=timezone(timedelta(hours=-5))), date(2026, 11, 22)),
    ],
)
def test_the_civil_day_is_that_of_beijing(instant, day):
    assert civil_date(instant) == day


def test_an_instant_without_a_zone_has_no_civil_day():
    with pytest.raises(ValueError, match="naive"):
        civil_date(datetime(2026, 11, 21))  # noqa: DTZ001 - the point of the test


def test_now_is_aware():
    assert utc_now().tzinfo is UTC
