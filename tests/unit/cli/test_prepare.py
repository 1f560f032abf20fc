from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from jutong.cli import prepare
from jutong.kernel.errors import NotFoundError


@pytest.fixture
def done(monkeypatch):
    seen: list[str] = []
    monkeypatch.setattr(prepare, "migrate", lambda: seen.append("migrate"))
    monkeypatch.setattr(prepare, "load_norms", lambda: seen.append("norms"))
    monkeypatch.setattr(prepare, "load_demo", lambda: seen.append("demo"))
    return seen


@pytest.mark.parametrize(
    ("arguments", "steps"), [([], ["migrate", "norms"]), (["--demo"], ["migrate", "norms", "demo"])]
)
def test_the_demo_is_loaded_only_when_asked_for(done, arguments, steps):
    assert prepare.main(arguments) == 0
    assert done == steps


def test_a_named_error_is_the_last_line(monkeypatch, capsys):
    def fail():
        raise NotFoundError(what="X1")

    monkeypatch.setattr(prepare, "migrate", fail)
    assert prepare.main([]) == 1
    assert "kernel.object.not-found" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.django_db
def test_preparing_a_prepared_registry_changes_nothing(capsys):
    assert prepare.main([]) == 0
    assert "No migrations to apply" in capsys.readouterr().out


def test_the_demo_gets_the_settings_and_an_aware_time(monkeypatch):
    given: dict[str, Any] = {}
    load = types.ModuleType("jutong.demo.load")
    load.load = lambda settings, *, now: given.update(settings=settings, now=now)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jutong.demo.load", load)
    prepare.load_demo()
    assert given["settings"].port == 8300
    assert given["now"].tzinfo is not None
