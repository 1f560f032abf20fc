from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from jutong.cli import main as main_module
from jutong.cli.lazy import LazyGroup
from jutong.kernel.errors import NotFoundError


@pytest.fixture
def package(tmp_path, monkeypatch):
    (tmp_path / "lazy_good.py").write_text("import click\n@click.command()\ndef go():\n    click.echo('went')\n")
    (tmp_path / "lazy_broken.py").write_text("import no_such_module_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("lazy_good", "lazy_broken"):
        sys.modules.pop(name, None)


TABLE = {
    "go": ("lazy_good:go", "goes"),
    "broken": ("lazy_broken:go", "breaks"),
    "later": ("lazy_not_written:go", "comes later"),
}


def group() -> click.Group:
    @click.group(cls=LazyGroup, table=TABLE)
    def root() -> None:
        """Root."""

    @root.command()
    def own() -> None:
        click.echo("own")

    return root


def test_help_lists_every_command_and_imports_none(package):
    done = CliRunner().invoke(group(), ["--help"])
    assert done.exit_code == 0
    assert [name in done.output for name in ("go", "broken", "later")] == [True] * 3
    assert "lazy_good" not in sys.modules


def test_a_command_is_imported_when_wanted(package):
    assert CliRunner().invoke(group(), ["go"]).output == "went\n"
    assert CliRunner().invoke(group(), ["own"]).output == "own\n"
    assert group().list_commands(click.Context(group())) == ["go", "broken", "later", "own"]


def test_a_command_that_is_not_there_is_a_usage_error(package):
    done = CliRunner().invoke(group(), ["later"])
    assert done.exit_code == 2
    assert "No such command" in done.output


def test_a_module_that_is_there_but_broken_is_not_hidden(package):
    done = CliRunner().invoke(group(), ["broken"])
    assert isinstance(done.exception, ModuleNotFoundError)


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "找不到"), ("en", "kernel.object.not-found")])
def test_a_named_error_is_a_sentence_and_no_traceback(monkeypatch, capsys, language, word):
    @main_module.jutong.command("fail-for-the-test")
    def fail() -> None:
        raise NotFoundError(what="X1")

    monkeypatch.setenv("JUTONG_LANGUAGE", language)
    try:
        with pytest.raises(SystemExit) as caught:
            main_module.main(["fail-for-the-test"])
    finally:
        del main_module.jutong.commands["fail-for-the-test"]
    assert caught.value.code == 1
    said = capsys.readouterr().err
    assert word in said
    assert "X1" in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 3


def test_a_wrong_setting_is_a_sentence_too(monkeypatch, capsys):
    monkeypatch.setenv("JUTONG_PORT", "many")
    with pytest.raises(SystemExit) as caught:
        main_module.main(["status"])
    assert caught.value.code == 1
    assert "JUTONG_PORT" in capsys.readouterr().err


def test_an_instance_of_another_user_is_a_sentence(monkeypatch, capsys):
    @main_module.jutong.command("forbidden-for-the-test")
    def fail() -> None:
        raise PermissionError(13, "Permission denied", "/srv/jutong/run")

    try:
        with pytest.raises(SystemExit) as caught:
            main_module.main(["forbidden-for-the-test"])
    finally:
        del main_module.jutong.commands["forbidden-for-the-test"]
    assert caught.value.code == 1
    assert "/srv/jutong/run" in capsys.readouterr().err


def test_a_terminal_without_chinese_still_gets_an_answer():
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "JUTONG_HOME": "/nonexistent"}
    command = [sys.executable, "-m", "jutong.cli.main", "status"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "\\u" in done.stdout
    assert "/nonexistent" in done.stdout
