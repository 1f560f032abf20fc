from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from jutong.node.connectors.moments import to_ms

TEN_24 = 1795141440000  # 2026-11-20 10:24 in Beijing
MIDNIGHT = 1795104000000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 11, 20, 2, 24, tzinfo=UTC), TEN_24),
        (datetime(2026, 11, 20, 10, 24), TEN_24),  # noqa: DTZ001 - a department's own clock
        (date(2026, 11, 20), MIDNIGHT),
        ("2026-11-20 10:24:00", TEN_24),
        ("2026/11/20", MIDNIGHT),
        (" 20261120 ", MIDNIGHT),
        ("20261120102400", TEN_24),
        (20261120, MIDNIGHT),
        (Decimal(20261120102400), TEN_24),
        (TEN_24 // 1000, TEN_24),
        (str(TEN_24), TEN_24),
        (float(TEN_24), TEN_24),
        (None, 0),
        (True, 0),
        (b"2026", 0),
        ("昨天", 0),
        ("20261340", 0),
        ("1" * 40, 0),
        (float("nan"), 0),
        (Decimal("Infinity"), 0),
        (1e300, 0),
        (7, 0),
        (date(1900, 1, 1), 0),
    ],
)
def test_an_instant_is_read_from_any_type(value: object, expected: int) -> None:
    assert to_ms(value) == expected
