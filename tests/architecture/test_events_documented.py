"""docs/events.md names every audit event the center writes, and none it does not write."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CENTER = ROOT / "src" / "jutong" / "center"
EVENT = re.compile(r"[a-z]+:[a-z-]+:[a-z-]+")
OPEN_EVENT = re.compile(r"[a-z]+:([a-z-]+:)?")
VERB = re.compile(r"[a-z]+(-[a-z]+)*(:[a-z-]+)?")
WRITERS = {"note", "_note", "_record", "trace", "_trace"}
"""Helpers of the domains whose first argument is the verb, or object and verb, of an event."""


@cache
def documented() -> frozenset[str]:
    rows = (line.split("|")[1] for line in (ROOT / "docs" / "events.md").read_text().splitlines() if "| `" in line)
    found = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(found) == len(set(found)), "an event is listed twice"
    return frozenset(found)


def nodes() -> Iterator[ast.AST]:
    for path in sorted(CENTER.rglob("*.py")):
        if path.name != "permissions.py" and "migrations" not in path.parts:
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


@cache
def written() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Whole names, beginnings that an f-string goes on from, and the verbs handed to helpers."""
    whole, open_, verbs = set(), set(), set()
    for node in nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and EVENT.fullmatch(node.value):
            whole.add(node.value)
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            start = str(node.values[0].value)
            if OPEN_EVENT.fullmatch(start):
                open_.add(start)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            first = node.args[0]
            if name in WRITERS and isinstance(first, ast.Constant) and VERB.fullmatch(str(first.value)):
                verbs.add(str(first.value))
    return frozenset(whole), frozenset(open_), frozenset(verbs)


def test_events_read_domain_object_verb():
    assert len(documented()) > 60
    assert all(EVENT.fullmatch(name) for name in documented())


def test_every_event_of_the_code_is_documented():
    whole, open_, verbs = written()
    assert whole - documented() == set()
    assert {start for start in open_ if not any(name.startswith(start) for name in documented())} == set()
    assert {verb for verb in verbs if not any(name.endswith(":" + verb) for name in documented())} == set()


def test_every_documented_event_is_in_the_code():
    whole, open_, verbs = written()
    for name in documented() - whole:
        assert any(name.startswith(start) for start in open_), f"nothing writes {name}"
        rest = [name.removeprefix(start) for start in open_ if name.startswith(start)]
        ended = {text.rsplit(":", 1)[-1] for text in rest}
        assert ended & {verb.rsplit(":", 1)[-1] for verb in verbs} or _said(name), f"nothing writes {name}"


def _said(name: str) -> bool:
    """Whether the event's verb stands in the code of its domain as a text of its own, in an enum or a table."""
    domain, _, verb = name.split(":")
    return verb in _texts(domain)


@cache
def _texts(domain: str) -> frozenset[object]:
    return frozenset(
        node.value
        for path in sorted((CENTER / domain).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    )
