from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jutong.center.audit.models import AuditEvent
from jutong.center.fleet import actions
from jutong.center.fleet.keys import center_signer
from jutong.center.fleet.models import Node, Order, ReceivedReceipt, Source
from jutong.center.org.actor import platform_actor
from jutong.contracts.envelope import Envelope, check
from jutong.contracts.orders import Heartbeat, IntrospectOrder
from jutong.contracts.poll import Poll, PollAnswer
from jutong.contracts.receipts import HealthReceipt, SourceHealth
from jutong.kernel.keys import Ed25519Verifier, generate_signer
from tests.sharing_world import World


def post(client: Client, path: str, envelope: Envelope | str, **headers: str):
    body = envelope if isinstance(envelope, str) else envelope.model_dump_json()
    return client.post(f"/api/node/v1/{path}", body, content_type="application/json", headers=headers)


def health(world: World, **changes: object) -> HealthReceipt:
    base: dict[str, Any] = {
        "version": "0.1.0", "gateway_url": "http://127.0.0.1:9", "log_origin": "jutong/node-1", "log_key": "k",
        "log_size": 3,
        "sources": (SourceHealth(name="tax", dialect="sqlite", organisation_code=world.other.code, ok=True),),
    }  # fmt: skip
    return HealthReceipt(**{**base, **changes})


def order_some(world: World, count: int) -> None:
    for at in range(count):
        actions.issue_order(
            node=world.node, kind="introspect", body=IntrospectOrder(source=f"s{at}"), subject_id=f"s{at}",
            by=platform_actor("test"), now=timezone.now(),
        )  # fmt: skip


def test_a_poll_gets_the_orders_that_follow_under_the_centers_signature(client: Client, world: World) -> None:
    order_some(world, 3)
    answer = PollAnswer.model_validate_json(
        post(client, "poll", world.receipt("poll", Poll(after=1), timezone.now())).content
    )
    assert [order.body["source"] for order in answer.orders] == ["s1", "s2"]
    signer = center_signer()
    verifiers = {signer.key_id: Ed25519Verifier.from_b64(signer.key_id, signer.public_b64)}
    for cover in (*answer.orders, answer.heartbeat):
        check(cover, verifiers=verifiers, audience="node-1")
    assert answer.heartbeat.kind == "heartbeat"
    assert Heartbeat.model_validate(answer.heartbeat.body).last_sequence == 3


def test_a_long_feed_comes_in_pieces(client: Client, world: World) -> None:
    order_some(world, 205)
    poll = world.receipt("poll", Poll(after=0), timezone.now())
    answer = PollAnswer.model_validate_json(post(client, "poll", poll).content)
    assert len(answer.orders) == 200
    assert answer.heartbeat.body == {"last_sequence": 205}


