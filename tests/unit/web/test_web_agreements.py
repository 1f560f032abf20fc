from __future__ import annotations

import json
import re

from jutong.center.agreement.models import Agreement, Breach
from jutong.center.sharing.models import Grant
from jutong.evidence import agreement as offline
from tests import agreement_steps as steps
from tests import sharing_steps
from tests.sharing_steps import fresh
from tests.sharing_world import World, at
from tests.unit.web.conftest import SignIn


def test_an_agreement_is_edited_sent_and_signed_through_pages(world: World, enter: SignIn) -> None:
    world.bind()
    made = steps.drafted(world)
    address = f"/agreements/{made.number}"
    steward, head, other = enter("steward"), enter("provider_head"), enter("requester_head")
    assert made.number in steward.get("/agreements").content.decode()
    page = steward.get(address).content.decode()
    assert "保存并送签" in page
    assert "不得提供给第三方" in page
    refused = steward.post(f"{address}/terms", {"availability": "1"})
    assert refused.status_code == 422
    assert "服务可用率" in refused.content.decode()
    assert steward.post(f"{address}/terms", {"retention_days": "x"}).status_code == 422
    said = steward.post(f"{address}/terms", {"retention_days": "30", "then": "send"}, follow=True).content.decode()
    assert "已保存" in said
    assert (fresh(made).state, fresh(made).terms["retention_days"]) == ("sent", 30)
    back = head.post(f"{address}/hand-back", {"note": "留存应为60日"}, follow=True).content.decode()
    assert "已退回修改" in back
    assert "已送签" in steward.post(f"{address}/send", follow=True).content.decode()
    assert address in head.get("/inbox").content.decode()
    assert head.post(f"{address}/sign", {"digest": made.digest}).status_code == 409
    assert "已签署" in head.post(f"{address}/sign", {"digest": fresh(made).digest}, follow=True).content.decode()
    assert "签署协议" in other.get(address).content.decode()
    assert "已签署" in other.post(f"{address}/sign", {"digest": fresh(made).digest}, follow=True).content.decode()
    assert (fresh(made).state, Grant.objects.get().state) == ("in-force", "ordered")
    assert "签署协议" not in other.get(address).content.decode()


def test_the_document_is_had_as_page_pdf_and_signed_file(world: World, enter: SignIn) -> None:
    made = steps.in_force(world)
    clerk = enter("requester")
    address = f"/agreements/{made.number}"
    paper = clerk.get(f"{address}.html").content.decode()
    assert "政务数据共享协议" in paper
    assert "郑雅文" in paper
    pdf = clerk.get(f"{address}.pdf")
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    signed = clerk.get(f"{address}.json?version=1")
    assert offline.check(signed.content).digest == made.digest
    assert json.loads(signed.content)["document"]["number"] == made.number
    assert clerk.get(f"{address}.json?version=7").status_code == 404
    assert enter("stranger").get(f"{address}.pdf").status_code == 404


def test_a_change_is_proposed_given_up_and_proposed_again(world: World, enter: SignIn) -> None:
    made = steps.in_force(world)
    address = f"/agreements/{made.number}"
    clerk = enter("requester")
    assert clerk.post(f"{address}/change", {"daily_quota": "300", "note": ""}).status_code == 422
    clerk.post(f"{address}/change", {"daily_quota": "300", "note": "用量减少"})
    page = clerk.get(address).content.decode()
    assert "用量减少" in page
    assert "报主管部门备案" in page
    assert "原为500" in page
    assert "第2版正在签署" in clerk.get(f"{address}?version=1").content.decode()
    assert "变更已放弃" in clerk.post(f"{address}/discard", follow=True).content.decode()
    assert Agreement.objects.get(version=2).state == "void"
    assert clerk.get("/agreements?state=void").content.decode().count(made.number) >= 1


def test_a_breach_is_explained_and_judged_through_pages(world: World, enter: SignIn) -> None:
    found = steps.broken(world)
    steward, clerk = enter("steward"), enter("requester")
    assert "违约记录" in steward.get(f"/agreements/{found.agreement.number}").content.decode()
    assert found.number in steward.get("/breaches?state=found").content.decode()
    page = steward.get(f"/breaches/{found.number}").content.decode()
    assert "node.source.unavailable" in page
    assert "70.00%" in page
    assert f"/breaches/{found.number}" in steward.get("/inbox").content.decode()
    assert steward.post(f"/breaches/{found.number}/answer", {"text": ""}).status_code == 422
    steward.post(f"/breaches/{found.number}/answer", {"text": "机房断电"})
    assert f"/breaches/{found.number}" in clerk.get("/inbox").content.decode()
    assert clerk.post(f"/breaches/{found.number}/judge", {"accept": "0", "text": ""}).status_code == 422
    assert "已了结" in clerk.post(
        f"/breaches/{found.number}/judge", {"accept": "1"}, follow=True
    ).content.decode()  # fmt: skip
    assert Breach.objects.get().state == "settled"
    assert enter("stranger").get(f"/breaches/{found.number}").status_code == 404


def test_pages_ask_the_registry_a_bounded_number_of_times(
    world: World, enter: SignIn, django_assert_max_num_queries
) -> None:
    found = steps.broken(world)
    clerk = enter("requester")
    clerk.get("/agreements")
    with django_assert_max_num_queries(70):
        clerk.get("/agreements")
    with django_assert_max_num_queries(80):
        clerk.get(f"/agreements/{found.agreement.number}")
    sharing_steps.answer(world, Grant.objects.get(), "ready", at(2))
    with django_assert_max_num_queries(70):
        clerk.get("/breaches")


def test_the_undertaking_is_read_before_it_is_confirmed(world: World, enter: SignIn) -> None:
    from jutong.center.sharing.models import Application

    application = sharing_steps.awaiting(world)
    head = enter("requester_head")
    paper = head.get(f"/applications/{application.number}/undertaking").content.decode()
    assert "政务数据使用承诺书" in paper
    assert not Agreement.objects.exists()
    Application.objects.filter(id=application.id).update(share_attribute="unconditional")
    assert "看使用承诺书" in head.get(f"/applications/{application.number}").content.decode()
    assert enter("stranger").get(f"/applications/{application.number}/undertaking").status_code == 404


def test_application_and_grant_lead_to_their_agreement(world: World, enter: SignIn) -> None:
    made = steps.in_force(world)
    clerk = enter("requester")
    for address in (f"/applications/{made.application.number}", f"/grants/{Grant.objects.get().number}"):
        assert f"/agreements/{made.number}" in clerk.get(address).content.decode()


def test_a_head_consents_and_signs_on_one_page(world: World, enter: SignIn) -> None:
    world.bind()
    ready = sharing_steps.prepared(world)
    address = f"/applications/{ready.number}"
    head = enter("provider_head")
    assert f"{address}/agreement" in head.get(address).content.decode()
    for other in ("requester_head", "steward"):
        assert enter(other).get(f"{address}/agreement").status_code == 404
    page = head.get(f"{address}/agreement").content.decode()
    assert "提供的行：不限定行。" in page
    refused = head.post(f"{address}/reply/sign", {"content": "sha256:0"})
    assert (refused.status_code, fresh(ready).state) == (409, "reply-prepared")
    content = re.search(r'name="content" value="([^"]+)"', page)
    assert content is not None
    said = head.post(f"{address}/reply/sign", {"content": content[1]}, follow=True).content.decode()
    assert "答复已发出，协议已签署" in said
    assert Agreement.objects.get().state == "signed"
    assert head.post(f"{address}/reply/sign", {"content": content[1]}).status_code in {403, 409}
