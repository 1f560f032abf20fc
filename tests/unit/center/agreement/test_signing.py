from __future__ import annotations

import json
from typing import Any

import pytest

from jutong.center.agreement import actions, queries
from jutong.center.agreement.errors import NothingChangedError, OpenVersionError, TextChangedError
from jutong.center.agreement.export import signed_file
from jutong.center.agreement.keys import organisation_signer
from jutong.center.agreement.models import Agreement, Obligation, OrganisationKey, Signature
from jutong.center.agreement.pdf import pdf_bytes
from jutong.center.audit.models import AuditEvent
from jutong.center.clocks.models import StatutoryClock
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.errors import SamePersonError
from jutong.center.sharing.models import Application, Grant, Notice
from jutong.evidence import agreement as offline
from jutong.kernel.canonical import digest
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests import agreement_steps as steps
from tests import sharing_steps
from tests.sharing_steps import fresh, orders
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db


def file_of(agreement: Agreement) -> bytes:
    return json.dumps(signed_file(agreement), ensure_ascii=False).encode()


def test_the_text_is_drawn_up_article_by_article_from_the_application(world: World) -> None:
    made = steps.drafted(world)
    document = made.document
    assert (made.number, made.version, made.kind) == ("XY20261109-0001", 1, "agreement")
    assert [row["name"] for row in document["items"]] == ["公民身份号码", "姓名", "婚姻状况"]
    assert document["provider"]["name"] == "金河市民政局"
    assert document["provider"]["contact"] == "王建国"
    whole = "".join(paragraph for article in document["articles"] for paragraph in article["paragraphs"])
    wanted = (
        "小学入学报名核验监护关系", "2027年08月31日", "500次", "99.00%", "10个工作日", "不得将取得的数据提供给第三方",
    )  # fmt: skip
    assert [said for said in wanted if said not in whole] == []
    assert "{" not in whole
    assert [article["number"] for article in document["articles"]] == list(range(1, len(document["articles"]) + 1))
    assert made.digest == digest(document)
    assert {duty["kind"] for duty in document["obligations"]} >= {"availability", "quota", "third-party", "correction"}


def test_nothing_is_ordered_until_both_have_signed_and_then_at_once(world: World) -> None:
    world.bind()
    made = steps.signed(world)
    assert orders("grant") == []
    clock = StatutoryClock.objects.get(period="SLA-AGR")
    assert (clock.subject_id, clock.organisation, clock.length) == (str(made.id), world.education, 5)
    done = steps.sign(fresh(made), world.requester_head, at(1))
    assert (done.state, done.in_force_at) == ("in-force", at(1))
    (order,) = orders("grant")
    assert order["agreement_number"] == made.number
    assert fresh(clock).state == "met"
    assert Grant.objects.get().state == "ordered"
    assert {row.kind: row.bound for row in Obligation.objects.filter(side="requester")}["quota"] == 500


def test_the_signed_file_is_checked_offline(world: World) -> None:
    made = steps.in_force(world)
    checked = offline.check(file_of(made))
    assert (checked.number, checked.version, checked.digest) == (made.number, 1, made.digest)
    assert [(row.side, row.person, row.post) for row in checked.signatures] == [
        ("provider", "刘文清", "工作机构负责人"),
        ("requester", "郑雅文", "工作机构负责人"),
    ]
    keys = {row.key_id: row.public_key for row in OrganisationKey.objects.all()}
    assert all(row.is_known_key for row in offline.check(file_of(made), keys).signatures)


def test_an_organisation_keeps_its_key(world: World) -> None:
    first, second = organisation_signer(world.civil, now=NOW), organisation_signer(world.civil, now=at(1))
    assert first.key_id == second.key_id
    assert OrganisationKey.objects.get(organisation=world.civil).public_key == first.public_b64


def test_another_text_than_the_one_that_was_read_is_not_signed(world: World) -> None:
    made = steps.drafted(world)
    read = made.digest
    actions.edit_terms(agreement=made, changes={"retention_days": 30}, by=world.requester, now=NOW)
    with pytest.raises(TextChangedError):
        actions.sign(agreement=made, text_digest=read, by=world.provider_head, now=NOW)
    assert not Signature.objects.exists()


