from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from jutong.center.library import definitions, statistics
from jutong.center.library.errors import QuestionUnfitError
from jutong.center.library.models import LibraryTable
from jutong.contracts.envelope import Envelope, unseal
from jutong.contracts.library import FieldDefinition, LibraryDefinition, TableDefinition
from jutong.contracts.statistics import StatisticsTicketOrder
from tests.sharing_world import NOW, World
from tests.unit.web.conftest import signed_in

PERSONAL: dict[str, Any] = {"personal": True, "grade": "general-2"}
FIELDS = (
    FieldDefinition(name="identity_number", title="公民身份号码", **PERSONAL),
    FieldDefinition(name="name", title="姓名", **PERSONAL),
    FieldDefinition(name="sex", title="性别", codes="gbt2261.1-sex", **PERSONAL),
    FieldDefinition(name="born", title="出生日期", type="date", **PERSONAL),
    FieldDefinition(name="division", title="户籍区划", codes="gbt2260", **PERSONAL),
    FieldDefinition(name="income", title="收入", type="decimal", length=12, scale=2, **PERSONAL),
    FieldDefinition(name="staff", title="人数", type="integer"),
    FieldDefinition(name="secret", title="要紧的", codes="x", grade="important"),
)
LIBRARY = LibraryDefinition(
    code="RK", kind="base", title="人口库", basis="-", version="1", effective_from="2026-11-01",
    tables=(TableDefinition(name="person", title="人员", kind="entity", entity="person", keys=("identity_number",),
                            fields=FIELDS, owner="police"),),
)  # fmt: skip


@pytest.fixture
def table(world: World) -> LibraryTable:
    definitions.publish(definition=LIBRARY, by=world.authority, now=NOW)
    LibraryTable.objects.update(version=4, rows=100)
    return LibraryTable.objects.select_related("library__node").get()


def test_what_may_be_asked_follows_from_the_definition(table: LibraryTable) -> None:
    found = statistics.choices(table)
    assert {(one.field.name, one.how) for one in found.groups} == {
        ("sex", "value"), ("born", "year"), ("born", "month"), ("division", "province"), ("division", "city"),
        ("division", "county"), ("income", "band"), ("staff", "band"),
    }  # fmt: skip
    # The least and the greatest of what belongs to persons would be somebody's own.
    assert {one.value for one in found.measures} == {
        "sum|income", "average|income", "sum|staff", "average|staff", "least|staff", "greatest|staff",
    }  # fmt: skip
    assert 1 not in {one.width for one in found.groups if one.field.name == "income"}
    for groups, measures, filters in (
        (["name|value|0"], [], []), ([], ["least|income"], []), ([], [], [("name|prefix", "张")]),
        ([], [], [("sex|in", "")]), ([one.value for one in found.groups[:4]], [], []),
    ):  # fmt: skip
        with pytest.raises(QuestionUnfitError):
            statistics.question(table, groups=groups, measures=measures, filters=filters)


def test_a_question_is_chosen_here_and_answered_at_the_node(world: World, table: LibraryTable) -> None:
    client = signed_in("requester")
    page = client.get("/library/statistics").content.decode()
    assert 'value="sex|value|0"' in page
    assert "要紧的" not in page
    form = {
        "table": "RK/person", "group-1": "sex|value|0", "group-2": "", "measure": ["sum|income"],
        "filter-1": "division|prefix", "value-1": "6299、6201", "purpose": "就业形势分析",
    }  # fmt: skip
    refused = client.post("/library/statistics", form | {"purpose": " "})
    assert (refused.status_code, "请写明用途" in refused.content.decode()) == (422, True)
    answer = client.post("/library/statistics", form)
    text = answer.content.decode()
    assert f'action="{world.node.gateway_url}/gw/v1/statistics"' in text
    assert world.node.gateway_url in answer.headers["Content-Security-Policy"]
    sealed = text.split('name="ticket" value="')[1].split('"')[0]
    envelope = Envelope.model_validate(json.loads(base64.urlsafe_b64decode(sealed)))
    order = unseal(envelope, StatisticsTicketOrder)
    assert (envelope.kind, envelope.audience) == ("statistics-ticket", world.node.name)
    assert [one.field for one in order.query.groups] == ["sex"]
    assert [one.kind for one in order.query.measures] == ["count", "sum"]
    assert order.query.filters[0].values == ("6299", "6201")
    assert (order.purpose, order.suppression.floor, order.official) == ("就业形势分析", 10, "requester")


def test_nothing_to_ask_and_nobody_to_ask(world: World) -> None:
    assert "还没有可以统计的库表" in signed_in("requester").get("/library/statistics").content.decode()
    assert signed_in("system-admin").get("/library/statistics").status_code == 403
