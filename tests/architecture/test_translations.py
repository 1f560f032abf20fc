"""Every sentence the platform says has its English, with the same blanks to fill, and what is compiled is what is
written."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import polib  # type: ignore[import-untyped]  # publishes no types
from django.utils.translation.template import templatize

SOURCES = Path(__file__).resolve().parents[2] / "src" / "jutong"
CATALOGUE = SOURCES / "locale" / "en" / "LC_MESSAGES"
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop"}
IN_TEMPLATE = re.compile(r"\bgettext\(u?(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\)")
BLANKS = re.compile(r"%\(\w+\)s|\{[^{}]*\}")
ANY_HAN = re.compile("[\u4e00-\u9fff]")
QUOTED_HAN = re.compile("字|休|班|低保|婚姻状况|春节|身份证号|公园|年版|第三十二条|是|否|法|条例|规定|办法")
"""Chinese words an English sentence may quote, because they are typed as they are."""


def _in_python(text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        first = node.args[0]
        if name in MARKS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            found.add(first.value)
    return found


def _in_template(text: str) -> set[str]:
    return {ast.literal_eval(match) for match in IN_TEMPLATE.findall(templatize(text))}


@cache
def spoken() -> dict[str, str]:
    """Every marked sentence and one file that has it."""
    found: dict[str, str] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        if path.parent.name != "migrations":
            found |= dict.fromkeys(_in_python(path.read_text(encoding="utf-8")), path.name)
    for path in sorted(SOURCES.rglob("*.html")) + sorted(SOURCES.rglob("messages/*.txt")):
        found |= dict.fromkeys(_in_template(path.read_text(encoding="utf-8")), path.name)
    return {sentence: where for sentence, where in found.items() if sentence}


@cache
def written() -> polib.POFile:
    return polib.pofile(str(CATALOGUE / "django.po"))


def test_sentences_are_found_in_code_and_templates() -> None:
    assert _in_python('x = gettext_noop("一" "二"); self._("三"); print("四")') == {"一二", "三"}
    assert _in_template('{% load i18n %}{% trans "一" %}{% blocktrans %}二{{ n }}{% endblocktrans %}') == {
        "一",
        "二%(n)s",
    }
    assert len(spoken()) > 1000


def test_every_sentence_has_its_english() -> None:
    english = {entry.msgid: entry.msgstr for entry in written()}
    missing = {sentence: where for sentence, where in spoken().items() if not english.get(sentence)}
    assert missing == {}, "run `make messages` and translate what is new"


def test_a_translation_fills_the_same_blanks() -> None:
    wrong = [
        (entry.msgid, entry.msgstr)
        for entry in written()
        if sorted(BLANKS.findall(entry.msgid)) != sorted(BLANKS.findall(entry.msgstr))
    ]
    assert wrong == []


def test_english_is_english() -> None:
    left = [entry.msgstr for entry in written() if ANY_HAN.search(QUOTED_HAN.sub("", entry.msgstr))]
    assert left == []


def test_nothing_is_guessed_or_left_over() -> None:
    assert [entry.msgid for entry in written() if entry.fuzzy or entry.obsolete] == []


def test_what_is_compiled_is_what_is_written() -> None:
    compiled = polib.mofile(str(CATALOGUE / "django.mo"))
    assert {entry.msgid: entry.msgstr for entry in compiled} == {entry.msgid: entry.msgstr for entry in written()}