@pytest.mark.parametrize("path", ["poll", "receipts"])
def test_the_door_takes_post_only(client: Client, world: World, path: str) -> None:
    response = client.get(f"/api/node/v1/{path}")
    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("not json", "fleet.document.unreadable"),
        ("{}", "fleet.document.unreadable"),
        ("[]", "fleet.document.unreadable"),
    ],
)
def test_what_is_no_document_is_refused(client: Client, world: World, body: str, code: str) -> None:
    response = post(client, "receipts", body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == code


def test_a_document_too_large_is_refused_with_its_limit(client: Client, world: World, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = post(client, "receipts", world.receipt("health", health(world)))
    assert response.status_code == 400
    assert response.json()["error"]["fields"]["reason"] == "size"


def test_an_unknown_node_is_refused(client: Client, world: World) -> None:
    envelope = world.receipt("health", health(world)).model_copy(update={"issuer": "node-9"})
    response = post(client, "receipts", envelope, **{"Accept-Language": "en"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "fleet.node.unknown"


def test_a_node_with_another_key_is_refused(client: Client, world: World) -> None:
    envelope = world.receipt("health", health(world), signer=generate_signer("node-1"))
    assert post(client, "receipts", envelope).status_code == 401


def test_a_changed_body_is_refused_and_leaves_nothing(client: Client, world: World) -> None:
    envelope = world.receipt("health", health(world))
    changed = envelope.model_copy(update={"body": {**envelope.body, "log_size": 9}})
    response = post(client, "receipts", changed)
    assert response.status_code == 403
    assert response.json()["error"]["fields"] == {"node": "node-1", "kind": "health", "reason": "signature"}
    assert ReceivedReceipt.objects.count() == 0


def test_a_poll_for_another_audience_is_refused(client: Client, world: World) -> None:
    from jutong.contracts.envelope import seal

    envelope = seal(
        "poll", Poll(after=0), signer=world.node_signer, issuer="node-1", audience="node-2", now=timezone.now()
    )
    assert post(client, "poll", envelope).json()["error"]["fields"]["reason"] == "audience"


def test_an_old_poll_is_of_no_use(client: Client, world: World) -> None:
    response = post(client, "poll", world.receipt("poll", Poll(after=0)))
    assert response.status_code == 403
    assert response.json()["error"]["fields"]["reason"] == "clock"


def test_a_receipt_is_no_poll(client: Client, world: World) -> None:
    response = post(client, "poll", world.receipt("health", health(world), timezone.now()))
    assert response.json()["error"]["fields"]["reason"] == "kind"


def test_a_receipt_of_unknown_kind_is_refused(client: Client, world: World) -> None:
    response = post(client, "receipts", world.receipt("gossip", Poll(after=0)))
    assert (response.status_code, response.json()["error"]["fields"]["reason"]) == (403, "kind")


def test_a_body_that_does_not_fit_its_kind_is_refused(client: Client, world: World) -> None:
    response = post(client, "receipts", world.receipt("health", Poll(after=0)))
    assert (response.status_code, response.json()["error"]["code"]) == (400, "contracts.document.refused")
    assert ReceivedReceipt.objects.count() == 0


def test_an_id_that_is_none_is_refused(client: Client, world: World) -> None:
    import base64

    envelope = world.receipt("health", health(world)).model_copy(update={"id": "one"})
    signature = base64.b64encode(world.node_signer.sign(envelope.signed_bytes())).decode()
    response = post(client, "receipts", envelope.model_copy(update={"signature": signature}))
    assert (response.status_code, response.json()["error"]["fields"]["reason"]) == (400, "id")


def test_health_registers_a_source_once_and_asks_for_its_tables(client: Client, world: World) -> None:
    envelope = world.receipt("health", health(world))
    assert post(client, "receipts", envelope).json() == {"id": envelope.id, "duplicate": False, "problem": ""}
    assert post(client, "receipts", envelope).json()["duplicate"] is True
    source = Source.objects.get(name="tax")
    assert (source.organisation, source.is_ok, source.node_id) == (world.other, True, "node-1")
    assert Order.objects.filter(kind="introspect", subject_id="tax").count() == 1
    node = Node.objects.get(name="node-1")
    assert (node.gateway_url, node.log_size, node.version) == ("http://127.0.0.1:9", 3, "0.1.0")
    event = AuditEvent.objects.get(event="fleet:source:change", subject_label="tax")
    assert (event.actor_role, event.subject_label) == ("system", "tax")


def test_health_written_in_another_order_does_not_go_back(client: Client, world: World) -> None:
    from tests.sharing_world import at

    post(client, "receipts", world.receipt("health", health(world, log_size=5), at(1)))
    response = post(client, "receipts", world.receipt("health", health(world, log_size=4), at(0.5)))
    assert response.json()["problem"]
    assert Node.objects.get(name="node-1").log_size == 5


def test_a_source_of_nobody_is_kept_as_a_problem(client: Client, world: World) -> None:
    strange = SourceHealth(name="x", dialect="sqlite", organisation_code="111", ok=True)
    response = post(client, "receipts", world.receipt("health", health(world, sources=(strange,))))
    assert response.status_code == 200
    assert Node.objects.get(name="node-1").problems == ["x: unknown organisation 111"]
    assert AuditEvent.objects.filter(event="fleet:receipt:problem").count() == 1
    assert not Source.objects.filter(name="x").exists()


def test_a_source_cannot_change_hands_by_a_report(client: Client, world: World) -> None:
    claim = SourceHealth(name="civil", dialect="sqlite", organisation_code=world.other.code, ok=True)
    post(client, "receipts", world.receipt("health", health(world, sources=(claim,))))
    assert Source.objects.get(name="civil").organisation == world.civil


def test_a_dead_source_is_told_and_asked_again_when_it_is_back(client: Client, world: World) -> None:
    from tests.sharing_world import at

    def report(ok: bool, day: int) -> None:
        row = SourceHealth(
            name="civil", dialect="postgresql", organisation_code=world.civil.code, ok=ok, writes=("hub",) * ok
        )
        post(client, "receipts", world.receipt("health", health(world, sources=(row,)), at(day)))

    report(False, 1)
    assert (Source.objects.get(name="civil").is_ok, Source.objects.get(name="civil").writes) == (False, [])
    assert Order.objects.count() == 0
    report(True, 2)
    report(True, 3)
    assert Source.objects.get(name="civil").writes == ["hub"]
    assert Order.objects.filter(kind="introspect", subject_id="civil").count() == 1


def test_an_inventory_fills_the_tables_of_the_nodes_own_source(client: Client, world: World) -> None:
    from jutong.contracts.receipts import ColumnInfo, InventoryReceipt, TableInfo

    column = ColumnInfo(name="id", type="text", nullable=False, key=True)
    table = TableInfo(schema_name="public", name="marriage", row_estimate=10, columns=(column,))
    post(client, "receipts", world.receipt("inventory", InventoryReceipt(source="civil", ok=True, tables=(table,))))
    source = Source.objects.get(name="civil")
    assert source.tables[0]["columns"][0]["name"] == "id"
    assert source.inventoried_at is not None
    failed = InventoryReceipt(source="civil", ok=False, problem="gone")
    post(client, "receipts", world.receipt("inventory", failed))
    source.refresh_from_db()
    assert (source.is_ok, source.problem, len(source.tables)) == (False, "gone", 1)
    other = post(client, "receipts", world.receipt("inventory", InventoryReceipt(source="nowhere", ok=True)))
    assert "nowhere" in other.json()["problem"]


def test_the_error_speaks_the_callers_language_and_keeps_one_shape(client: Client, world: World) -> None:
    error = json.loads(post(client, "receipts", "x").content)["error"]
    assert set(error) == {"code", "message", "next_step", "fields"}


def test_counts_of_a_sample_reach_who_describes_the_table(client: Client, world: World) -> None:
    from jutong.center.intake.models import SourceProfile
    from jutong.contracts.receipts import ColumnProfile, ProfileReceipt

    column = ColumnProfile(name="name", filled=9, distinct=8, shortest=2, longest=4)
    receipt = ProfileReceipt(
        source="civil", schema_name="public", table="marriage", ok=True, sampled=10, rows=10, columns=(column,)
    )
    assert post(client, "receipts", world.receipt("profile", receipt)).json()["problem"] == ""
    kept = SourceProfile.objects.get(source__name="civil")
    assert (kept.table, kept.sampled, kept.columns[0]["name"]) == ("marriage", 10, "name")
    event = AuditEvent.objects.get(event="fleet:source:profile")
    assert event.details == {"ok": True, "table": "marriage", "sampled": 10}
    strange = receipt.model_copy(update={"source": "nowhere"})
    assert "nowhere" in post(client, "receipts", world.receipt("profile", strange)).json()["problem"]


def test_a_sample_is_ordered_of_the_nodes_own_table(world: World) -> None:
    order = actions.order_profile(
        source=world.source, schema_name="public", table="marriage", by=world.steward, now=timezone.now()
    )
    assert (order.kind, order.envelope["body"]["sample_rows"]) == ("profile", actions.SAMPLE_ROWS)


def test_checks_reach_the_binding_and_are_not_kept_for_good(client: Client, world: World) -> None:
    from datetime import timedelta

    from jutong.contracts.receipts import BindingCheck, BindingReceipt

    binding = world.bind()
    now_ms = int(timezone.now().timestamp() * 1000)
    check = BindingCheck(binding_id=str(binding.id), alive=True, rows=7, checked_ms=now_ms)
    assert post(client, "receipts", world.receipt("binding", BindingReceipt(checks=(check,)))).json()["problem"] == ""
    binding.refresh_from_db()
    assert (binding.health, binding.rows) == ("ok", 7)
    later = timezone.now() + timedelta(days=8)
    assert actions.prune_health(before=later, by=platform_actor("test"), now=later) == 1


def test_a_source_a_node_no_longer_names_is_gone(client: Client, world: World) -> None:
    from tests.sharing_world import at

    assert post(client, "receipts", world.receipt("health", health(world))).status_code == 200
    assert Source.objects.get(name="tax").is_ok

    post(client, "receipts", world.receipt("health", health(world, sources=()), at(1)))

    gone = Source.objects.get(name="tax")
    assert (gone.is_ok, gone.problem) == (False, "节点的配置里已经没有这个数据源。")
    event = AuditEvent.objects.filter(event="fleet:source:change", subject_label="tax").latest("id")
    assert event.details["ok"] is False
