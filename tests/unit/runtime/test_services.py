from __future__ import annotations

import socket
import sys

import pytest

from jutong.kernel.settings import Settings
from jutong.runtime import bundle, ports, services
from jutong.runtime.errors import BundleMissingError, PortForbiddenError, PortInUseError


@pytest.mark.parametrize(
    ("role", "names", "registry"),
    [
        ("all", ["web", "gateway", "worker"], True),
        ("center", ["web", "worker"], True),
        ("node", ["gateway"], False),
    ],
)
def test_each_role_runs_its_processes(role, names, registry):
    settings = Settings(role=role, port=9000)
    found = services.services_for(settings)
    assert [service.name for service in found] == names
    assert services.needs_registry(settings) is registry


def test_commands_run_our_own_interpreter_without_the_current_folder():
    settings = Settings(port=9000, host="0.0.0.0", log_level="warning")  # noqa: S104 - only put into a command line
    for service in services.SERVICES:
        command = service.command(settings)
        assert command[:3] == [sys.executable, "-P", "-m"]
    web = services.SERVICES[0].command(settings)
    assert web[web.index("--port") + 1] == "9000"
    assert web[web.index("--host") + 1] == "0.0.0.0"  # noqa: S104 - only read from a command line
    assert [service.port(settings) for service in services.SERVICES if service.port] == [9000, 9001]


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("10.0.0.5", "10.0.0.5")],  # noqa: S104
)
def test_an_address_that_means_everywhere_is_asked_here(host, local):
    assert services.local_host(host) == local


def test_a_port_that_is_taken_is_named_with_a_free_one():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortInUseError) as caught:
            ports.check("127.0.0.1", port, "页面")
    assert caught.value.fields["port"] == port
    assert caught.value.fields["suggestion"] != port
    assert f"JUTONG_PORT={caught.value.fields['suggestion']}" in caught.value.advise()
    ports.check("127.0.0.1", port, "页面")


def test_an_address_that_is_not_ours_is_named():
    with pytest.raises(PortForbiddenError) as caught:
        ports.check("192.0.2.1", 8300, "页面")
    assert caught.value.fields["host"] == "192.0.2.1"


def test_without_any_free_port_the_wanted_one_is_repeated(monkeypatch):
    def refuse(host, port):
        raise OSError(98, "in use")

    monkeypatch.setattr(ports, "_listen", refuse)
    assert ports.suggestion("127.0.0.1", 65000) == 65000


def test_a_missing_wheel_is_named(monkeypatch):
    monkeypatch.setattr(bundle, "PACKAGE", "no_such_wheel")
    with pytest.raises(BundleMissingError, match="no_such_wheel"):
        bundle.find()


def test_a_wheel_without_programs_is_named(monkeypatch, tmp_path):
    (tmp_path / "hollow" / "x" / "bin").mkdir(parents=True)
    (tmp_path / "hollow" / "x" / "bin" / "initdb").touch()
    (tmp_path / "hollow" / "__init__.py").write_text("raise RuntimeError('the wheel must not be imported')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(bundle, "PACKAGE", "hollow")
    with pytest.raises(BundleMissingError):
        bundle.find()


def test_the_bundle_is_found_without_importing_it():
    assert bundle.find().version() >= 15
    assert bundle.PACKAGE not in sys.modules
