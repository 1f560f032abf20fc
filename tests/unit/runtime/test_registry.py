from __future__ import annotations

import pytest

from jutong.kernel.settings import Settings
from jutong.runtime import registry
from jutong.runtime.errors import DatabaseUnreachableError, DatabaseVersionError
from jutong.runtime.home import Home
from jutong.runtime.postgres import Postgres


def test_an_external_registry_is_only_looked_at(tmp_path, registry_server):
    url = registry_server.ensure_database("looked_at", "looked_at", "p")
    settings = Settings(home=tmp_path / "home", database_url=url)
    with registry.opened(settings) as server:
        assert server is None
    assert not (tmp_path / "home" / "registry").exists()
    assert not Home(settings.home).dsn_file.exists()


def test_one_that_does_not_answer_is_named_without_its_password(tmp_path):
    settings = Settings(home=tmp_path / "home", database_url="postgresql://a:topsecret@127.0.0.1:1/x")
    with pytest.raises(DatabaseUnreachableError) as caught:
        registry.start(settings)
    assert "topsecret" not in str(caught.value)
    assert "127.0.0.1" in caught.value.explain()


def test_one_that_is_too_old_is_named(monkeypatch, registry_server):
    monkeypatch.setattr(registry, "OLDEST", 9990000)
    with pytest.raises(DatabaseVersionError) as caught:
        registry.check_external(registry_server.ensure_database("too_old", "too_old", "p"))
    assert caught.value.fields["found"] >= 15


def test_a_command_starts_the_embedded_one_and_stops_it_again(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path / "h")
    with registry.opened(settings) as server:
        assert server is not None
        assert Home(settings.home).dsn_file.read_text().strip() == server.dsn
        with registry.opened(settings) as again:
            assert again is not None
            assert again.pid() == server.pid()
        assert server.is_running()
    assert not Postgres(settings.home).is_running()
    assert len(Home(settings.home).secret("session.secret")) >= 32


def test_a_start_that_fails_half_way_leaves_no_server(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path / "h")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(registry, "write_private", full)
    with pytest.raises(OSError, match="No space"):
        registry.start(settings)
    assert Postgres(settings.home).pid() is None
