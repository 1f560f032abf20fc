"""The commands in our own process; the supervisor they start is a stand-in here and real in tests/fault."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types

import pytest
from click.testing import CliRunner

from jutong.cli import about, instance
from jutong.kernel import settings as jutong_settings
from jutong.runtime import control, state
from jutong.runtime.errors import AlreadyRunningError, DetachedStartError, NotAHomeError, PreparationError
from jutong.runtime.home import Home


@pytest.fixture
def home(tmp_path, monkeypatch):
    found = Home(tmp_path / "home")
    monkeypatch.setenv("JUTONG_HOME", str(found.path))
    monkeypatch.setenv("JUTONG_PORT", "9100")
    monkeypatch.delenv("JUTONG_DATABASE_URL")
    return found


@pytest.fixture
def supervisor(monkeypatch):
    """Stands in for the supervisor and remembers what it was given."""
    seen = types.SimpleNamespace(settings=None, prepare=None)

    class Stand:
        def __init__(self, settings, *, clock, say, prepare, load_demo):
            assert clock().tzinfo is not None
            assert load_demo == ("--demo" in prepare)
            seen.settings, seen.prepare = settings, prepare

        def run(self, on_ready):
            on_ready()

    monkeypatch.setattr(instance, "Supervisor", Stand)
    return seen


@pytest.fixture
def demo_accounts(monkeypatch):
    load = types.ModuleType("jutong.demo.load")
    load.accounts = lambda: [("数据专员", "zhang", "pass-word", "金河市教育局")]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jutong.demo.load", load)


def run(command, *arguments, **more):
    return CliRunner().invoke(command, list(arguments), **more)


@pytest.mark.parametrize(
    ("role", "shown"),
    [("all", ["http://127.0.0.1:9100", "http://127.0.0.1:9101"]), ("center", [":9100"]), ("node", [":9101"])],
)
def test_up_says_where_the_platform_is(home, supervisor, monkeypatch, role, shown):
    monkeypatch.setenv("JUTONG_ROLE", role)
    done = run(instance.up)
    assert done.exit_code == 0, done.output
    assert all(text in done.output for text in (*shown, str(home.path), "Ctrl-C"))
    assert not supervisor.settings.demo
    assert "--demo" not in supervisor.prepare


def test_up_with_the_demo_prints_the_accounts_and_remembers(home, supervisor, demo_accounts):
    done = run(instance.up, "--demo")
    assert "zhang" in done.output
    assert "虚构" in done.output
    assert supervisor.prepare[-1] == "--demo"
    assert home.holds_demo()
    again = run(instance.up)
    assert supervisor.settings.demo
    assert "--demo" not in supervisor.prepare
    assert "zhang" not in again.output


def test_detached_it_returns_when_the_instance_is_ready(home, monkeypatch, demo_accounts):
    given = []
    monkeypatch.setattr(control, "start_detached", lambda *args: given.append(args))
    done = run(instance.up, "--detach", "--demo")
    assert done.exit_code == 0
    assert "zhang" in done.output
    assert "jutong down" in done.output
    assert given[0][1][-2:] == ["up", "--demo"]
    assert given[0][2]["JUTONG_HOME"] == str(home.path)


def test_detached_twice_is_refused(home):
    home.prepare()
    with home.lock(state.LOCK):
        assert isinstance(run(instance.up, "--detach").exception, AlreadyRunningError)


def test_a_detached_start_that_ends_early_says_what_it_said(home):
    command = [sys.executable, "-c", "import sys; sys.exit('the port is taken')"]
    with pytest.raises(DetachedStartError) as caught:
        control.start_detached(home, command, os.environ)
    assert "the port is taken" in caught.value.explain()


def test_nothing_running_is_told_and_ends_with_three(home):
    done = run(instance.status)
    assert done.exit_code == instance.STOPPED_EXIT
    assert str(home.path) in done.output
    assert run(instance.down).exit_code == 0
    found = json.loads(run(instance.status, "--json").output)
    assert found["running"] is False
    assert found["phase"] == "stopped"


def test_what_runs_is_told(home):
    home.prepare()
    rows = [
        state.ProcessState("worker", os.getpid(), state.birth(os.getpid()), 2, None, "worker.log"),
        state.ProcessState("web", os.getpid(), state.birth(os.getpid()), 0, 1, "web.log"),
        state.ProcessState("gateway", None, 0, 1, 9101, "gateway.log"),
    ]
    with home.lock(state.LOCK):
        assert json.loads(run(instance.status, "--json").output)["phase"] == "starting"
        state.State(os.getpid(), "all", "http://x:9100", state.READY, "now", "embedded", rows).write(home)
        done = run(instance.status)
        found = json.loads(run(instance.status, "--json").output)
    assert done.exit_code == 0
    lines = [line.split() for line in done.output.splitlines()]
    conditions = {line[0]: " ".join(line[3:-2]) for line in lines if line and line[0] in {"worker", "web", "gateway"}}
    assert conditions == {"worker": "ok", "web": "no answer", "gateway": "down"}
    assert [row["healthy"] for row in found["processes"]] == [True, False, False]


def test_reset_asks_first(home):
    home.prepare()
    done = run(instance.reset, input="n\n")
    assert done.exit_code == 1
    assert str(home.path) in done.output
    assert home.is_ours()


def test_reset_erases_and_leaves_an_external_registry(home, monkeypatch):
    home.prepare()
    (home.run / "socket-folder").write_text(str(home.run / "gone"))
    monkeypatch.setenv("JUTONG_DATABASE_URL", "postgresql://x/y")
    done = run(instance.reset, "--yes")
    assert done.exit_code == 0, done.output
    assert "JUTONG_DATABASE_URL" in done.output
    assert list(home.path.iterdir()) == []


def test_reset_refuses_a_folder_that_is_not_ours(home):
    home.path.mkdir()
    (home.path / "thesis").touch()
    assert isinstance(run(instance.reset, "--yes").exception, NotAHomeError)
    with pytest.raises(NotAHomeError):
        control.erase(home)
    assert (home.path / "thesis").exists()


@pytest.mark.parametrize(("code", "error"), [(0, None), (1, PreparationError)])
def test_migrate_reports_how_it_went(home, monkeypatch, registry_server, code, error):
    monkeypatch.setenv("JUTONG_DATABASE_URL", registry_server.ensure_database("migrate_cli", "migrate_cli", "p"))
    monkeypatch.setattr(
        instance, "preparation", lambda *, demo: [sys.executable, "-c", f"raise SystemExit({code} + {int(demo)})"]
    )
    done = run(instance.migrate)
    if error is None:
        assert done.exit_code == 0, done.output
    else:
        assert isinstance(done.exception, error)


def test_settings_hides_secrets_and_shows_everything_else(monkeypatch):
    monkeypatch.setenv("JUTONG_DATABASE_URL", "postgresql://a:topsecret@x/y")
    monkeypatch.setenv("JUTONG_OIDC_SECRET", "hush-hush")
    done = run(about.settings)
    assert "topsecret" not in done.output
    assert "hush-hush" not in done.output
    assert all(row[0] in done.output for row in jutong_settings.describe())


def test_settings_writes_the_table_of_the_operators_page():
    assert run(about.settings, "--markdown").output.strip() == about.settings_table()


def test_the_version_is_told():
    done = subprocess.run(
        [sys.executable, "-m", "jutong.cli.main", "version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("jutong 0.")
