from __future__ import annotations

import dataclasses

import psycopg
import pytest

from jutong.kernel.settings import Settings
from jutong.runtime import prepared
from jutong.runtime.home import Home


@pytest.fixture
def settings(tmp_path):
    Home(tmp_path / "home").prepare()
    return Settings(home=tmp_path / "home")


@pytest.fixture
def address(registry_server):
    found = registry_server.ensure_database("prepared", "prepared", "p")
    with psycopg.connect(found) as connection:
        connection.execute("DROP TABLE IF EXISTS django_migrations")
    return found


def migrated(address: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS django_migrations (id int, app text, name text, applied text)")
        connection.execute("INSERT INTO django_migrations VALUES (1, 'org', '0001', now())")


def test_never_prepared_is_not_current(settings, address):
    assert not prepared.is_current(settings, address, demo=False)
    (settings.home / "run" / "prepared.json").write_text("{")
    assert not prepared.is_current(settings, address, demo=False)


def test_prepared_stays_current_until_it_is_forgotten(settings, address):
    migrated(address)
    prepared.remember(settings, address, demo=False)
    assert prepared.is_current(settings, address, demo=False)
    assert not prepared.is_current(settings, address, demo=True)
    prepared.remember(settings, address, demo=True)
    assert prepared.is_current(settings, address, demo=False)
    prepared.forget(settings)
    assert not prepared.is_current(settings, address, demo=True)


def test_another_registry_another_program_or_another_setting_is_not_current(settings, address, monkeypatch, tmp_path):
    prepared.remember(settings, address, demo=False)
    assert not prepared.is_current(dataclasses.replace(settings, port=9999), address, demo=False)
    migrated(address)
    assert not prepared.is_current(settings, address, demo=False)
    prepared.remember(settings, address, demo=False)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "new.py").touch()
    monkeypatch.setattr(prepared, "PACKAGE", tmp_path / "package")
    assert not prepared.is_current(settings, address, demo=False)


def test_compiled_files_do_not_count(monkeypatch, tmp_path):
    (tmp_path / "module.py").write_text("x = 1")
    monkeypatch.setattr(prepared, "PACKAGE", tmp_path)
    first = prepared.program()
    (tmp_path / "module.pyc").touch()
    assert prepared.program() == first
    (tmp_path / "module.py").rename(tmp_path / "renamed.py")
    assert prepared.program() != first
