"""docs/permissions.md and docs/catalog-states.md show the tables the code decides by."""

from __future__ import annotations

from pathlib import Path

from jutong.center.catalog.rules import TRANSITIONS
from jutong.center.org.enums import Role
from jutong.center.org.permissions import PLATFORM_ROLE, RULES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def rows(name: str) -> list[str]:
    """The rows of the page's tables, without heading and rule."""
    lines = [line for line in (DOCS / name).read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return lines[1:]


def cells(*texts: object) -> str:
    return f"| {' | '.join(map(str, texts))} |"


def test_the_permissions_page_shows_the_matrix():
    order = (*map(str, Role), PLATFORM_ROLE)
    expected = []
    for rule in RULES:
        roles = ", ".join(f"`{role}`" for role in order if role in rule.roles)
        expected.append(cells(f"`{rule.permission.value}`", roles, rule.reason))
    assert rows("permissions.md") == expected


def test_the_states_page_shows_the_table_and_draws_it():
    expected = [
        cells(row.state.value, row.event.value, f"`{row.permission.value}`", row.guard, row.next.value, row.clause)
        for row in TRANSITIONS
    ]
    assert rows("catalog-states.md") == expected
    drawn = [line.strip() for line in (DOCS / "catalog-states.md").read_text(encoding="utf-8").splitlines()]
    for row in TRANSITIONS:
        assert f"{row.state.value} --> {row.next.value}: {row.event.value}" in drawn
