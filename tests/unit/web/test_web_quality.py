from __future__ import annotations

import pytest
from django.http import QueryDict

from jutong.center.library.models import Work
from jutong.center.quality.models import CheckedTable, StewardRule
from jutong.web.quality.rules import BLANKS, Choices, body_of
from tests import quality_world
from tests.quality_world import QualityWorld
from tests.sharing_world import at

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return str(response.content.decode())


@pytest.fixture
def quality(world) -> QualityWorld:
    return quality_world.build(world)


def test_a_score_is_followed_from_the_overview_to_its_rows(quality, enter, watch):
    client = enter("stranger")
    assert "还没有检查过的表" in text(client.get("/quality"))
    checked = quality.check(1, sex__codes=100, id_number__check_digit=10)
    watch.now = at(1)
    page = text(client.get("/quality"))
    for shown in ("人口基本信息 · 市交通局", "市交通局", "性别代码", "性别在代码表", "没解决的问题"):
        assert shown in page
    report = text(client.get(f"/quality/{checked.id}"))
    for shown in ("X = A / B", "1,900", "GB/T 36344-2018", "100处不合", "重新检查", "到节点上看", "DE01002 GB 11643"):
        assert shown in report
    assert "重新检查" not in text(enter("steward").get(f"/quality/{checked.id}"))
    assert "到节点上看" not in text(enter("leader").get(f"/quality/{checked.id}"))
    rows = f"/quality/{checked.id}/rows"
    assert "1,000行里有100行不合" in text(client.get(f"{rows}?rule=sex.codes"))
    given = client.post(rows, {"rule": "sex.codes"})
    assert "/gw/v1/defects" in text(given)
    assert "http://127.0.0.1:8301" in given.headers["Content-Security-Policy"]
    assert client.get(f"{rows}?rule=none").status_code == 404
    assert client.post(rows, {"rule": "table.rows"}).status_code == 409
    assert "已下达检查" in text(client.post(f"/quality/{checked.id}/check", follow=True))
    assert client.get(f"/quality/{checked.id}?run=no-run").status_code == 404
    assert "按承诺的周期更新" in text(client.get("/quality/scheme"))


def test_a_finding_is_answered_and_accepted_by_pages(quality, enter, watch):
    quality.check(1, sex__codes=100)
    watch.now = at(1)
    finding = quality.finding()
    client, page = enter("stranger"), f"/quality/findings/{finding.number}"
    assert finding.number in text(client.get("/quality/findings"))
    assert "没有这样的问题" in text(client.get("/quality/findings?state=closed"))
    assert "报告并复查" in text(client.get(page))
    assert client.post(f"{page}/report", {"text": ""}).status_code == 422
    assert "已下达复查" in text(client.post(f"{page}/report", {"text": "已改"}, follow=True))
    quality.told(Work.objects.get(kind="check", state="ordered"), 2, sex__codes=9)
    assert "复查未通过" in text(client.get(page))
    assert client.get("/quality/findings/none").status_code == 404
    shown = text(enter("authority").post(f"{page}/accept", {"text": "历史数据"}, follow=True))
    assert "同意保留" in shown


def test_a_rule_is_added_tried_and_used_by_pages(quality, enter, watch):
    checked = quality.check(1)
    watch.now = at(1)
    client, page = enter("stranger"), f"/quality/{checked.id}/rules"
    for kind in BLANKS:
        assert "添加规则" in text(client.get(f"{page}?kind={kind}"))
    assert "添加规则" not in text(enter("steward").get(f"{page}?kind=range"))
    typed = {"kind": "range", "title": "出生不早于1900年", "code": "born", "field": "born", "least": "1900-01-01"}
    assert client.post(page, {**typed, "field": "x"}).status_code == 422
    assert "试算后才能启用" in text(client.post(page, typed, follow=True))
    rule = StewardRule.objects.get()
    steps = f"/quality/rules/{rule.id}"
    assert client.post(f"{steps}/activate").status_code == 409
    client.post(f"{steps}/try")
    quality.told(Work.objects.get(tried_rule=rule), 2, own__born=12)
    assert "已试算，待启用" in text(client.get(page))
    assert "规则已启用" in text(client.post(f"{steps}/activate", follow=True))
    quality.check(3, own__born=12)
    assert "部门自定" in text(client.get(page))
    assert "规则已停用" in text(client.post(f"{steps}/retire", follow=True))
    assert enter("steward").post(f"{steps}/retire").status_code == 404
    assert CheckedTable.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "body"),
    [
        ("kind=unique&fields=a&fields=b&fields=&fields=a", {"kind": "unique", "fields": ["a", "b"]}),
        ("kind=codes&field=a&table=&values=1、2", {"kind": "codes", "field": "a", "table": "", "values": ["1", "2"]}),
        ("kind=length&field=a&least=x&most=3", {"kind": "length", "field": "a", "least": "x", "most": 3}),
        ("kind=reference&other=t&in_field=b", {"kind": "reference", "field": "", "other": {"x": 1}, "in_field": "b"}),
        ("kind=nothing&field=a", {"kind": "nothing"}),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_a_rules_parameters(typed, body):
    assert body_of(QueryDict(typed), Choices([], [], {"t": {"x": 1}})) == body
