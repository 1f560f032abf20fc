"""One word for one thing: identifiers of the package keep to ``docs/glossary.md``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "jutong"
GLOSSARY = ROOT / "docs" / "glossary.md"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CODE = re.compile(r"`([a-z_]+)`")
PINYIN = ("mulu", "shenqing", "shouquan", "bumen", "jiaohe", "huiliu", "buzheng", "gongji", "xuqiu", "zhengyi")
ARCHITECTURE = {
    "目录": "catalog",
    "信息资源": "resource",
    "信息项": "item",
    "挂接": "binding",
    "需求": "demand",
    "申请": "application",
    "答复": "reply",
    "补正": "supplement",
    "协议": "agreement",
    "授权": "grant",
    "供给": "supply",
    "校核": "correction",
    "异议": "objection",
    "争议": "dispute",
    "回流": "return",
    "数源部门": "source_department",
    "主管部门": "authority",
    "工作机构": "data_office",
    "前置节点": "node",
    "级联": "cascade",
    "基础库": "base_library",
    "主题库": "theme_library",
    "部门库": "department_library",
    "数据元": "element",
    "分级": "grade",
    "使用台账": "usage_ledger",
    "处置": "disposal",
    "整改": "rectification",
}
"""The words the architecture settled first; the glossary may add to them, not change them."""


@dataclass(frozen=True)
class Row:
    chinese: str
    identifier: str
    meaning: str
    forbidden: tuple[str, ...]


@cache
def rows() -> tuple[Row, ...]:
    found: list[Row] = []
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and _CODE.fullmatch(cells[1]):
            found.append(Row(cells[0], cells[1].strip("`"), cells[2], tuple(_CODE.findall(cells[3]))))
    return tuple(found)


def words(identifier: str) -> tuple[str, ...]:
    """The words of a snake_case, CamelCase or UPPER_CASE name."""
    return tuple(part.lower() for part in _WORD.findall(identifier))


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def contains(identifier: tuple[str, ...], synonym: tuple[str, ...]) -> bool:
    """Whether the words of a synonym stand one after the other in a name, the last one perhaps as a plural."""
    size = len(synonym)
    return any(
        identifier[start : start + size] == synonym
        or (*identifier[start : start + size - 1], _singular(identifier[start + size - 1])) == synonym
        for start in range(len(identifier) - size + 1)
    )


def definitions(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name a module makes: classes, functions, arguments, variables, attributes, keyword-free aliases."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield 0, node.asname


@cache
def forbidden() -> dict[tuple[str, ...], str]:
    """Each forbidden synonym with what to say instead."""
    found = {words(synonym): row.identifier for row in rows() for synonym in row.forbidden}
    return found | {(syllables,): "an English word" for syllables in PINYIN}


@cache
def verdicts(name: str) -> tuple[str, ...]:
    """What is wrong with one name."""
    said = words(name)
    there = {*said, *map(_singular, said)}
    return tuple(
        f"{name} says {'_'.join(synonym)}; the word is {approved}"
        for synonym, approved in forbidden().items()
        if there.issuperset(synonym) and contains(said, synonym)
    )


def violations(text: str) -> list[str]:
    names = sorted(set(definitions(ast.parse(text))))
    return [f"{line}: {verdict}" for line, name in names for verdict in verdicts(name)]


def test_identifiers_keep_to_the_glossary():
    found = [
        f"{path.relative_to(ROOT)}:{violation}"
        for path in sorted(SOURCE.rglob("*.py"))
        if "migrations" not in path.parts
        for violation in violations(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n" + "\n".join(found)


def test_module_and_package_names_keep_to_it_too():
    names = {part for path in SOURCE.rglob("*.py") for part in path.relative_to(SOURCE).with_suffix("").parts}
    found = [verdict for name in sorted(names) for verdict in verdicts(name)]
    assert not found, "\n" + "\n".join(found)


def test_the_glossary_holds_the_words_of_the_architecture():
    said = {row.chinese: row.identifier for row in rows()}
    assert {chinese: said.get(chinese) for chinese in ARCHITECTURE} == ARCHITECTURE


def test_every_row_is_complete_and_no_word_is_both_right_and_wrong():
    assert len(rows()) >= 60
    assert all(row.chinese and row.meaning and row.forbidden for row in rows())
    chinese = [row.chinese for row in rows()]
    assert len(set(chinese)) == len(chinese)
    approved = {words(row.identifier) for row in rows()}
    assert not [synonym for synonym in forbidden() if any(contains(word, synonym) for word in approved)]
    synonyms = [synonym for row in rows() for synonym in row.forbidden]
    assert len(set(synonyms)) == len(synonyms)


@pytest.mark.parametrize(
    "code",
    [
        "catalogue = 1",
        "class CatalogueEntry: ...",
        "def open_data_items(): ...",
        "def f(*, uscc): ...",
        "self.business_days = 3",
        "import x as catalogues",
        "for organization in (): ...",
        "BUSINESS_DAY = 1",
        "async def shenqing(): ...",
        "MAX_TIME_LIMITS: int = 2",
    ],
)
def test_a_forbidden_word_is_seen_wherever_a_name_is_made(code):
    assert violations(code)


@pytest.mark.parametrize(
    "code",
    [
        "catalog = 1",
        "'catalogue'  # the catalogue",
        "print(catalogue)",
        "f(organization=1)",
        "data, item = 1, 2",
        "itemised_data = 1",
        "translate = slaughter = 1",
        "import pledge",
    ],
)
def test_other_words_and_mere_uses_are_left_alone(code):
    assert not violations(code)
