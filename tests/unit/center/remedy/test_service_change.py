from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.catalog import actions as catalog
from jutong.center.catalog.actions import binding
from jutong.center.catalog.actions.taking_down import accepted_filing
from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.errors import BindingInUseError, ServiceInUseError
from jutong.center.catalog.life import Filing
from jutong.center.catalog.models import Binding, EntryVersion, Item
from jutong.center.catalog.service_gate import require_same_shape
from jutong.center.clocks.enums import ClockState
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org import queries as org
from jutong.center.org.actor import platform_actor
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.process.gates import Gate, passes
from jutong.center.remedy import actions, queries, rules
from jutong.center.remedy.actions.change import sides_of_change
from jutong.center.remedy.enums import ServiceChangeEvent, ServiceChangeState
from jutong.center.remedy.errors import (
    AnsweredAlreadyError,
    ChangeOpenError,
    ConsultationOpenError,
    NobodyToConsultError,
)
from jutong.center.remedy.listening import on_supplied
from jutong.center.remedy.models import Consultation, ServiceChange
from jutong.center.sharing.models import Grant, Notice
from jutong.center.sharing.queries import inbox
from jutong.center.sharing.queries.tasks import TaskKind
from jutong.kernel.errors import InvalidInputError, JutongError, NotFoundError
from tests import sharing_steps
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db
PEOPLE = (
    "requester", "requester_head", "steward", "provider_head", "department_head", "authority", "leader", "auditor",
    "stranger", "stranger_head",
)  # fmt: skip


def proposed(world: World, **changes: Any) -> ServiceChange:
    if not Grant.objects.exists():
        sharing_steps.sharing(world)
    said: dict[str, Any] = {
        "kind": "reshape", "reason": "职责划出", "plan": "改由省级接口提供婚姻状况", "items": ["婚姻状况"],
        "effective_on": date(2026, 11, 20),
    }  # fmt: skip
    return actions.propose_change(entry=world.entry, by=world.steward, now=NOW, **(said | changes))


def answered(world: World, **changes: Any) -> ServiceChange:
    change = proposed(world, **changes)
    actions.answer_consultation(change=change, stance="agree", text="", by=world.requester, now=at(1))
    return change


def filed(world: World, **changes: Any) -> ServiceChange:
    return actions.file_change(change=answered(world, **changes), by=world.steward, now=at(2))


def accepted(world: World, **changes: Any) -> ServiceChange:
    change = filed(world, **changes)
    return actions.decide_change(change=change, accepted=True, note="", by=world.authority, now=at(3))


def refused(world: World) -> ServiceChange:
    return actions.decide_change(change=filed(world), accepted=False, note="理由不足", by=world.authority, now=at(3))


def withdrawn(world: World) -> ServiceChange:
    return actions.withdraw_change(change=proposed(world), by=world.steward, now=at(1))


def effective(world: World) -> ServiceChange:
    change = accepted(world)
    assert passes(Gate.SERVICE_CHANGE, world.entry, items=["婚姻状况"], by=world.steward, now=at(12))
    change.refresh_from_db()
    return change


STATES = {
    "consulting": proposed, "filed": filed, "accepted": accepted, "refused": refused, "effective": effective,
    "withdrawn": withdrawn,
}  # fmt: skip


def take(event: ServiceChangeEvent, change: ServiceChange, by: Any) -> None:
    more: dict[str, Any] = {"change": change, "by": by, "now": at(15)}
    {
        ServiceChangeEvent.ANSWER: lambda: actions.answer_consultation(stance="agree", text="", **more),
        ServiceChangeEvent.FILE: lambda: actions.file_change(**more),
        ServiceChangeEvent.WITHDRAW: lambda: actions.withdraw_change(**more),
        ServiceChangeEvent.ACCEPT: lambda: actions.decide_change(accepted=True, note="", **more),
        ServiceChangeEvent.REFUSE: lambda: actions.decide_change(accepted=False, note="理由不足", **more),
    }[event]()


