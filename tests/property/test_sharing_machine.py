"""Walks applications through the platform at random and holds every state to the law.

What the table allows to a person happens, or is refused by a guard with a name; what it does not allow is refused
and changes nothing. Time passes in between, nodes answer or stay silent, and lateness never decides anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jutong.center.agreement.models import Agreement, Signature
from jutong.center.audit.models import AuditEvent
from jutong.center.clocks.models import StatutoryClock
from jutong.center.fleet.models import Order, ReceivedReceipt
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.sharing import actions, rules
from jutong.center.sharing.actions import Answer
from jutong.center.sharing.enums import Event
from jutong.center.sharing.models import Application, Consent, Extension, Grant, Notice, Reply, Suspension, Violation
from jutong.center.sharing.parties import sides_of
from jutong.kernel.errors import ForbiddenError, JutongError, NotFoundError
from jutong.tasks import scans
from tests.sharing_steps import (
    agreed,
    answer,
    asking_for_time,
    awaiting,
    drafted,
    need,
    prepared,
    replied,
    sharing,
    sign,
    submitted,
    suspended,
)
from tests.sharing_world import World, at, build

PEOPLE = (
    "requester", "requester_head", "steward", "provider_head", "department_head", "authority", "leader", "auditor",
    "stranger", "stranger_head",
)  # fmt: skip
STAGES = (drafted, awaiting, submitted, asking_for_time, prepared, replied, agreed, sharing, suspended)
"""Where a walk may begin, so that short walks reach the far states too."""
RARE = {Event.WITHDRAW, Event.RELINQUISH, Event.REVOKE}
"""Events that end a walk early, and are drawn seldom for that."""
BY_THE_TABLE = (StepNotAllowedError, WrongSideError, ForbiddenError, NotFoundError)
GRANT_EVENTS = {Event.SUSPEND, Event.LIFT, Event.REVOKE, Event.RELINQUISH}
BY_PEOPLE = sorted(
    {row.event for row in rules.APPLICATIONS.rows if any(who.permission for who in row.who)},
    key=lambda event: event.value,
)
LENGTHS = {"SLA-REP-U": 1, "SLA-REP-C": 10, "SLA-SUP": 20}


class Life(RuleBasedStateMachine):
    """One application at a time, from draft to its end, and then the next."""

    world: World
    application: Application

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.day = 0.0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(
        attribute=st.sampled_from(["conditional", "unconditional"]), bound=st.booleans(), stage=st.sampled_from(STAGES)
    )
    def begin(self, attribute: str, bound: bool, stage: Callable[[World], Any]) -> None:
        self.world = build(attribute)
        if bound:
            self.world.bind()
        made = stage(self.world)
        self.application = made.application if isinstance(made, Grant) else made

    @property
    def grant(self) -> Grant | None:
        return Grant.objects.filter(application=self.application).first()

    @property
    def state(self) -> str:
        self.application.refresh_from_db()
        return self.application.state

    def call(self, event: Event, by: Actor, yes: bool, few: bool) -> Callable[[], Any]:
        application, now = self.application, at(self.day)
        more: dict[str, Any] = {"by": by, "now": now}
        grant = self.grant
        if event in GRANT_EVENTS and grant is not None:
            return {
                Event.SUSPEND: lambda: actions.suspend_grant(grant=grant, reason="x", **more),
                Event.LIFT: lambda: actions.lift_suspension(grant=grant, **more),
                Event.REVOKE: lambda: actions.revoke_grant(grant=grant, reason="x", **more),
                Event.RELINQUISH: lambda: actions.revoke_grant(grant=grant, reason="x", **more),
            }[event]
        refusal = {} if yes else {"refusal": "purpose", "text": "不符"}
        narrowed = {row.item_id: Answer("verify") for row in application.items.all()} if few else {}
        reply: dict[str, Any] = {"answers": narrowed, "text": "够用", "refusal": refusal.get("refusal", "")}
        calls: dict[Event, Callable[[], Any]] = {
            Event.EDIT: lambda: actions.edit_draft(application=application, need=need(self.world), **more),
            Event.REQUEST_CONSENT: lambda: actions.request_consent(application=application, **more),
            Event.CONSENT: lambda: actions.consent_request(application=application, agreed=True, **more),
            Event.DECLINE: lambda: actions.consent_request(application=application, agreed=False, note="x", **more),
            Event.WITHDRAW: lambda: actions.withdraw(application=application, **more),
            Event.ASK_SUPPLEMENT: lambda: actions.ask_supplement(application=application, missing=["x"], **more),
            Event.ANSWER_SUPPLEMENT: lambda: actions.answer_supplement(application=application, text="x", **more),
            Event.ASK_EXTENSION: lambda: actions.ask_extension(
                application=application, days=3 if few else 12, reason="x", **more
            ),
            Event.DECIDE_EXTENSION: lambda: actions.decide_extension(application=application, consented=yes, **more),
            Event.PREPARE_REPLY: lambda: actions.prepare_reply(application=application, agreed=yes, **reply, **more),
            Event.RETURN_REPLY: lambda: actions.consent_reply(application=application, agreed=False, note="x", **more),
            Event.AGREE: lambda: actions.consent_reply(application=application, agreed=True, **more),
            Event.REFUSE: lambda: actions.consent_reply(application=application, agreed=True, **more),
            Event.MESSAGE: lambda: actions.message(application=application, text="x", **more),
            Event.REMIND: lambda: actions.remind(application=application, **more),
        }
        return calls.get(event, lambda: None)

    def meant(self, event: Event) -> Event:
        """The event an action turns a call into: the head's consent follows what the reply says."""
        if event in {Event.AGREE, Event.REFUSE}:
            reply = Reply.objects.filter(application=self.application).first()
            return Event.AGREE if reply is None or reply.agreed else Event.REFUSE
        return event

    def attempt(self, event: Event, who: str, yes: bool, few: bool) -> None:
        by, before = getattr(self.world, who), self.state
        if event in GRANT_EVENTS and self.grant is None:
            return
        event = self.meant(event)
        if event in {Event.REVOKE, Event.RELINQUISH}:
            holds = {side.value for side in sides_of(self.application, by)} == {"requester"}
            event = Event.RELINQUISH if holds else Event.REVOKE
        row = rules.APPLICATIONS.find(before, event)
        sides = sides_of(self.application, by)
        allowed = row is not None and any(
            line.side in sides and line.permission is not None and org.has(by, line.permission) for line in row.who
        )
        try:
            self.call(event, by, yes, few)()
        except BY_THE_TABLE:
            assert not allowed
            assert self.state == before
        except JutongError:
            assert allowed
            assert row is not None
            assert self.state == before
        else:
            assert allowed
            assert row is not None
            assert self.state == row.next

    @rule(event=st.sampled_from(BY_PEOPLE), who=st.sampled_from(PEOPLE), yes=st.booleans(), few=st.booleans())
    def somebody_tries_something(self, event: Event, who: str, yes: bool, few: bool) -> None:
        self.attempt(event, who, yes, few)

    @rule(data=st.data(), yes=st.booleans(), few=st.booleans())
    def the_right_person_goes_on(self, data: st.DataObject, yes: bool, few: bool) -> None:
        rows = [row for row in rules.APPLICATIONS.rows if row.state == self.state and row.event in BY_PEOPLE]
        onward = [row for row in rows if row.event not in RARE]
        if not onward:
            return
        moving = [row for row in onward if row.next != row.state]
        row = data.draw(st.sampled_from([*rows, *onward * 2, *moving * 6]))
        fitting = [
            who
            for who in PEOPLE
            for line in row.who
            if line.permission is not None
            and line.side in sides_of(self.application, getattr(self.world, who))
            and org.has(getattr(self.world, who), line.permission)
        ]
        if fitting:
            self.attempt(Event(row.event), data.draw(st.sampled_from(fitting)), yes, few)

    @rule(days=st.sampled_from([0.5, 1, 3, 8]))
    @precondition(lambda self: self.day < 40)
    def time_passes_and_decides_nothing(self, days: float) -> None:
        before = self.state
        self.day += days
        scans.scan_breaches(at(self.day))
        assert self.state == before

    @rule(said=st.sampled_from(["ready", "failed", "suspended", "revoked"]))
    def the_node_answers(self, said: str) -> None:
        grant = self.grant
        if grant is not None:
            answer(self.world, grant, said, at(self.day), "x")

    @rule()
    def the_heads_sign(self) -> None:
        grant = self.grant
        if grant is not None:
            sign(self.world, grant, at(self.day))

    @rule()
    def the_entry_is_bound(self) -> None:
        if not self.world.entry.bindings.exists():
            self.world.bind(at(self.day))
        scans.issue_waiting_grants(at(self.day))

    @rule()
    @precondition(lambda self: rules.APPLICATIONS.events(self.application.state) == [])
    def the_next_need(self) -> None:
        if self.day < 30:
            self.application = drafted(self.world, at(self.day))

    @invariant()
    def clocks_run_as_the_law_says(self) -> None:
        for clock in StatutoryClock.objects.filter(subject_kind="application"):
            assert clock.length == LENGTHS[clock.period]
            if clock.period != "SLA-SUP":
                application = Application.objects.get(id=clock.subject_id)
                assert clock.period == rules.reply_period(application.share_attribute)
            if clock.extension:
                assert clock.extension <= 10
                extension = Extension.objects.get(application_id=clock.subject_id)
                assert extension.consented is True
                assert extension.consented_by_id == self.world.authority.user_id
                told = Notice.objects.filter(organisation=self.world.education, text__contains="延长")
                assert told.exists()

    @invariant()
    def what_is_late_is_a_violation(self) -> None:
        late = (
            StatutoryClock.objects.filter(subject_kind="application")
            .exclude(breached_at=None)
            .exclude(period="SLA-AGR")
        )
        recorded = set(Violation.objects.filter(code="P4").values_list("subject_id", flat=True))
        assert {str(clock.id) for clock in late} == recorded

    @invariant()
    def one_supplement_at_most(self) -> None:
        asked = AuditEvent.objects.filter(event="sharing:supplement:ask").values_list("subject_id", flat=True)
        assert len(asked) == len(set(asked))

    @invariant()
    def the_unconditional_is_never_refused_or_narrowed(self) -> None:
        open_to_all = Application.objects.filter(share_attribute="unconditional")
        assert not open_to_all.filter(state="refused").exists()
        assert not open_to_all.filter(items__answer__in=("refused", "narrowed")).exists()

    @invariant()
    def no_grant_without_two_heads(self) -> None:
        for grant in Grant.objects.select_related("application"):
            given = Consent.objects.filter(application=grant.application, agreed=True)
            assert {row.side for row in given} == {"requester", "provider"}
            heads = {self.world.requester_head.user_id, self.world.provider_head.user_id}
            assert {row.by_id for row in given} == heads
            assert grant.application.created_by_id not in heads
            assert Reply.objects.get(application=grant.application).in_force_at is not None

    @invariant()
    def nothing_is_shared_without_the_node_s_word(self) -> None:
        for grant in Grant.objects.select_related("application"):
            assert (grant.state == "active") == (grant.application.state == "sharing")
            if grant.state == "active":
                assert grant.supplied_at is not None
                assert ReceivedReceipt.objects.filter(
                    kind="grant", envelope__body__grant_id=str(grant.id), envelope__body__state="ready"
                ).exists()
            if grant.supplied_at is not None:
                assert Order.objects.filter(kind="grant", subject_id=str(grant.id)).exists()

    @invariant()
    def nothing_conditional_is_ordered_without_two_signatures(self) -> None:
        for grant in Grant.objects.select_related("application"):
            ordered = Order.objects.filter(kind="grant", subject_id=str(grant.id)).exists()
            if ordered and grant.application.share_attribute == "conditional":
                signed = Signature.objects.filter(agreement__grant=grant, agreement__in_force_at__isnull=False)
                assert {row.side for row in signed} == {"requester", "provider"}
                assert len({row.by_id for row in signed}) == 2
            if grant.state == "awaiting-signing":
                assert not ordered

    @invariant()
    def an_agreement_stands_as_its_grant_does(self) -> None:
        stands = {"suspended": "suspended", "revoked": "ended", "expired": "ended"}
        for agreement in Agreement.objects.exclude(in_force_at=None).select_related("grant"):
            assert agreement.grant is not None
            assert agreement.state == stands.get(agreement.grant.state, "in-force")

    @invariant()
    def what_is_stopped_was_told_to_the_node(self) -> None:
        for grant in Grant.objects.filter(state__in=("suspended", "revoked", "expired")):
            last = Order.objects.filter(subject_id=str(grant.id)).order_by("sequence").last()
            wanted = "suspended" if grant.state == "suspended" else "revoked"
            assert last is None or last.envelope["body"].get("state") == wanted
            if grant.state == "suspended":
                assert Suspension.objects.filter(grant=grant, lifted_at=None).count() == 1

    @invariant()
    def the_feed_has_no_gap(self) -> None:
        sequences = list(Order.objects.order_by("sequence").values_list("sequence", flat=True))
        assert sequences == list(range(1, len(sequences) + 1))


@pytest.mark.django_db
def test_every_walk_keeps_the_law() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=24,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
