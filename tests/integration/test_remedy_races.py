"""Two people who act on one remedy at the same moment: one wins, the other is told."""

from __future__ import annotations

import pytest

from jutong.center.process.errors import StepNotAllowedError
from jutong.center.remedy import actions
from jutong.center.remedy.errors import CorrectedAlreadyError, RectificationOpenError
from jutong.center.remedy.models import Certificate, LedgerEntry, Rectification
from jutong.center.sharing.models import Suspension
from tests import remedy_steps as steps
from tests import sharing_steps
from tests.integration.test_sharing_races import together
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, at, build

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_order_suspends_a_grant_of_two_given_at_once() -> None:
    world = build()
    grant = sharing_steps.sharing(world)
    results = together(
        *[
            lambda by=by: actions.order_rectification(grant=grant, finding="x", demands="x", days=5, by=by, now=at(1))
            for by in (world.steward, world.authority)
        ]
    )
    assert sum(isinstance(result, RectificationOpenError) for result in results) == 1
    assert Rectification.objects.count() == Suspension.objects.count() == 1


def test_a_result_is_accepted_or_rejected_and_not_both() -> None:
    world = build()
    case = steps.reported(world)
    results = together(
        lambda: actions.accept_rectification(rectification=case, by=world.provider_head, now=at(1)),
        lambda: actions.reject_rectification(rectification=case, note="x", by=world.steward, now=at(1)),
    )
    assert sum(isinstance(result, StepNotAllowedError) for result in results) == 1
    assert fresh(case).state in {"accepted", "insufficient"}


def test_one_certificate_is_made_of_two_reports_at_once() -> None:
    world = build()
    case = steps.declared(world)
    handled = steps.handled(case)
    results = together(
        *[
            lambda: actions.report_disposal(disposal=case, handled=handled, by=world.requester, now=NOW)
            for _ in range(3)
        ]
    )
    assert sum(isinstance(result, StepNotAllowedError) for result in results) == 2
    assert Certificate.objects.count() == 1


def test_an_entry_is_corrected_once_by_two_people() -> None:
    world = build()
    grant = sharing_steps.sharing(world)
    wrong = actions.write_entry(grant=grant, part="effect", text="x", by=world.requester, now=NOW)
    results = together(
        *[
            lambda: actions.write_entry(
                grant=grant, part="effect", text="y", corrects=wrong, by=world.requester, now=at(1)
            )
            for _ in range(3)
        ]
    )
    assert sum(isinstance(result, CorrectedAlreadyError) for result in results) == 2
    assert LedgerEntry.objects.filter(corrects=wrong).count() == 1
