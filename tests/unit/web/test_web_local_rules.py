"""A stricter local rule is what pages, notices, papers and caps say, wherever the law's own number would stand."""

from __future__ import annotations

import re

import pytest

from jutong.center.agreement import actions as agreements
from jutong.center.agreement.models import Agreement
from jutong.center.clocks.local import load_rules
from jutong.center.org.models import Division
from jutong.center.ownership import inventories
from jutong.center.sharing import actions
from jutong.center.sharing.errors import ExtensionTooLongError
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import InvalidInputError
from jutong.standards.local_rules import read_rules
from tests import correction_steps
from tests import sharing_steps as steps
from tests.center_world import PLATFORM
from tests.sharing_world import NOW, World
from tests.unit.standards.test_local_rules import content
from tests.unit.web.conftest import SignIn

STRICT = [
    {"id": "SLA-REP-C", "length": 4, "extension_cap": 3, "clause": "第十条"},
    {"id": "SLA-SUP", "length": 7, "clause": "第十一条"},
    {"id": "SLA-COR", "length": 6, "clause": "第十二条"},
]


@pytest.fixture
def strict(world: World) -> World:
    code = world.civil.division_code
    Division.objects.get_or_create(code=code, defaults={"name": "金河市", "valid_from": "2020-01-01"})
    rules = read_rules(content(division=code, effective_from="2026-11-01", periods=STRICT))
    load_rules(rules=rules, by=PLATFORM, now=NOW)
    return world


def text_of(enter: SignIn, who: str, address: str) -> str:
    return re.sub(r"<[^>]+>", "", enter(who).get(address).content.decode())


def test_pages_of_an_application_say_the_local_days_and_the_local_cap(strict: World, enter: SignIn) -> None:
    draft = steps.drafted(strict)
    assert "提供方4个工作日内答复，同意后7个工作日" in text_of(
        enter, "requester", f"/applications/{draft.number}/apply/1"
    )
    assert "同意后7个工作日" in text_of(enter, "requester", f"/catalog/{strict.entry.code}")
    assert "期限4个工作日" in text_of(enter, "requester", f"/applications/{draft.number}")
    waiting = steps.submitted(strict)
    page = text_of(enter, "steward", f"/applications/{waiting.number}")
    assert "延长几个工作日（最多3个）" in page
    with pytest.raises(ExtensionTooLongError):
        actions.ask_extension(application=waiting, days=4, reason="核对档案", by=strict.steward, now=NOW)
    (line, *_) = inventories.duty_lines([strict.entry], NOW.date())
    assert line.promise == "4个工作日答复，同意后7个工作日开通"


def test_corrections_and_agreements_say_the_local_days(strict: World, enter: SignIn) -> None:
    assert "责任部门6个工作日内核实" in text_of(enter, "requester", "/corrections")
    correction_steps.raised(strict)
    notice = Notice.objects.filter(organisation=strict.civil, text__contains="校核申请").latest("at")
    assert notice.text.format(**notice.fields).endswith("6个工作日内核实并反馈")
    made = Agreement.objects.latest("drafted_at")
    assert made.terms["correction_days"] == 6
    assert "6个工作日内核实、更正并反馈" in str(made.document["articles"])
    with pytest.raises(InvalidInputError) as error:
        agreements.propose_change(
            agreement=made, changes={"correction_days": 7}, note="放宽", by=strict.steward, now=NOW
        )
    assert error.value.fields["problems"][0]["allowed"] == "<= 6"
