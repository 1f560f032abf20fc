"""The description of the API says of each operation what a program and a person need to know."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from jutong.api.app import description
from jutong.api.table import RULE, operations_table
from jutong.api.types import Asked, In, Out

DOCS = Path(__file__).parents[2] / "docs"
METHODS = {"get", "post", "put", "patch", "delete"}


def operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {address}": operation
        for address, methods in description()["paths"].items()
        for method, operation in methods.items()
    }


def shapes(kind: type[BaseModel]) -> set[type[BaseModel]]:
    found = set(kind.__subclasses__())
    return found.union(*(shapes(child) for child in found))


def test_names_are_given_once():
    ids = [operation["operationId"] for operation in operations().values()]
    assert len(ids) == len(set(ids))
    names = [shape.__name__ for kind in (In, Out, Asked) for shape in shapes(kind)]
    doubled = {name for name in names if names.count(name) > 1}
    assert doubled == set(), "two shapes of one name overwrite each other in the description"


@pytest.mark.parametrize("label", sorted(operations()))
def test_each_operation_says_what_it_does_and_how_it_refuses(label):
    operation = operations()[label]
    statuses = set(operation["responses"])
    assert " · " in operation["summary"], "Chinese, then English"
    assert operation["description"].endswith((".", ")"))
    assert len(operation["tags"]) == 1
    assert {"400", "500", "503"} <= statuses
    if operation[RULE] != "public":
        assert {"401", "403"} <= statuses
        assert operation["security"] == [{"Bearer": []}]
    if "requestBody" in operation:
        assert {"415", "422"} <= statuses
    if operation["parameters"]:
        assert "422" in statuses
    if any(parameter["in"] == "path" for parameter in operation["parameters"]):
        assert "404" in statuses or operation["operationId"] == "getEntryUse"
    for status, answer in operation["responses"].items():
        if int(status) >= 400:
            assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")


def test_every_parameter_in_an_address_is_explained():
    silent = [
        f"{label} {parameter['name']}"
        for label, operation in operations().items()
        for parameter in operation["parameters"]
        if parameter["in"] == "path" and not parameter.get("description")
    ]
    assert silent == []


def test_reading_takes_no_body_and_only_known_methods_are_used():
    assert {label.split()[0].lower() for label in operations()} == METHODS
    assert [label for label, row in operations().items() if label.startswith("GET") and "requestBody" in row] == []


def test_the_page_lists_the_operations_as_they_are():
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- operations: .*? -->\n(.*?)\n<!-- /operations -->", text, re.DOTALL)
    assert found is not None
    assert found[1] == operations_table(description()), "run `python -m jutong.api.table` and put it there"


def test_the_examples_of_the_page_name_real_operations():
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    known = [
        (label.split()[0], re.compile(re.sub(r"\{\w+\}", "[^/?]+", label.split()[1]) + r"(\?.*)?$"))
        for label in operations()
    ]
    used = re.findall(r"\b(GET|POST|PUT|DELETE) (/api/v1/\S*[\w}])", text)
    assert len(used) > 60
    for method, address in used:
        assert any(method == verb and shape.fullmatch(address) for verb, shape in known), f"{method} {address}"
