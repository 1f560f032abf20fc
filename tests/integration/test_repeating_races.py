"""Renewals, stand-ins and answers at the same moment: one wins, the other is told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jutong.center.org.enums import Role
from jutong.center.process.errors import StepNotAllowedError
from jutong.center.sharing import actions
from jutong.center.sharing.errors import IdleNotAskedError, RenewalOpenError
from jutong.center.sharing.models import Application, Consent, Delegation, GrantAlert, IdleInquiry, Notice
from tests.integration.test_sharing_races import together
from tests.sharing_steps import awaiting, sharing
from tests.sharing_world import at, build, person

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_grant_is_renewed_once() -> None:
    world = build()
    grant = sharing(world)
    results = together(*[lambda: actions.renew_grant(grant=grant, by=world.requester, now=at(1)) for _ in range(3)])
    assert len([result for result in results if isinstance(result, Application)]) == 1
    assert len([result for result in results if isinstance(result, RenewalOpenError)]) == 2


def test_a_head_and_the_delegate_consent_once_between_them() -> None:
    world = build()
    clerk = person(world.education, Role.REQUESTER, "clerk", "何敏")
    today = date(2026, 11, 9)
    actions.delegate(
        username="clerk", valid_from=today, valid_until=today, reason="出差", by=world.requester_head, now=at(0)
    )
    application = awaiting(world)
    results = together(
        *[
            lambda by=by: actions.consent_request(application=application, agreed=True, by=by, now=at(0.1))
            for by in (world.requester_head, clerk)
        ]
    )
    assert len([result for result in results if isinstance(result, StepNotAllowedError)]) == 1
    assert Consent.objects.count() == 1


def test_one_delegation_at_a_time_however_fast() -> None:
    world = build()
    for name in ("clerk", "second"):
        person(world.education, Role.REQUESTER, name, name)
    today = date(2026, 11, 9)
    together(
        *[
            lambda name=name: actions.delegate(
                username=name, valid_from=today, valid_until=today, reason="出差", by=world.requester_head, now=at(0)
            )
            for name in ("clerk", "second")
        ]
    )
    assert Delegation.objects.count() == 1


def test_an_unused_grant_is_asked_about_and_answered_once() -> None:
    world = build()
    grant = sharing(world)
    together(*[lambda: actions.ask_idle(now=at(31)) for _ in range(3)])
    assert IdleInquiry.objects.count() == 1
    results = together(
        *[
            lambda: actions.answer_idle(grant=grant, answer="keep", text="还要", by=world.requester, now=at(32))
            for _ in range(3)
        ]
    )
    assert len([result for result in results if isinstance(result, IdleNotAskedError)]) == 2


def test_two_scans_tell_once() -> None:
    world = build()
    grant = sharing(world)
    soon = grant.valid_until - timedelta(days=5)
    together(*[lambda: actions.alert_holders(now=soon) for _ in range(3)])
    assert GrantAlert.objects.count() == 1
    assert Notice.objects.filter(text__contains="请现在续期").count() == 1
