"""Tests made from the table: every pair of state and event, allowed or not, and who may take it."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from django.utils.translation import override

from jutong.center.org.enums import Role
from jutong.center.org.permissions import HOLDERS, Permission
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.sharing import rules
from jutong.center.sharing.enums import ApplicationState, Event, GrantState, Side

PAIRS = [
    (machine, state, event)
    for machine in rules.MACHINES
    for state, event in itertools.product(machine.states.values, Event)
]
MISSING = [pair for pair in PAIRS if pair[0].find(pair[1], pair[2]) is None]
ROWS = [(machine, row) for machine in rules.MACHINES for row in machine.rows]
FINAL = {
    rules.APPLICATIONS: {"refused", "withdrawn", "expired", "terminated"},
    rules.GRANTS: {"revoked", "expired"},
}


def test_a_pair_without_a_row_is_refused_and_told_what_is_allowed() -> None:
    wrong: list[Any] = []
    for machine, state, event in MISSING:
        allowed = [str(other.label) for other in machine.open_to_people(state)]
        found: Any = None
        told = (machine.states(state).label, event.label, "、".join(allowed) or "无", 409)
        try:
            machine.step(state, event, label="SQ1")
        except StepNotAllowedError as error:
            fields = error.fields
            found = (fields["state"], fields["event"], str(fields["allowed"]), error.http_status)
        if found != told or str(event.label) in allowed:
            wrong.append((machine.key, state, event.value, found))
    assert wrong == []


def test_a_row_is_found_leads_somewhere_real_and_names_its_clause() -> None:
    wrong = [
        (machine.key, row.state, row.event.value)
        for machine, row in ROWS
        if machine.step(row.state, row.event, label="x") is not row
        or row.next not in machine.states.values
        or not re.match(r"条例 \d+", row.clause)
        or not row.who
    ]
    assert wrong == []


def test_other_sides_are_refused_by_name() -> None:
    wrong = []
    for machine, row in ROWS:
        mine = {who.side for who in row.who}
        assert rules.standing(row, mine) == list(row.who)
        for side in set(Side) - mine:
            try:
                rules.standing(row, {side})
            except WrongSideError as error:
                said = str(error.fields["sides"])
            else:
                said = ""
            if not all(str(who.side.label) in said for who in row.who):
                wrong.append((machine.key, row.state, row.event.value, side.value))
    assert wrong == []


def test_no_pair_stands_twice() -> None:
    for machine in rules.MACHINES:
        pairs = [(row.state, row.event) for row in machine.rows]
        assert len(pairs) == len(set(pairs))


def test_every_state_is_reached_and_the_last_ones_are_left_only_by_confirmation() -> None:
    starts = {rules.APPLICATIONS: {"draft"}, rules.GRANTS: {"awaiting-binding"}}
    for machine, reached in starts.items():
        grown: set[str] = set()
        while grown != reached:
            grown = set(reached)
            reached |= {row.next for row in machine.rows if row.state in grown}
        assert reached == set(machine.states.values)
        ending = {
            state for state in machine.states.values if all(r.next == state for r in machine.rows if r.state == state)
        }
        assert FINAL[machine] <= ending


def test_only_the_node_makes_anything_usable() -> None:
    for machine, state in ((rules.APPLICATIONS, "sharing"), (rules.GRANTS, "active")):
        into = [row for row in machine.rows if row.next == state and row.state != state]
        assert into
        for row in into:
            assert {who.side for who in row.who} == {Side.NODE}
            assert rules.Guard.NODE_RECEIPT in row.guards


def test_only_both_heads_lead_to_supply() -> None:
    rows = [row for row in rules.APPLICATIONS.rows if row.next == "supplying" and row.state == "reply-prepared"]
    assert [row.event for row in rows] == [Event.AGREE]
    assert rules.Guard.BOTH_CONSENTS in rows[0].guards
    assert rows[0].who == (rules.Who(Side.PROVIDER, Permission.SHARING_REPLY_CONSENT),)


def test_the_law_s_consents_belong_to_office_heads_and_the_authority() -> None:
    heads = {Event.CONSENT, Event.DECLINE, Event.AGREE, Event.REFUSE, Event.RETURN_REPLY}
    for row in rules.APPLICATIONS.rows:
        holders = set().union(*(HOLDERS[who.permission] for who in row.who if who.permission))
        if row.event in heads:
            assert holders == {Role.OFFICE_HEAD}
        if row.event == Event.DECIDE_EXTENSION:
            assert holders == {Role.AUTHORITY}


def test_the_platform_decides_nothing() -> None:
    by_platform = {
        row.event for machine in rules.MACHINES for row in machine.rows if any(w.side == Side.PLATFORM for w in row.who)
    }
    assert by_platform == {Event.EXPIRE, Event.ORDER, Event.HOLD, Event.LACK}


def test_the_two_tables_stop_and_go_together() -> None:
    together = (Event.SUSPEND, Event.LIFT, Event.REVOKE, Event.RELINQUISH, Event.EXPIRE)
    for event in together:
        who = {row.who for machine in rules.MACHINES for row in machine.rows if row.event == event}
        assert len(who) == 1
    assert rules.GRANTS.find("active", Event.REVOKE) is None
    assert rules.APPLICATIONS.find("sharing", Event.REVOKE) is None


@pytest.mark.parametrize(("attribute", "period"), [("unconditional", "SLA-REP-U"), ("conditional", "SLA-REP-C")])
def test_the_reply_period_follows_the_attribute(attribute: str, period: str) -> None:
    assert rules.reply_period(attribute) == period


def test_a_refusal_is_worded_when_it_is_read() -> None:
    with pytest.raises(StepNotAllowedError) as error:
        rules.APPLICATIONS.step(ApplicationState.DRAFT, Event.AGREE, label="SQ1")
    assert "草稿" in error.value.explain()
    with override("en"):
        assert error.value.explain("zh-hans")
    assert rules.listed(["a", "b"]) == "a，b"
    assert GrantState.AWAITING_BINDING in rules.GRANTS.states