@pytest.mark.parametrize("state", STATES)
def test_a_change_moves_exactly_as_its_table_says(world: World, state: str) -> None:
    assert set(STATES) == set(ServiceChangeState.values)
    change = fresh(STATES[state](world))
    assert change.state == state
    for event in set(ServiceChangeEvent) - {ServiceChangeEvent.APPLY}:
        for name in PEOPLE:
            by, row = world.actors[name], rules.SERVICE_CHANGES.find(state, event)
            sides = sides_of_change(change, by)
            allowed = row is not None and any(
                who.side in sides and who.permission is not None and org.has(by, who.permission) for who in row.who
            )
            code, after = "", state
            try:
                with transaction.atomic():
                    take(event, change, by)
                    after = fresh(change).state
                    transaction.set_rollback(True)
            except JutongError as error:
                code = error.code
            assert (code == "") is allowed, f"{state} {event} {name}: {code}"
            assert after == (row.next if row is not None and allowed else state)


@pytest.mark.parametrize("state", STATES)
def test_the_registry_refuses_every_forced_jump(world: World, state: str) -> None:
    change = STATES[state](world)
    for target in ServiceChangeState.values:
        if target != state and (state, target) not in rules.SERVICE_CHANGES.edges():
            with pytest.raises(IntegrityError, match="has no step"), transaction.atomic():
                ServiceChange.objects.filter(id=change.id).update(state=target)


def test_everybody_who_uses_it_is_asked_within_the_period(world: World) -> None:
    change = proposed(world)
    asked = Consultation.objects.get(change=change)
    assert asked.organisation_id == world.education.id
    clock = StatutoryClock.objects.get(subject_kind="consultation")
    assert (clock.period, clock.due_on) == ("SLA-CONSULT", date(2026, 11, 16))
    waits = [task for task in inbox(world.requester, NOW) if task.kind == TaskKind.CHANGE_CONSULT]
    assert [task.link for task in waits] == [f"/service-changes/{change.number}"]


def test_without_users_nobody_is_consulted(world: World) -> None:
    with pytest.raises(NobodyToConsultError):
        actions.propose_change(
            entry=world.entry, kind="stop", reason="x", plan="x", items=(), effective_on=date(2026, 12, 1),
            by=world.steward, now=NOW,
        )  # fmt: skip


