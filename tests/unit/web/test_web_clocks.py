from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jutong.center.clocks.models import RuleSet
from tests.unit.standards.test_local_rules import content

pytestmark = pytest.mark.django_db
STRICT = json.dumps(content(effective_from="2026-11-01"), ensure_ascii=False)


def text(response) -> str:
    return str(response.content.decode())


def test_the_law_is_shown_to_everybody_and_loaded_by_the_authority(city, enter):
    shown = text(enter("requester").get("/clocks/rules"))
    assert "有条件共享答复" in shown
    assert "装入本行政区划的期限规定" not in shown
    client = enter("authority")
    assert "还没有装入地方规定" in text(client.get("/clocks/rules"))
    done = client.post("/clocks/rules", {"text": STRICT}, follow=True)
    assert "第1版" in text(done)
    assert "法定10" in text(done)
    assert "金河市政务数据共享办法第十条" in text(done)


def test_a_file_is_taken_and_a_looser_one_refused_at_its_place(city, enter):
    client = enter("authority")
    client.post("/clocks/rules", {"file": SimpleUploadedFile("r.json", STRICT.encode())})
    assert RuleSet.objects.get().version == 1
    looser = json.dumps(content(periods=[{"id": "SLA-SUP", "length": 30}]))
    answer = client.post("/clocks/rules", {"text": looser})
    assert answer.status_code == 422
    assert "第二十二条" in text(answer)
    answer = client.post("/clocks/rules", {"text": "{"})
    assert (answer.status_code, RuleSet.objects.count()) == (422, 1)
    assert enter("steward").post("/clocks/rules", {"text": STRICT}).status_code == 403


def test_the_calculator_tells_every_day(city, enter):
    client = enter("requester")
    assert "要算的期限" in text(client.get("/clocks/calculator"))
    shown = text(client.get("/clocks/calculator?period=SLA-REP-U&started_on=2025-09-26"))
    assert "2025-09-28" in shown
    assert "最后一天" in shown
    shown = text(
        client.get(
            "/clocks/calculator?period=SLA-REP-C&started_on=2026-11-12&pause_1=2026-11-16&resume_1=2026-11-18&extension=2"
        )
    )
    assert "停表，不计" in shown
    assert "延长，计入" in shown
    assert "连停表共15个工作日" in shown


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("period=SLA-NONE&started_on=2026-11-12", 404),
        ("period=SLA-REP-C&started_on=x", 422),
        ("period=SLA-REP-C&started_on=2026-11-12&extension=x", 422),
        ("period=SLA-REP-C&started_on=2026-11-12&extension=11", 422),
        ("period=SLA-REP-C&started_on=2026-11-12&pause_1=2026-11-16", 422),
        ("period=SLA-REP-C&started_on=2026-12-28", 503),
    ],
)
def test_the_calculator_says_what_is_wrong(city, enter, query, status):
    answer = enter("requester").get(f"/clocks/calculator?{query}")
    assert answer.status_code == status
    assert "要算的期限" in text(answer)
