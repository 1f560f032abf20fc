from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.fleet import actions, queries, service
from jutong.center.fleet.errors import NodeKeyError, NodeTakenError, SourceUnknownError
from jutong.center.fleet.models import Node, Order, ReceivedReceipt
from jutong.center.org.actor import platform_actor
from jutong.contracts.orders import IntrospectOrder
from jutong.kernel.errors import ForbiddenError, NotFoundError
from jutong.kernel.keys import Ed25519Verifier, generate_signer, load_or_create_signer
from jutong.kernel.settings import Settings
from tests.sharing_world import NOW, World, at, build, new_id

BY = platform_actor("test")


def issue(node: Node, subject: str = "s") -> Order:
    return actions.issue_order(
        node=node, kind="introspect", body=IntrospectOrder(source=subject), subject_id=subject, by=BY, now=NOW
    )


@transaction.atomic
def undone(node: Node) -> None:
    issue(node, "undone")
    raise RuntimeError


def test_a_node_is_registered_once(world: World) -> None:
    signer = generate_signer("node-2")
    made = [
        actions.register_node(
            name="node-2", public_key=signer.public_b64, key_id=signer.key_id, by=world.system_admin, now=NOW
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert AuditEvent.objects.filter(event="fleet:node:register").count() == 1
    other = generate_signer("node-2")
    with pytest.raises(NodeTakenError):
        actions.register_node(name="node-2", public_key=other.public_b64, key_id=other.key_id, by=BY, now=NOW)


@pytest.mark.parametrize("key", ["", "not base64!", "AAAA"])
def test_what_is_no_key_is_refused(world: World, key: str) -> None:
    with pytest.raises(NodeKeyError):
        actions.register_node(name="node-3", public_key=key, key_id="k", by=BY, now=NOW)


def test_registering_is_for_who_runs_the_platform(world: World) -> None:
    with pytest.raises(ForbiddenError):
        actions.register_node(name="node-4", public_key="x", key_id="k", by=world.steward, now=NOW)


def test_sequences_have_no_gap_even_after_a_rollback(world: World) -> None:
    issue(world.node)
    with pytest.raises(RuntimeError):
        undone(world.node)
    issue(world.node, "again")
    assert list(Order.objects.values_list("sequence", flat=True)) == [1, 2]
    assert [cover.body["source"] for cover in queries.order_feed(world.node, 0)] == ["s", "again"]
    assert len(queries.order_feed(world.node, 0, limit=1)) == 1


@pytest.mark.django_db(transaction=True)
def test_orders_issued_at_once_come_one_after_the_other() -> None:
    world = build()

    def run() -> None:
        try:
            for _ in range(5):
                issue(world.node)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(Order.objects.values_list("sequence", flat=True)) == list(range(1, 21))


def test_an_order_waits_for_the_transaction_of_its_decision(world: World) -> None:
    with pytest.raises(RuntimeError):
        undone(world.node)
    assert queries.last_sequence(world.node) == 0
    assert AuditEvent.objects.filter(event="fleet:order:issue").count() == 0


def test_tables_are_asked_for_by_who_may(world: World) -> None:
    order = actions.order_inventory(source=world.source, by=world.steward, now=NOW)
    assert (order.kind, order.subject_id) == ("introspect", "civil")
    with pytest.raises(ForbiddenError):
        actions.order_inventory(source=world.source, by=world.requester, now=NOW)


def test_sources_and_nodes_are_shown_to_those_who_work_with_them(world: World) -> None:
    assert queries.sources(world.steward) == [world.source]
    assert queries.sources(world.stranger) == []
    assert queries.sources(world.system_admin) == [world.source]
    assert queries.nodes(world.system_admin) == [world.node]
    assert queries.node_named(world.system_admin, "node-1") == world.node
    with pytest.raises(NotFoundError):
        queries.node_named(world.system_admin, "x")
    with pytest.raises(ForbiddenError):
        queries.nodes(world.steward)
    with pytest.raises(SourceUnknownError):
        queries.source("x")


def test_old_health_reports_are_dropped_and_nothing_else(world: World) -> None:
    for kind, day in (("health", 0), ("health", 6), ("grant", 0)):
        ReceivedReceipt.objects.create(id=new_id(), node=world.node, kind=kind, envelope={}, received_at=at(day))
    assert actions.prune_health(before=at(5), by=BY, now=at(6)) == 1
    assert actions.prune_health(before=at(5), by=BY, now=at(6)) == 0
    assert sorted(ReceivedReceipt.objects.values_list("kind", flat=True)) == ["grant", "health"]


def test_the_local_node_is_there_after_every_start(db, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    node = service.ensure_local_node(settings, NOW)
    assert service.ensure_local_node(settings, NOW + timedelta(days=1)) == node
    assert (node.name, node.registered_at) == ("node-1", NOW)
    key_id, public = (tmp_path / "keys" / "center.pub").read_text().split()
    center = load_or_create_signer(tmp_path / "keys" / "center.key", "center")
    assert (key_id, public) == (center.key_id, center.public_b64)
    message = b"x"
    assert Ed25519Verifier.from_b64(key_id, public).verify(center.sign(message), message)
    assert (tmp_path / "keys" / "node.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "keys" / "node.key").unlink()
    with pytest.raises(NodeTakenError):
        service.ensure_local_node(settings, NOW)


def test_the_platform_s_name_stands_behind_what_a_receipt_did(world: World) -> None:
    nobody = replace(world.steward, user_id=None)
    order = actions.order_inventory(source=world.source, by=nobody, now=NOW)
    assert order.node == world.node
