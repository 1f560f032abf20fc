"""What running grants must follow at once happens with the change, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jutong.center.catalog.actions import binding
from jutong.center.catalog.models import Binding
from jutong.center.org.enums import Role
from jutong.center.org.models import InformationSystem, SystemKey
from jutong.center.sharing.actions import changes
from jutong.kernel.keys import generate_signer
from tests.sharing_steps import orders, sharing
from tests.sharing_world import World, at


class LostPowerError(Exception):
    """Stands for whatever ends a process between two writes."""


@pytest.fixture
def guard(world: World):
    """The security administrator: keys are theirs."""
    return replace(world.system_admin, role=Role.SECURITY_ADMIN)


@pytest.fixture
def power_cut(monkeypatch):
    def cut(**_: object) -> int:
        raise LostPowerError

    monkeypatch.setattr(changes, "on_system_keys_changed", cut)
    monkeypatch.setattr(changes, "on_entry_bound", cut)


def test_a_new_key_is_ordered_with_the_grant(world: World, guard) -> None:
    sharing(world)
    pair = generate_signer("enrol2")
    changes.add_key(system=world.system, key_id=pair.key_id, public_key=pair.public_b64, by=guard, now=at(1))
    assert pair.key_id in [caller["key_id"] for caller in orders("grant")[-1]["callers"]]


def test_a_revoked_key_leaves_the_grant(world: World, guard) -> None:
    sharing(world)
    changes.revoke_key(key=world.system_key, by=guard, now=at(1))
    assert orders("grant")[-1]["callers"] == []


def test_a_closed_system_leaves_its_grants_without_callers(world: World) -> None:
    sharing(world)
    changes.close_system(system=world.system, by=world.system_admin, now=at(1))
    assert orders("grant")[-1]["callers"] == []


def test_a_key_is_not_revoked_when_its_orders_cannot_be_written(world: World, guard, power_cut) -> None:
    with pytest.raises(LostPowerError):
        changes.revoke_key(key=world.system_key, by=guard, now=at(1))
    assert SystemKey.objects.get(id=world.system_key.id).revoked_at is None


def test_a_key_is_not_added_when_its_orders_cannot_be_written(world: World, guard, power_cut) -> None:
    pair = generate_signer("enrol2")
    with pytest.raises(LostPowerError):
        changes.add_key(system=world.system, key_id=pair.key_id, public_key=pair.public_b64, by=guard, now=at(1))
    assert not SystemKey.objects.filter(key_id=pair.key_id).exists()


def test_a_system_is_not_closed_when_its_orders_cannot_be_written(world: World, power_cut) -> None:
    with pytest.raises(LostPowerError):
        changes.close_system(system=world.system, by=world.system_admin, now=at(1))
    assert InformationSystem.objects.get(id=world.system.id).closed_at is None


def test_an_entry_is_bound_with_its_orders_or_not(world: World, monkeypatch, power_cut) -> None:
    before = Binding.objects.count()
    monkeypatch.setattr(binding, "bind", lambda **given: Binding.objects.create(**_row(given)))
    Binding.objects.filter(entry=world.entry).update(ended_at=at(0))
    with pytest.raises(LostPowerError):
        changes.bind_entry(
            entry=world.entry, source="s", schema_name="", table="t", columns={}, by=world.steward, now=at(1)
        )
    assert Binding.objects.count() == before


def _row(given: dict[str, object]) -> dict[str, object]:
    row = {name: value for name, value in given.items() if name not in {"by", "now"}}
    return {**row, "bound_at": given["now"]}
