"""The operator's page, in both languages, says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jutong.runtime.errors  # noqa: F401 - registers the error codes
from jutong.cli import about
from jutong.cli.main import COMMANDS
from jutong.kernel import errors, settings
from jutong.runtime import home, services

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("operator.md", "operator.zh.md")


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_english_table_is_the_generated_one():
    found = re.search(r"<!-- settings: .*? -->\n(.*?)\n<!-- /settings -->", text_of("operator.md"), re.DOTALL)
    assert found is not None
    assert found[1] == about.settings_table(), "run `jutong settings --markdown` and put it there"


def test_the_chinese_table_has_every_setting_with_its_default():
    rows = dict(re.findall(r"^\| `(JUTONG_\w+)` \| (.*?) \| \S+.* \|$", text_of("operator.zh.md"), re.MULTILINE))
    expected = {variable: f"`{default}`" if default else "空" for variable, _, default, _ in settings.describe()}
    assert rows == expected


@pytest.mark.parametrize("page", PAGES)
def test_every_process_folder_and_command_of_an_instance_is_named(page):
    text = text_of(page)
    assert all(f"| {service.name} |" in text for service in services.SERVICES)
    assert all(f"| `{folder}/` |" in text for folder in (*home.FOLDERS, "registry"))
    assert all(f"jutong {name}" in text for name in ("up", "down", "status", "reset", "migrate", "settings"))
    assert all(name in COMMANDS for name in re.findall(r"`jutong (\w+)", text))
    assert home.MARKER in text
    assert home.DEMO_MARKER in text


@pytest.mark.parametrize("page", PAGES)
def test_every_code_it_explains_exists(page):
    codes = set(re.findall(r"`(runtime\.[a-z.-]+)`", text_of(page)))
    assert len(codes) >= 9
    assert codes <= set(errors.kinds())
