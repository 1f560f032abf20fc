"""The long tests run side by side with the others, by folder: one outside its folder would run nowhere."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
LONG = ("e2e", "fault", "fuzz")
NAMED_BESIDE = TESTS / "integration" / "test_test_plugins.py"
MARK = re.compile(rf"\bmark\.({'|'.join(LONG)})\b")


def test_every_long_test_lives_where_the_long_tests_are_started() -> None:
    marked = {path for path in TESTS.rglob("test_*.py") if MARK.search(path.read_text(encoding="utf-8"))}
    placed = {path for kind in LONG for path in (TESTS / kind).rglob("test_*.py")}
    assert placed
    assert marked - {Path(__file__)} == placed | {NAMED_BESIDE}
