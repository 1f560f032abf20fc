from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import DatabaseError, IntegrityError, transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.enums import ClockState
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.actor import platform_actor
from jutong.center.remedy import actions, queries
from jutong.center.remedy.actions import Copy
from jutong.center.remedy.errors import CopiesOpenError, NoCopiesDeclaredError
from jutong.center.remedy.models import Certificate, Disposal
from jutong.center.sharing import actions as sharing_actions
from jutong.center.sharing.models import Notice
from jutong.center.sharing.queries import inbox
from jutong.center.sharing.queries.tasks import TaskKind
from jutong.kernel.canonical import canonical_json, digest
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests import remedy_steps as steps
from tests import sharing_steps
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db


def test_the_end_of_a_grant_opens_its_disposal(world: World) -> None:
    case = steps.opened(world)
    assert (case.state, case.reason) == ("open", "入学已办结")
    clock = StatutoryClock.objects.get(subject_kind="disposal")
    assert (clock.period, clock.length, clock.organisation_id) == ("SLA-DISPOSE", 10, world.education.id)
    assert Notice.objects.filter(organisation=world.education, link=f"/disposals/{case.number}").exists()


def test_a_grant_that_runs_out_is_found_by_itself(world: World) -> None:
    grant = sharing_steps.sharing(world, valid_until=date(2026, 11, 30))
    assert sharing_actions.expire_grants(now=grant.valid_until - timedelta(seconds=1)) == 0
    assert not Disposal.objects.exists()
    sharing_actions.expire_grants(now=grant.valid_until)
    assert Disposal.objects.get(grant=grant).state == "open"
    assert StatutoryClock.objects.get(subject_kind="disposal").due_on == date(2026, 12, 15)


def test_a_grant_ends_even_where_the_calendar_of_the_period_is_missing(world: World) -> None:
    grant = sharing_steps.sharing(world)
    over = grant.valid_until
    sharing_actions.expire_grants(now=over)
    case = Disposal.objects.get(grant=grant)
    assert not StatutoryClock.objects.filter(subject_kind="disposal").exists()
    assert actions.start_missing_clocks(now=over) == 0
    clocks.load_calendar_year(year=2027, rows=[], provisional=True, source="暂定", by=platform_actor("test"), now=over)
    assert actions.start_missing_clocks(now=over) == 1
    assert actions.start_missing_clocks(now=over) == 0
    assert StatutoryClock.objects.get(subject_kind="disposal").subject_id == str(case.id)


def test_a_report_is_taken_while_no_clock_runs(world: World) -> None:
    grant = sharing_steps.sharing(world)
    sharing_actions.expire_grants(now=grant.valid_until)
    case = Disposal.objects.get(grant=grant)
    done = actions.report_disposal(
        disposal=case, handled={}, nothing_kept=True, by=world.requester, now=grant.valid_until
    )
    assert done.state == "reported"


def test_what_was_never_supplied_needs_no_disposal(world: World) -> None:
    grant = sharing_steps.agreed(world)
    sharing_actions.revoke_grant(grant=grant, reason="不用了", by=world.requester_head, now=NOW)
    assert not Disposal.objects.exists()


def test_copies_are_declared_once(world: World) -> None:
    case = steps.declared(world)
    actions.declare_copies(disposal=case, copies=[Copy("backup", " 每日备份 ")], by=world.requester, now=NOW)
    assert case.copies.count() == 2


@pytest.mark.parametrize(("kind", "place", "field"), [("cloud", "x", "kind"), ("file", " ", "place")])
def test_a_copy_is_of_a_known_kind_and_somewhere(world: World, kind: str, place: str, field: str) -> None:
    with pytest.raises(InvalidInputError) as told:
        actions.declare_copies(disposal=steps.opened(world), copies=[Copy(kind, place)], by=world.requester, now=NOW)
    assert told.value.fields["problems"][0]["field"] == field


def test_there_are_not_endlessly_many_copies(world: World) -> None:
    many = [Copy("file", f"文件{n}") for n in range(101)]
    with pytest.raises(InvalidInputError):
        actions.declare_copies(disposal=steps.opened(world), copies=many, by=world.requester, now=NOW)


def test_every_copy_is_accounted_for(world: World) -> None:
    case = steps.declared(world)
    first = dict(list(steps.handled(case).items())[:1])
    with pytest.raises(CopiesOpenError) as told:
        actions.report_disposal(disposal=case, handled=first, by=world.requester, now=NOW)
    assert told.value.fields["places"] == "每日备份"


@pytest.mark.parametrize(
    "change",
    [{"method": "burn"}, {"done_on": None}, {"done_on": date(2026, 11, 10)}, {"method": "keep", "basis": " "}],
)
def test_bad_handling_is_named(world: World, change: dict[str, Any]) -> None:
    case = steps.declared(world)
    handled = steps.handled(case, **change)
    with pytest.raises(InvalidInputError) as told:
        actions.report_disposal(disposal=case, handled=handled, by=world.requester, now=NOW)
    first = case.copies.first()
    assert first is not None
    assert told.value.fields["problems"][0]["field"].endswith(f"-{first.pk}")
    assert fresh(case).state == "open"


def test_whoever_kept_nothing_says_so(world: World) -> None:
    case = steps.opened(world)
    with pytest.raises(NoCopiesDeclaredError):
        actions.report_disposal(disposal=case, handled={}, by=world.requester, now=NOW)
    done = actions.report_disposal(disposal=case, handled={}, nothing_kept=True, by=world.requester, now=NOW)
    assert done.state == "reported"
    assert Certificate.objects.get(disposal=case).document["copies"] == []


