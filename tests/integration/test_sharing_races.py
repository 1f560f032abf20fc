"""What two people, or a person and a node, do at the same moment. Each thread has its own connection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from jutong.center.agreement import actions as agreements
from jutong.center.agreement.models import Agreement
from jutong.center.fleet.models import Order
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.returns import actions as returns
from jutong.center.sharing import actions
from jutong.center.sharing.errors import GrantOverlapError, SupplementTwiceError
from jutong.center.sharing.models import Application, Grant, Suspension
from jutong.center.sharing.numbers import next_number
from jutong.contracts.receipts import GrantReceipt
from tests import return_steps
from tests.sharing_steps import agreed, drafted, fresh, prepared, replied, sharing, submitted
from tests.sharing_world import NOW, World, at, build

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60.0


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls at once and return what each returned or raised."""
    results: list[Any] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(place: int) -> None:
        try:
            gate.wait(PATIENCE)
            results[place] = calls[place]()
        except Exception as error:  # noqa: BLE001 - what was raised is the result
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    return results


def test_no_number_is_given_twice() -> None:
    world = build()
    made = together(*[lambda: drafted(world) for _ in range(8)])
    numbers = sorted(application.number for application in made)
    assert numbers == [f"SQ20261109-{n:04d}" for n in range(1, 9)]


def test_two_heads_put_one_reply_in_force_once() -> None:
    world = build()
    world.bind()
    application = prepared(world)
    results = together(
        *[
            lambda: actions.consent_reply(application=application, agreed=True, by=world.provider_head, now=at(1))
            for _ in range(3)
        ]
    )
    refused = [result for result in results if isinstance(result, StepNotAllowedError)]
    assert len(refused) == 2
    assert Grant.objects.count() == 1
    assert Agreement.objects.count() == 1
    assert not Order.objects.filter(kind="grant").exists()


def test_two_heads_sign_once_and_the_other_is_told() -> None:
    world = build()
    world.bind()
    grant = replied(world)
    waiting = Agreement.objects.get()
    for by in (world.provider_head, world.requester_head):
        results = together(
            *[
                lambda by=by: agreements.sign(agreement=waiting, text_digest=waiting.digest, by=by, now=at(1))
                for _ in range(3)
            ]
        )
        assert len([result for result in results if isinstance(result, Agreement)]) == 1
        assert all(isinstance(result, (Agreement, StepNotAllowedError, WrongSideError)) for result in results)
    assert Grant.objects.get(id=grant.id).state == "ordered"
    assert Order.objects.filter(kind="grant").count() == 1


def test_two_applications_of_one_system_do_not_both_become_grants() -> None:
    world = build()
    both = [prepared(world), prepared(world)]
    results = together(
        *[
            lambda application=application: actions.consent_reply(
                application=application, agreed=True, by=world.provider_head, now=at(1)
            )
            for application in both
        ]
    )
    assert sum(isinstance(result, GrantOverlapError) for result in results) == 1
    assert Grant.objects.count() == 1
    assert sorted(Application.objects.values_list("state", flat=True)) == ["reply-prepared", "supplying"]


def test_one_supplement_notice_leaves_of_two_sent_at_once() -> None:
    world = build()
    application = submitted(world)
    results = together(
        *[
            lambda: actions.ask_supplement(application=application, missing=["x"], by=world.steward, now=at(1))
            for _ in range(2)
        ]
    )
    assert sum(isinstance(result, StepNotAllowedError | SupplementTwiceError) for result in results) == 1


def ready(world: World, grant: Grant) -> Any:
    envelope = world.receipt("grant", GrantReceipt(grant_id=str(grant.id), state="ready"), at(1))
    return apply_receipt(node=world.node, envelope=envelope, now=at(1))


@pytest.mark.parametrize("_round", range(3))
def test_a_suspension_wins_over_a_receipt_of_the_same_moment(_round: int) -> None:
    world = build()
    world.bind()
    grant = agreed(world)
    results = together(
        lambda: actions.suspend_grant(grant=grant, reason="停", by=world.steward, now=at(1)),
        lambda: ready(world, grant),
        lambda: actions.on_system_keys_changed(system=world.system, by=world.system_admin, now=at(1)),
    )
    assert not [result for result in results if isinstance(result, BaseException)]
    grant = fresh(grant)
    assert (grant.state, grant.application.state) == ("suspended", "suspended")
    last = Order.objects.order_by("-sequence").first()
    assert last is not None
    assert last.kind == "grant-state"


def test_the_same_receipt_at_once_has_one_effect() -> None:
    world = build()
    world.bind()
    grant = agreed(world)
    envelope = world.receipt("grant", GrantReceipt(grant_id=str(grant.id), state="ready"))
    results = together(*[lambda: apply_receipt(node=world.node, envelope=envelope, now=NOW) for _ in range(4)])
    assert sorted(result.duplicate for result in results) == [False, True, True, True]
    assert fresh(grant).state == "active"


def test_one_suspension_stands_of_two() -> None:
    world = build()
    grant = sharing(world)
    results = together(
        lambda: actions.suspend_grant(grant=grant, reason="一", by=world.steward, now=at(1)),
        lambda: actions.suspend_grant(grant=grant, reason="二", by=world.authority, now=at(1)),
    )
    assert sum(isinstance(result, StepNotAllowedError) for result in results) == 1
    assert Suspension.objects.count() == 1


def test_a_number_is_taken_inside_a_transaction_only() -> None:
    with pytest.raises(RuntimeError):
        next_number("SQ", NOW)


def test_two_stewards_confirm_a_return_once_and_the_other_is_told() -> None:
    world = build()
    flow = return_steps.asked(world, return_steps.province(world))
    results = together(*[lambda: returns.confirm_return(flow=flow, by=world.upper_steward, now=at(1))] * 2)
    assert sum(isinstance(result, StepNotAllowedError) for result in results) == 1
    assert (fresh(flow).state, Grant.objects.count()) == ("docking", 1)
