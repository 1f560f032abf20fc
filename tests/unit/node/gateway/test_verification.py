from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from jutong.node.gateway.verification import as_text, compare


@pytest.mark.parametrize(
    ("value", "claim", "expected"),
    [
        ("张三", "张三", "yes"),
        ("张三", " 张三 ", "yes"),
        ("张三", "李四", "no"),
        ("33010219900101123X", "33010219900101123x", "yes"),
        ("ABC", "ＡＢＣ", "yes"),
        (date(2015, 1, 1), "2015-01-01", "yes"),
        (date(2015, 1, 1), "2015-1-1", "no"),
        (Decimal("12.50"), "12.5", "yes"),
        (12, "12.0", "yes"),
        (12, "十二", "no"),
        (True, "true", "yes"),
        (True, "1", "no"),
        (None, "", "unknown"),
        (None, "张三", "unknown"),
        ("", "", "yes"),
    ],
)
def test_one_claim(value: Any, claim: str, expected: str) -> None:
    assert compare([[value]], [claim]) == expected


def test_all_claims_must_hold_and_one_row_must_be_found() -> None:
    assert compare([["a", "b"]], ["a", "b"]) == "yes"
    assert compare([["a", "b"]], ["a", "x"]) == compare([["a", "b"]], ["x", "b"]) == "no"
    assert compare([], ["a", "b"]) == "unknown"
    assert compare([["a", "b"], ["a", "b"]], ["a", "b"]) == "unknown"
    assert compare([[None, "b"]], ["a", "x"]) == "unknown"


def test_values_as_text() -> None:
    assert [as_text(value) for value in (False, 1, 1.5, date(2026, 1, 31), "x")] == [
        "false",
        "1",
        "1.5",
        "2026-01-31",
        "x",
    ]
