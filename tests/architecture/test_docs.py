"""What the code can say is in the documents: error codes, settings, commands. Audit events have a test of their own."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from jutong.cli.errors import known, table
from jutong.cli.main import COMMANDS, jutong
from jutong.kernel import settings
from jutong.kernel.errors import JutongError

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CODE = re.compile(r"[a-z]+\.[a-z0-9-]+\.[a-z-]+")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def kinds() -> dict[str, type[JutongError]]:
    return known()


def test_the_table_of_errors_is_the_generated_one(kinds):
    found = re.search(r"<!-- errors: .*? -->\n(.*?)\n<!-- /errors -->", text_of("errors.md"), re.DOTALL)
    assert found is not None
    assert found[1] == table(kinds.values()), "run `jutong errors --markdown` and put it there"


def test_every_error_has_a_good_name_a_sentence_and_a_next_step(kinds):
    assert len(kinds) > 150
    for code, kind in kinds.items():
        assert CODE.fullmatch(code), code
        assert 400 <= kind.http_status <= 599, code
        assert kind.__name__.endswith("Error"), code
        for sentence in (kind.message, kind.next_step):
            bare = PLACEHOLDER.sub("", sentence)
            assert CHINESE.search(bare) or PLACEHOLDER.fullmatch(sentence), f"{code}: {sentence}"
        assert not CHINESE.search((kind.__doc__ or "x").split("条例")[0].split("（")[0][:20]) or "条例" in (
            kind.__doc__ or ""
        ), f"{code} has no English docstring"


def test_no_two_settings_share_a_meaning_and_each_has_one():
    rows = settings.describe()
    assert all(meaning.strip() for _, _, _, meaning in rows)
    assert all(f"`{variable}`" in text_of("operator.md") for variable, _, _, _ in rows)


def commands() -> dict[str, click.Command]:
    context = click.Context(jutong)
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = jutong.get_command(context, name)
        assert command is not None, f"jutong {name} is in the table and not in the code"
        found |= below(name, command, context)
    return found


def below(name: str, command: click.Command, context: click.Context) -> dict[str, click.Command]:
    """The command and everything under it, by the words one types."""
    found = {name: command}
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            under = command.get_command(context, child)
            assert under is not None
            found |= below(f"{name} {child}", under, context)
    return found


def test_every_command_has_help_in_both_languages_and_stands_in_the_manual():
    text = text_of("commands.md")
    for name, command in commands().items():
        help_line = (command.help or "").splitlines()[0]
        assert CHINESE.search(help_line), f"jutong {name}: {help_line!r}"
        assert " · " in help_line, f"jutong {name}: {help_line!r}"
        assert f"| `jutong {name}` |" in text, f"jutong {name} is not in docs/commands.md"
    listed = set(re.findall(r"^\| `jutong ([^`]+)` \|", text, re.MULTILINE))
    assert listed == set(commands())


def test_errors_explains_a_code_and_names_an_unknown_one():
    runner = CliRunner()
    told = runner.invoke(jutong, ["errors", "api.body.too-large"])
    assert (told.exit_code, "HTTP 400" in told.output) == (0, True)
    missing = runner.invoke(jutong, ["errors", "no.such.code"])
    assert getattr(missing.exception, "code", "") == "kernel.object.not-found"