def test_one_person_does_not_sign_for_both_sides(world: World) -> None:
    from dataclasses import replace

    made = steps.signed(world)
    both = replace(world.requester_head, user_id=world.provider_head.user_id)
    with pytest.raises(SamePersonError):
        steps.sign(made, both)
    assert fresh(made).state == "signed"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"availability": 8999}, "服务可用率（万分之）"),
        ({"correction_days": 11}, "校核反馈（工作日）"),
        ({"daily_quota": 501}, "每日调用上限（次）"),
        ({"disposal": "keep"}, "处置方式"),
        ({"retention_days": "x"}, "留存期限（日，0表示用后即删）"),
        ({"retention_days": True}, "留存期限（日，0表示用后即删）"),
        ({"provider_contact": "a" * 65}, "提供方联系人"),
        ({"extra": "另附条件"}, "extra"),
    ],
)
def test_a_term_that_cannot_be_is_refused_by_name(world: World, changes: dict[str, Any], field: str) -> None:
    made = steps.drafted(world)
    with pytest.raises(InvalidInputError) as error:
        actions.edit_terms(agreement=made, changes=changes, by=world.steward, now=NOW)
    assert [row["field"] for row in error.value.fields["problems"]] == [field]
    assert fresh(made).digest == made.digest


def test_a_signed_version_handed_back_is_void_and_the_next_begins(world: World) -> None:
    made = steps.signed(world)
    following = actions.hand_back(agreement=made, note="留存太短", by=world.requester_head, now=at(1))
    assert (fresh(made).state, following.version, following.state) == ("void", 2, "drafted")
    assert StatutoryClock.objects.get(period="SLA-AGR").state == "cancelled"
    sharing_steps.sign(world, Grant.objects.get(), at(2))
    assert fresh(following).state == "in-force"
    assert queries.agreement(world.requester, made.number, now=at(2)).agreement == following


def test_a_change_is_signed_by_both_and_takes_the_place_of_the_former(world: World) -> None:
    later = steps.changed(world, daily_quota=300)
    assert later.previous is not None
    assert (later.version, later.is_narrower, later.previous.state) == (2, True, "in-force")
    assert later.document["changes"]["digest"] == later.previous.digest
    with pytest.raises(OpenVersionError):
        actions.propose_change(
            agreement=later.previous, changes={"daily_quota": 9}, note="x", by=world.requester, now=NOW
        )
    sharing_steps.sign(world, Grant.objects.get(), at(1))
    assert [row.state for row in Agreement.objects.order_by("version")] == ["superseded", "in-force"]
    assert Grant.objects.get().daily_quota == 300
    assert [order["daily_quota"] for order in orders("grant")] == [500, 300]
    filed = Notice.objects.filter(organisation=world.bigdata, text__contains="报备案")
    assert filed.count() == 1
    assert AuditEvent.objects.filter(event="agreement:agreement:file").count() == 1


def test_a_change_that_gives_more_is_not_filed_and_one_that_changes_nothing_is_refused(world: World) -> None:
    made = steps.in_force(world)
    with pytest.raises(NothingChangedError):
        actions.propose_change(agreement=made, changes={"daily_quota": 500}, note="x", by=world.steward, now=NOW)
    with pytest.raises(InvalidInputError):
        actions.propose_change(agreement=made, changes={"daily_quota": 900}, note=" ", by=world.steward, now=NOW)
    actions.propose_change(agreement=made, changes={"daily_quota": 900}, note="业务增加", by=world.steward, now=NOW)
    sharing_steps.sign(world, Grant.objects.get(), at(1))
    assert Grant.objects.get().daily_quota == 900
    assert not AuditEvent.objects.filter(event="agreement:agreement:file").exists()


def test_a_change_may_be_given_up_and_the_agreement_stands(world: World) -> None:
    later = steps.changed(world)
    actions.discard_change(agreement=later, by=world.requester, now=at(1))
    assert [row.state for row in Agreement.objects.order_by("version")] == ["in-force", "void"]


