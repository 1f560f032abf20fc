"""Row conditions in the text, signing under a delegation, consent and signature at once, undertakings that end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from jutong.center.agreement import actions, queries, waiting
from jutong.center.agreement.enums import AgreementKind
from jutong.center.agreement.errors import TextChangedError
from jutong.center.agreement.export import signed_file
from jutong.center.agreement.models import Agreement, Breach, Obligation, Signature
from jutong.center.agreement.paper import content_digest, preview
from jutong.center.agreement.pdf import pdf_bytes
from jutong.center.fleet.models import Order
from jutong.center.org.enums import Role
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.conditions import RowCondition
from jutong.center.sharing.errors import SamePersonError
from jutong.center.sharing.models import Application, Consent, Grant
from jutong.evidence import agreement as offline
from jutong.kernel.canonical import digest
from jutong.kernel.errors import ForbiddenError
from tests import agreement_steps as steps
from tests import sharing_steps
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, World, at, person
from tests.unit.center.sharing.test_standing_in import lent

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(world: World) -> World:
    """The world with another worker on each side, who neither drafts nor prepares."""
    world.actors["clerk"] = person(world.education, Role.REQUESTER, "clerk", "何敏")
    world.actors["second_steward"] = person(world.civil, Role.STEWARD, "second-steward", "孙浩")
    world.bind()
    return world


def narrowed(world: World) -> dict[str, Any]:
    wanted = RowCondition(world.items["婚姻状况"].id, "in", ("已婚", "离异"))
    return {"conditions": (wanted,), "division_filter": "629900"}


def test_the_rows_agreed_on_are_in_the_text_and_an_obligation_measured_on_the_order(second: World) -> None:
    grant = sharing_steps.agreed(second, **narrowed(second))
    made = Agreement.objects.get(grant=grant)
    whole = "".join(paragraph for article in made.document["articles"] for paragraph in article["paragraphs"])
    assert "提供的行：“行政区划”开头是6299，并且“婚姻状况”是其中之一已婚、离异。" in whole
    assert [row["item"] for row in made.document["conditions"]] == ["行政区划", "婚姻状况"]
    duty = Obligation.objects.get(agreement=made, kind="rows")
    assert (duty.side, duty.bound) == ("provider", 0)
    actions.measure(now=at(0.2))
    assert duty.measurements.values_list("value", "samples", "met").get() == (0, 2, True)
    order = Order.objects.filter(kind="grant").latest("sequence")
    body = order.envelope["body"] | {"conditions": order.envelope["body"]["conditions"][:1]}
    Order.objects.filter(id=order.id).update(envelope=order.envelope | {"body": body})
    actions.measure(now=at(0.3))
    actions.measure(now=at(1.2))
    breach = Breach.objects.get(obligation=duty)
    assert (breach.value, breach.party) == (1, "platform")
    assert breach.evidence["missing"] == ["“婚姻状况”是其中之一已婚、离异"]


def test_all_rows_are_said_to_be_all(second: World) -> None:
    made = steps.in_force(second)
    assert "提供的行：不限定行。" in str(made.document["articles"])
    assert not Obligation.objects.filter(kind="rows").exists()


def test_a_delegate_signs_within_the_days_and_everybody_sees_it(second: World) -> None:
    made = steps.sent(second)
    with pytest.raises(ForbiddenError):
        steps.sign(made, second.second_steward)
    lent(second, "second_steward", "provider_head")
    lent(second, "clerk")
    assert "sign-provider" in queries.agreement(second.second_steward, made.number, now=NOW).events
    assert [row.number for row in waiting.to_sign_in_place(second.second_steward, NOW)] == [made.number]
    steps.sign(made, second.second_steward)
    done = steps.sign(fresh(made), second.clerk, at(4))
    assert done.state == "in-force"
    rows = list(Signature.objects.select_related("by", "on_behalf_of", "organisation"))
    assert [(row.by.name, row.on_behalf_of and row.on_behalf_of.name) for row in rows] == [
        ("孙浩", "刘文清"),
        ("何敏", "郑雅文"),
    ]
    checked = offline.check(json.dumps(signed_file(done)).encode())
    assert checked.signatures[1].in_place_of == "郑雅文 2026-11-09~2026-11-13"
    assert pdf_bytes(done, rows) != pdf_bytes(done, [])


def test_a_delegate_signs_neither_before_nor_after_nor_its_own_draft(second: World) -> None:
    made = steps.sent(second)
    lent(second, "second_steward", "provider_head", first=1, last=2)
    for day in (0, 3):
        with pytest.raises(ForbiddenError):
            steps.sign(made, second.second_steward, at(day))
    lent(second, "steward", "provider_head", first=5, last=6)
    with pytest.raises(SamePersonError):
        steps.sign(made, second.steward, at(5))
    actions.hand_back(agreement=made, note="改期限", by=second.second_steward, now=at(1))
    assert fresh(made).state == "drafted"


def test_a_signature_on_a_day_outside_the_delegation_does_not_hold_offline(second: World) -> None:
    lent(second, "second_steward", "provider_head")
    made = steps.sent(second)
    steps.sign(made, second.second_steward)
    steps.sign(fresh(made), second.requester_head)
    whole = signed_file(fresh(made))
    whole["signatures"][0]["statement"]["on_behalf_of"]["until"] = "2026-11-08"
    with pytest.raises(offline.AgreementSignatureError, match="on_behalf_of"):
        offline.check(json.dumps(whole).encode())


def test_consent_and_signature_at_once_leave_two_records_or_none(second: World) -> None:
    ready = sharing_steps.prepared(second, **narrowed(second))
    read = preview(ready, now=NOW, kind=AgreementKind.AGREEMENT).document
    assert digest(read) != content_digest(read)
    with pytest.raises(TextChangedError):
        actions.consent_and_sign(application=ready, content="sha256:0", by=second.provider_head, now=at(1))
    assert fresh(ready).state == "reply-prepared"
    assert not Agreement.objects.exists()
    made = actions.consent_and_sign(
        application=ready, content=content_digest(read), by=second.provider_head, now=at(1)
    )  # fmt: skip
    assert (made.state, fresh(ready).state) == ("signed", "supplying")
    assert Consent.objects.filter(application=ready, side="provider").values_list("by__name", flat=True).get() == (
        Signature.objects.values_list("by__name", flat=True).get()
    )
    steps.sign(made, second.requester_head, at(2))
    assert Grant.objects.get().state == "ordered"


def test_an_undertaking_ends_with_its_application_and_the_registry_knows_the_way(open_world: World) -> None:
    application = sharing_steps.submitted(open_world)
    undertaking = Agreement.objects.get(application=application)
    with pytest.raises(DatabaseError), transaction.atomic():
        Agreement.objects.filter(id=undertaking.id).update(state="ended")
    sharing.withdraw(application=application, by=open_world.requester, now=at(1))
    assert (fresh(undertaking).state, Application.objects.get().state) == ("void", "withdrawn")