def test_one_change_at_a_time_and_only_of_the_own_entry(world: World) -> None:
    change = proposed(world)
    with pytest.raises(ChangeOpenError) as told:
        proposed(world)
    assert told.value.fields["number"] == change.number
    with pytest.raises(NotFoundError):
        actions.propose_change(
            entry=world.entry, kind="stop", reason="x", plan="x", items=(), effective_on=date(2026, 12, 1),
            by=world.stranger, now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("kind", {"kind": "paint"}),
        ("reason", {"reason": " "}),
        ("plan", {"plan": ""}),
        ("items", {"items": [" "]}),
        ("effective_on", {"effective_on": None}),
        ("effective_on", {"effective_on": date(2026, 11, 8)}),
    ],
)
def test_bad_input_is_named(world: World, field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as told:
        proposed(world, **changes)
    assert told.value.fields["problems"][0]["field"] == field


def test_a_department_answers_once_and_gives_reasons(world: World) -> None:
    change = proposed(world)
    for stance, text in (("object", " "), ("maybe", "x"), ("agree", "字" * 401)):
        with pytest.raises(InvalidInputError):
            actions.answer_consultation(change=change, stance=stance, text=text, by=world.requester, now=at(1))
    actions.answer_consultation(change=change, stance="object", text="秋季招生后再变", by=world.requester, now=at(1))
    assert StatutoryClock.objects.get(subject_kind="consultation").state == ClockState.MET
    with pytest.raises(AnsweredAlreadyError):
        actions.answer_consultation(change=change, stance="agree", text="", by=world.requester, now=at(1))
    with pytest.raises(WrongSideError):
        actions.answer_consultation(change=change, stance="agree", text="", by=world.steward, now=at(1))


def test_silence_is_filed_as_silence_after_the_period(world: World) -> None:
    change = proposed(world)
    with pytest.raises(ConsultationOpenError) as told:
        actions.file_change(change=change, by=world.steward, now=at(7))
    assert told.value.fields["due"] == date(2026, 11, 16)
    done = actions.file_change(change=change, by=world.steward, now=at(8))
    assert done.filing is not None
    assert done.filing.consulted[0]["text"] == "到期没有答复"
    assert (done.filing.kind, accepted_filing(world.entry)) == ("change", None)


def test_the_filing_is_the_catalog_s_own_and_its_page_decides_too(world: World) -> None:
    change = filed(world)
    filing = Filing.objects.get(entry=world.entry)
    assert StatutoryClock.objects.get(subject_kind="service-change").organisation_id == world.bigdata.id
    catalog.decide_filing(filing=filing, accepted=True, by=world.authority, now=at(3))
    assert fresh(change).state == "accepted"
    assert StatutoryClock.objects.get(subject_kind="service-change").state == ClockState.MET
    assert Notice.objects.filter(organisation=world.education, link=f"/service-changes/{change.number}").count() == 2


def test_a_stop_that_was_accepted_lets_the_entry_go_down(world: World) -> None:
    change = accepted(world, kind="stop", items=["婚姻状况"])
    assert change.items == []
    found = accepted_filing(world.entry)
    assert found is not None
    assert found.id == change.filing_id
    assert not passes(Gate.SERVICE_CHANGE, world.entry, items=["婚姻状况"], by=world.steward, now=at(20))


def test_a_stop_that_was_accepted_lets_the_binding_go_from_its_day_on(world: World) -> None:
    change = filed(world, kind="stop", items=[])
    with pytest.raises(BindingInUseError):
        binding.unbind(entry=world.entry, by=world.steward, now=at(20))
    actions.decide_change(change=change, accepted=True, note="", by=world.authority, now=at(3))
    with pytest.raises(BindingInUseError):
        binding.unbind(entry=world.entry, by=world.steward, now=at(10))
    assert fresh(change).state == "accepted"
    binding.unbind(entry=world.entry, by=world.steward, now=at(12))
    assert (fresh(change).state, fresh(change).applied_at) == ("effective", at(12))
    assert Grant.objects.get().state == "suspended"
    assert not Binding.objects.filter(entry=world.entry, ended_at=None).exists()


def test_a_stop_speaks_for_nobody_it_did_not_hear(world: World) -> None:
    accepted(world, kind="stop", items=[])
    Filing.objects.update(consulted=[])
    with pytest.raises(BindingInUseError):
        binding.unbind(entry=world.entry, by=world.steward, now=at(20))


def test_a_filing_without_a_change_lets_the_binding_go_at_once(world: World) -> None:
    sharing_steps.sharing(world)
    consulted = {world.education.code: "同意"}
    filing = catalog.file_end(entry=world.entry, reason="职责划出", consulted=consulted, by=world.steward, now=NOW)
    catalog.decide_filing(filing=filing, accepted=True, by=world.authority, now=NOW)
    binding.unbind(entry=world.entry, by=world.steward, now=NOW)
    assert Grant.objects.get().state == "suspended"


def renewal(world: World, **changes: Any) -> EntryVersion:
    """A version that takes 婚姻状况 away, or turns it as told."""
    old = world.entry.published
    assert old is not None
    items = list(old.items.all())
    version = EntryVersion.objects.get(id=old.id)
    version.pk, version.number, version.state, version.published_at = None, old.number + 1, VersionState.DRAFT, None
    version._state.adding = True
    version.save()
    for item in items:
        if item.name == "婚姻状况" and not changes:
            continue
        item.pk, item.version = None, version
        item._state.adding = True
        for name, value in changes.items() if item.name == "婚姻状况" else ():
            setattr(item, name, value)
        item.save()
    return version


@pytest.mark.parametrize("change", [{}, {"data_type": "N"}, {"is_key": True}, {"widest_mode": "verify"}])
def test_a_version_that_drops_or_turns_what_is_granted_needs_an_accepted_change(
    world: World, change: dict[str, Any]
) -> None:
    sharing_steps.sharing(world)
    version = renewal(world, **change)
    with pytest.raises(ServiceInUseError) as told:
        require_same_shape(version, world.authority, NOW)
    assert told.value.fields["items"] == "婚姻状况"
    assert told.value.fields["departments"] == "市教育局"


def test_an_accepted_change_is_made_from_its_day_on_and_once(world: World) -> None:
    change = accepted(world)
    version = renewal(world)
    with pytest.raises(ServiceInUseError):
        require_same_shape(version, world.authority, at(10.5))
    require_same_shape(version, world.authority, at(11))
    assert fresh(change).state == "effective"
    with pytest.raises(ServiceInUseError):
        require_same_shape(version, world.authority, at(12))


def test_a_change_covers_only_its_items(world: World) -> None:
    accepted(world, items=["姓名"])
    with pytest.raises(ServiceInUseError):
        require_same_shape(renewal(world), world.authority, at(20))


def test_what_nobody_was_granted_may_change(world: World) -> None:
    sharing_steps.sharing(world)
    version = renewal(world, name="婚姻状况")
    Item.objects.filter(version=version, name="住址").delete()
    require_same_shape(version, world.authority, NOW)


def tables(world: World) -> None:
    columns = [{"name": name, "type": "text"} for name in ("id_number", "name", "marital", "address", "division")]
    world.source.tables = [{"schema_name": "public", "name": "marriage", "row_estimate": 10, "columns": columns}]
    world.source.save()


def test_a_binding_keeps_the_granted_columns(world: World) -> None:
    tables(world)
    sharing_steps.sharing(world)
    more: dict[str, Any] = {
        "entry": world.entry, "source": "civil", "schema_name": "public", "table": "marriage", "by": world.steward,
    }  # fmt: skip
    with pytest.raises(ServiceInUseError) as told:
        binding.bind(columns={"公民身份号码": "id_number", "姓名": "name"}, now=NOW, **more)
    assert told.value.fields["items"] == "婚姻状况"
    kept = {"公民身份号码": "id_number", "姓名": "name", "婚姻状况": "marital"}
    binding.bind(columns=kept, now=NOW, **more)
    change = accepted(world, kind="rebind")
    binding.bind(columns={"公民身份号码": "id_number", "姓名": "name"}, now=at(12), **more)
    assert fresh(change).applied_at == at(12)
    assert Binding.objects.filter(entry=world.entry, ended_at=None).count() == 1


def test_a_first_binding_is_free(world: World) -> None:
    tables(world)
    sharing_steps.agreed(world)
    binding.bind(
        entry=world.entry, source="civil", schema_name="public", table="marriage",
        columns={"公民身份号码": "id_number"}, by=world.steward, now=NOW,
    )  # fmt: skip


def test_whoever_begins_to_use_it_meanwhile_is_asked_too(world: World) -> None:
    change = proposed(world)
    Consultation.objects.filter(change=change).delete()
    StatutoryClock.objects.filter(subject_kind="consultation").delete()
    on_supplied(Grant.objects.get(), by=platform_actor("node"), now=at(1), first=False)
    assert not Consultation.objects.exists()
    on_supplied(Grant.objects.get(), by=platform_actor("node"), now=at(1), first=True)
    assert Consultation.objects.get(change=change).organisation_id == world.education.id


def test_each_party_reads_it(world: World) -> None:
    change = proposed(world)
    for name in ("requester", "steward", "authority", "auditor"):
        assert queries.service_change(world.actors[name], change.number, now=NOW).change == change
    with pytest.raises(NotFoundError):
        queries.service_change(world.stranger, change.number, now=NOW)
    seen = queries.service_change(world.requester, change.number, now=NOW)
    assert {event.value for event in seen.events} == {"answer"}
    assert seen.consultations[0].clock is not None
    actions.answer_consultation(change=change, stance="agree", text="", by=world.requester, now=NOW)
    assert queries.service_change(world.requester, change.number, now=NOW).events == frozenset()
    actions.file_change(change=change, by=world.steward, now=NOW)
    assert queries.service_change(world.authority, change.number, now=NOW).clock is not None
    with pytest.raises(StepNotAllowedError):
        actions.withdraw_change(change=change, by=world.steward, now=NOW)


def test_a_service_that_stands_still_with_nothing_filed_is_told_of(world: World) -> None:
    grant = sharing_steps.sharing(world)
    assert not queries.broken_services().exists()
    sharing_steps.answer(world, grant, "failed", at(1), "表不见了")
    assert list(queries.broken_services()) == [grant]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"items": []}, "service_change_says_what"),
        ({"reason": ""}, "service_change_says_why"),
        ({"filing": None}, "service_change_filed"),
        ({"applied_at": NOW}, "service_change_applied_once"),
    ],
)
def test_the_registry_refuses_half_written_changes(world: World, change: dict[str, Any], constraint: str) -> None:
    made = filed(world)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ServiceChange.objects.filter(id=made.id).update(**change)


def test_the_registry_refuses_half_answers(world: World) -> None:
    change = proposed(world)
    rows = Consultation.objects.filter(change=change)
    with pytest.raises(IntegrityError, match="consultation_answer_paired"), transaction.atomic():
        rows.update(stance="agree")
    with pytest.raises(IntegrityError, match="consultation_gives_reasons"), transaction.atomic():
        rows.update(stance="object", answered_by=world.requester.user_id, answered_at=NOW)