def test_a_version_signed_while_the_grant_is_suspended_is_suspended_at_once(world: World) -> None:
    later = steps.changed(world)
    grant = Grant.objects.get()
    sharing_steps.answer(world, grant, "ready")
    sharing.suspend_grant(grant=grant, reason="核查", by=world.steward, now=at(1))
    before = len(orders("grant"))
    sharing_steps.sign(world, grant, at(2))
    assert fresh(later).state == "suspended"
    assert Agreement.objects.get(version=1).state == "superseded"
    assert len(orders("grant")) == before, "a suspended grant is ordered when it is lifted"
    sharing.lift_suspension(grant=grant, by=world.provider_head, now=at(3))
    assert fresh(later).state == "in-force"
    assert orders("grant")[-1]["daily_quota"] == 300


def test_a_suspended_grant_waits_for_its_signatures_when_it_is_lifted(world: World) -> None:
    world.bind()
    grant = sharing_steps.replied(world)
    sharing.suspend_grant(grant=grant, reason="核查", by=world.steward, now=at(1))
    sharing.lift_suspension(grant=grant, by=world.provider_head, now=at(2))
    assert (fresh(grant).state, fresh(grant).problem) == ("awaiting-signing", "等待双方签署共享协议")
    assert orders("grant") == []
    sharing_steps.sign(world, grant, at(3))
    assert fresh(grant).state == "ordered"


def test_an_end_before_signing_leaves_nothing_open(world: World) -> None:
    made = steps.signed(world)
    sharing.revoke_grant(grant=Grant.objects.get(), reason="不要了", by=world.requester_head, now=at(1))
    assert fresh(made).state == "void"
    assert not StatutoryClock.objects.filter(state__in=("running", "paused")).exists()


def test_what_is_shared_without_conditions_needs_an_undertaking_and_no_signing(open_world: World) -> None:
    open_world.bind()
    application = sharing_steps.submitted(open_world)
    undertaking = Agreement.objects.get(application=application)
    assert (undertaking.kind, undertaking.state) == ("undertaking", "accepted")
    assert [row.by.name for row in Signature.objects.select_related("by")] == ["郑雅文"]
    assert "免费" not in str(undertaking.document)
    assert offline.check(file_of(undertaking)).kind == "undertaking"
    sharing.prepare_reply(application=application, agreed=True, by=open_world.steward, now=at(1))
    sharing.consent_reply(application=application, agreed=True, by=open_world.provider_head, now=at(1))
    assert fresh(undertaking).state == "in-force"
    assert Grant.objects.get().state == "ordered"
    assert len(orders("grant")) == 1
    assert set(Obligation.objects.values_list("kind", flat=True)).isdisjoint({"availability", "response"})


def test_a_renewal_begins_with_the_terms_of_what_it_renews(world: World) -> None:
    made = steps.drafted(world)
    actions.edit_terms(agreement=made, changes={"retention_days": 7}, by=world.steward, now=NOW)
    grant = Grant.objects.get()
    sharing_steps.sign(world, grant)
    Application.objects.filter(id=grant.application_id).update(renews=None)
    renewal = grant.application
    renewal.renews_id = grant.id
    from jutong.center.agreement.actions.drafting import draft_agreement
    from jutong.center.agreement.enums import AgreementKind

    again = draft_agreement(
        application=renewal, grant=None, kind=AgreementKind.AGREEMENT, by=world.provider_head, now=at(9)
    )
    assert (again.terms["retention_days"], again.previous) == (7, made)
    assert again.number != made.number


def test_strangers_are_told_there_is_none(world: World) -> None:
    made = steps.in_force(world)
    for who in (world.stranger, world.stranger_head):
        with pytest.raises(NotFoundError):
            queries.agreement(who, made.number, now=NOW)
        assert queries.agreements(who).rows == []
    for who in (world.requester, world.steward, world.authority, world.auditor):
        assert queries.agreement(who, made.number, now=NOW).agreement == made
    assert queries.number_of(world.requester, made.application.number) == made.number
    assert queries.number_of(world.stranger, made.application.number) == ""
    assert queries.number_of(world.system_admin, made.application.number) == ""


def test_the_pdf_carries_the_number_and_pages(world: World) -> None:
    made = steps.in_force(world)
    content = pdf_bytes(made, list(made.signatures.select_related("by", "organisation")))
    assert content.startswith(b"%PDF-")
    assert b"STSong-Light" in content
    assert made.digest.encode() in content
    assert pdf_bytes(made, []) != content
