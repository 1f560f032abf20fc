"""Random walks over the life of an entry: the database, the table and what others see always agree."""

from __future__ import annotations

from datetime import timedelta

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

from jutong.center.catalog import actions, queries
from jutong.center.catalog.enums import AssessmentKind, Event, VersionState
from jutong.center.catalog.errors import (
    NotPublishedError,
    OpenVersionExistsError,
    RemovalContentError,
    StepNotAllowedError,
)
from jutong.center.catalog.models import Entry, EntryChange, EntryVersion
from jutong.center.catalog.rules import OPEN_STATES, TRANSITIONS
from jutong.center.clocks.models import StatutoryClock
from jutong.kernel.errors import JutongError, NotFoundError
from tests.center_world import FIELDS, ITEMS, NOW, City, build

NEXT = {(row.state, row.event): row.next for row in TRANSITIONS}


class EntryLife(RuleBasedStateMachine):
    """One entry, walked at random; the model is the state of its open version and how many were published."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.city: City = build()
        self.now = NOW
        self.state: str | None = None
        self.published = 0
        self.removed = False
        self.is_removal = False
        self.discarded = 0
        self.passed: set[str] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize()
    def start(self) -> None:
        self.version = self.city.draft()
        self.state = VersionState.DRAFT

    def step(self, event: Event, act) -> None:
        if self.is_removal and event == Event.PUBLISH:
            event = Event.REMOVE
        target = NEXT.get((VersionState(self.state or VersionState.PUBLISHED), event))
        if target is None:
            with pytest.raises(StepNotAllowedError):
                act()
            return
        self.version = act()
        self.state = target

    @rule()
    @precondition(lambda self: not self.is_removal)
    def edit(self) -> None:
        self.step(
            Event.EDIT,
            lambda: actions.edit_version(
                version=self.version, fields=FIELDS, items=ITEMS, by=self.city["steward"], now=self.now
            ),
        )
        if self.state == VersionState.DRAFT:
            self.passed = set()

    @rule()
    @precondition(lambda self: self.is_removal)
    def write_a_removal(self) -> None:
        """What is taken down has nothing of its own to write, but its reason may be given anew."""
        refused = RemovalContentError if (self.state, Event.EDIT) in NEXT else StepNotAllowedError
        with pytest.raises(refused):
            actions.edit_version(
                version=self.version, fields=FIELDS, items=ITEMS, by=self.city["steward"], now=self.now
            )
        self.step(
            Event.EDIT,
            lambda: actions.revise_removal(
                version=self.version, reason="换个理由", by=self.city["steward"], now=self.now
            ),
        )
        if refused is RemovalContentError:
            self.state = VersionState.ASSESSED

    @rule()
    def discard(self) -> None:
        before = self.state
        self.step(Event.DISCARD, lambda: actions.discard(version=self.version, by=self.city["steward"], now=self.now))
        if self.state == VersionState.DISCARDED and before != self.state:
            self.discarded += 1

    @rule()
    def take_down(self) -> None:
        entry = Entry.objects.get()
        wanted = self.why_no_new_version()
        if wanted:
            with pytest.raises(wanted):
                actions.propose_removal(entry=entry, reason="职责已划出", by=self.city["steward"], now=self.now)
            return
        self.version = actions.propose_removal(entry=entry, reason="职责已划出", by=self.city["steward"], now=self.now)
        self.state, self.is_removal, self.passed = VersionState.ASSESSED, True, set()

    def why_no_new_version(self) -> type[JutongError] | None:
        if not self.published or self.removed:
            return NotPublishedError
        return OpenVersionExistsError if self.state in OPEN_STATES else None

    @rule(kind=st.sampled_from(AssessmentKind), passed=st.sampled_from([True, True, True, False]))
    def assess(self, kind: str, passed: bool) -> None:
        was_draft = self.state == VersionState.DRAFT
        if was_draft and self.is_removal:
            return
        self.step(
            Event.ASSESS,
            lambda: actions.record_assessment(
                version=self.version, kind=kind, passed=passed, conclusion="可控", assessed_by="某人",
                assessed_on=self.now.date() - timedelta(days=1), by=self.city["steward"], now=self.now,
            ),
        )  # fmt: skip
        if was_draft:
            self.passed = self.passed | {kind} if passed else self.passed - {kind}
            self.state = VersionState.ASSESSED if len(self.passed) == 2 else VersionState.DRAFT

    @rule()
    def consent(self) -> None:
        self.step(
            Event.CONSENT,
            lambda: actions.consent(version=self.version, by=self.city["department_head"], now=self.now),
        )

    @rule()
    def decline(self) -> None:
        self.step(
            Event.DECLINE,
            lambda: actions.decline(
                version=self.version, reason="口径不清", by=self.city["department_head"], now=self.now
            ),
        )

    @rule()
    def submit(self) -> None:
        self.step(Event.SUBMIT, lambda: actions.submit(version=self.version, by=self.city["steward"], now=self.now))

    @rule()
    def withdraw(self) -> None:
        self.step(Event.RECALL, lambda: actions.withdraw(version=self.version, by=self.city["steward"], now=self.now))

    @rule()
    def publish(self) -> None:
        before = self.state
        self.step(Event.PUBLISH, lambda: actions.publish(version=self.version, by=self.city["authority"], now=self.now))
        if before == VersionState.SUBMITTED:
            self.removed = self.is_removal
            self.published += not self.is_removal
            self.passed = set()

    @rule()
    def return_it(self) -> None:
        self.step(
            Event.RETURN,
            lambda: actions.return_version(
                version=self.version, reason="请补充", by=self.city["authority"], now=self.now
            ),
        )

    @rule()
    def renew(self) -> None:
        entry = Entry.objects.get()
        wanted = self.why_no_new_version()
        if wanted:
            with pytest.raises(wanted):
                actions.new_version(entry=entry, by=self.city["steward"], now=self.now)
            return
        self.version = actions.new_version(entry=entry, by=self.city["steward"], now=self.now)
        self.state, self.is_removal, self.passed = VersionState.DRAFT, False, set()

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now = min(self.now + timedelta(hours=hours), NOW + timedelta(days=30))

    @invariant()
    def database_agrees(self) -> None:
        if self.state is None:
            return
        self.version.refresh_from_db()
        assert self.version.state == self.state
        versions = list(EntryVersion.objects.order_by("number"))
        assert [row.number for row in versions] == list(range(1, len(versions) + 1))
        assert sum(row.state in OPEN_STATES for row in versions) <= 1
        live = bool(self.published) and not self.removed
        assert sum(row.state == VersionState.PUBLISHED for row in versions) == live
        assert sum(row.state == VersionState.SUPERSEDED for row in versions) == self.published - live
        assert sum(row.state == VersionState.REMOVED for row in versions) == self.removed
        assert sum(row.state == VersionState.DISCARDED for row in versions) == self.discarded

    @invariant()
    def others_see_only_what_is_published(self) -> None:
        if self.state is None:
            return
        code = Entry.objects.get().code
        if not self.published or self.removed:
            with pytest.raises(NotFoundError):
                queries.published_entry(self.city["requester"], code)
            return
        entry = queries.published_entry(self.city["requester"], code)
        assert entry.published is not None
        assert entry.published.state == VersionState.PUBLISHED
        shown = {row.state for row in queries.history(self.city["requester"], code)}
        assert shown <= {VersionState.PUBLISHED, VersionState.SUPERSEDED}
        assert len(queries.history(self.city["requester"], code)) == self.published

    @invariant()
    def the_feed_tells_what_became_visible(self) -> None:
        if self.state is None:
            return
        told = list(EntryChange.objects.order_by("sequence").values_list("kind", flat=True))
        expected = ["published"] * min(self.published, 1) + ["updated"] * max(self.published - 1, 0)
        assert told == expected + ["removed"] * self.removed

    @invariant()
    def a_clock_runs_exactly_while_the_authority_has_it(self) -> None:
        running = StatutoryClock.objects.filter(state="running").count()
        assert running == (self.state == VersionState.SUBMITTED)


@pytest.mark.django_db
def test_an_entry_may_live_any_life(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    run_state_machine_as_test(EntryLife, settings=LIFE)


LIFE = settings(max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
