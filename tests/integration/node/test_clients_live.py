"""The published clients against a running node: asked, answered, and proven from the receipt."""

from __future__ import annotations

import dataclasses

import httpx
import pytest

from jutong.client import AsyncJutongClient, ReceiptUntrustedError, RefusedError
from tests.integration.node.conftest import Running
from tests.node_world import ID_OUYANG, ID_ZHANG, PURPOSE

PLACED = {"grant": "GR-2026-0001", "purpose": PURPOSE, "official": "王老师", "case": "RX-2026-001"}


async def test_a_call_is_answered_and_its_receipt_proves_it(started: Running) -> None:
    world = started.world
    async with AsyncJutongClient(
        world.settings.gateway_base, world.caller.key_id, world.caller, node_key=world.node_key,
        transport=httpx.ASGITransport(app=started.node.gateway),
    ) as client:  # fmt: skip
        answer = await client.query(**PLACED, key={"公民身份号码": ID_ZHANG}, fields=["住址"])
        assert answer.rows == [{"住址": "金河市东湖区学府路1号"}]
        verdict = await client.verify(**PLACED, key={"公民身份号码": ID_OUYANG}, claims={"核验姓名": "欧阳小红"})
        assert verdict.answer == "yes"
        with pytest.raises(RefusedError, match=r"node\.call\.key-differs"):
            await client.query(**PLACED, key={"姓名": "张"})
        log_key = str(started.node.log.key)
        proof = await client.prove(answer, [log_key])
        assert proof.record["record_id"] == answer.record
        assert proof.signers == (log_key,)
        with pytest.raises(ReceiptUntrustedError):
            await client.prove(dataclasses.replace(answer, raw=answer.raw + b" "), [log_key])