def test_the_certificate_states_each_copy_and_stands(world: World) -> None:
    case = steps.disposal_reported(world)
    made = Certificate.objects.get(disposal=case)
    assert made.digest == digest(made.document)
    assert [row["method"] for row in made.document["copies"]] == ["delete", "delete"]
    assert made.document["grant"] == case.grant.number
    assert made.signature is not None
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(made.signature["public_key"]))
    key.verify(base64.b64decode(made.signature["signature"]), canonical_json(made.document))
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        Certificate.objects.filter(id=made.id).update(digest="sha256:forged")
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        made.delete()


def test_a_report_stops_the_clock_and_a_return_starts_another(world: World) -> None:
    case = steps.disposal_reported(world)
    assert StatutoryClock.objects.get(subject_kind="disposal").state == ClockState.MET
    back = actions.return_disposal(disposal=case, note="缺文件副本", by=world.steward, now=at(1))
    assert (back.state, back.round) == ("open", 2)
    assert StatutoryClock.objects.filter(subject_kind="disposal", state=ClockState.RUNNING).count() == 1
    actions.report_disposal(disposal=back, handled=steps.handled(back), by=world.requester, now=at(2))
    assert sorted(Certificate.objects.values_list("round", flat=True)) == [1, 2]


def test_it_is_disposed_when_the_node_confirmed_and_stayed_silent(world: World) -> None:
    case = steps.verified(world)
    assert actions.prove_disposals(now=at(5)) == 0
    sharing_steps.answer(world, case.grant, "revoked", at(1))
    assert actions.prove_disposals(now=at(1.9)) == 0
    assert actions.prove_disposals(now=at(2)) == 1
    done = fresh(case)
    assert (done.state, done.disposed_at) == ("disposed", at(2))
    assert actions.prove_disposals(now=at(3)) == 0


def test_a_refused_call_after_the_end_is_shown_and_hinders_nothing(world: World) -> None:
    case = steps.verified(world)
    sharing_steps.answer(world, case.grant, "revoked", at(1))
    steps.call(case.grant, "late", at(1.5), outcome="gateway.grant.ended")
    assert actions.prove_disposals(now=at(3)) == 1
    seen = queries.disposal(world.steward, case.number, now=at(3))
    assert (seen.silence.answered, seen.silence.refused, seen.silence.last_at) == (0, 1, at(1.5))


def test_an_answer_after_the_end_goes_back_to_the_provider(world: World) -> None:
    case = steps.verified(world)
    sharing_steps.answer(world, case.grant, "revoked", at(1))
    steps.call(case.grant, "late", at(1.5))
    assert actions.prove_disposals(now=at(3)) == 0
    back = fresh(case)
    assert back.state == "reported"
    assert "1次" in back.problem
    again = actions.verify_disposal(disposal=back, note="已停用旧节点", by=world.steward, now=at(4))
    assert (again.state, again.problem) == ("disposed", "")
    steps.call(case.grant, "later", at(5))
    assert actions.prove_disposals(now=at(6)) == 0


def test_the_inbox_says_whose_turn_it_is(world: World) -> None:
    case = steps.declared(world)
    waits = [task for task in inbox(world.requester, NOW) if task.kind == TaskKind.DISPOSAL_REPORT]
    assert [(task.link, task.clock is not None) for task in waits] == [(f"/disposals/{case.number}", True)]
    actions.report_disposal(disposal=case, handled=steps.handled(case), by=world.requester, now=NOW)
    assert [task.kind for task in inbox(world.steward, NOW) if task.number == case.number] == [TaskKind.DISPOSAL_VERIFY]


def test_late_disposals_are_told_of(world: World) -> None:
    case = steps.opened(world)
    due = StatutoryClock.objects.get(subject_kind="disposal").due_on
    assert list(queries.overdue(due)) == []
    assert list(queries.overdue(due + timedelta(days=1))) == [case]


def test_each_side_reads_it_and_a_stranger_does_not(world: World) -> None:
    case = steps.opened(world)
    for who in (world.requester, world.steward, world.authority, world.auditor):
        assert queries.disposal(who, case.number, now=NOW).case == case
    with pytest.raises(NotFoundError):
        queries.disposal(world.stranger, case.number, now=NOW)
    assert queries.disposals(world.steward, is_open=True).count() == 1
    assert queries.disposal_by_grant(case.grant) == case
    assert AuditEvent.objects.filter(event="remedy:disposal:open", subject_label=case.number).count() == 1


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"reported_at": None}, "disposal_report_paired"),
        ({"verified_at": None}, "disposal_check_paired"),
        ({"disposed_at": NOW, "state": "verified"}, "disposed_after_check"),
    ],
)
def test_the_registry_refuses_half_written_disposals(world: World, change: dict[str, Any], constraint: str) -> None:
    case = steps.verified(world)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Disposal.objects.filter(id=case.id).update(**change)


def test_the_registry_refuses_one_person_on_both_sides(world: World) -> None:
    case = steps.verified(world)
    with pytest.raises(IntegrityError, match="disposal_by_two_people"), transaction.atomic():
        Disposal.objects.filter(id=case.id).update(verified_by=world.requester.user_id)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"method": "delete", "done_on": None}, "copy_method_paired"),
        ({"method": "keep", "done_on": date(2026, 11, 9)}, "kept_copy_names_the_law"),
        ({"place": ""}, "copy_is_somewhere"),
    ],
)
def test_the_registry_refuses_half_written_copies(world: World, change: dict[str, Any], constraint: str) -> None:
    case = steps.declared(world)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        case.copies.filter(kind="backup").update(**change)
