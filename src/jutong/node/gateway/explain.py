"""Why a call would be answered or refused: the same decision, step by step, and no row read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from jutong.contracts.orders import GrantedField, GrantOrder
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import LANGUAGES
from jutong.node.gateway.answers import blind
from jutong.node.gateway.calls import Call
from jutong.node.gateway.decide import check_terms, decide
from jutong.node.gateway.narrow import decide_bulk
from jutong.node.gateway.quota import Quotas
from jutong.node.grants import Grant

POINTED = frozenset({"query", "verify"})
RULES = {
    "node.grant.revoked": "grant-state",
    "node.grant.expired": "grant-term",
    "node.grant.suspended": "grant-state",
    "node.grant.not-yet": "grant-term",
    "node.grant.not-ready": "grant-probe",
    "node.grant.outside-hours": "hours",
    "node.grant.way-not-granted": "way",
    "node.source.way-unserved": "way",
    "node.call.purpose-differs": "purpose",
    "node.call.basis-differs": "basis",
    "node.call.case-missing": "case",
    "node.call.field-not-granted": "items",
    "node.call.filter-not-granted": "filters",
    "node.call.key-differs": "key",
    "node.call.too-many-keys": "batch-keys",
    "node.quota.exhausted": "daily-quota",
    "node.quota.per-minute": "per-minute",
}
"""Which rule of docs/gateway a refusal is of, by its code."""


@dataclass(frozen=True)
class Explained:
    """A verdict: the rule that decided and, of a refusal, its error."""

    rule: str
    error: JutongError | None = None


def judge(call: Call, grant: Grant, quotas: Quotas, now_ms: int) -> Explained:
    """Decide on a call as the gateway would now; nothing is counted and nothing read."""
    try:
        if call.kind in POINTED:
            decide(call, grant, now_ms)
        elif call.kind == "address":
            check_terms(call, grant, now_ms)
        else:
            decide_bulk(call, grant, now_ms)
        quotas.check(grant, now_ms, len(call.bulk.keys) or 1)
    except JutongError as error:
        return Explained(RULES.get(error.code, error.code), error)
    return Explained("grant")


def body_of(call: Call, grant: Grant, found: Explained, *, record_id: str, used: int) -> bytes:
    """Return the answer to ``POST /gw/v1/explain``."""
    order = grant.order
    content: dict[str, Any] = {
        "record": record_id,
        "verdict": "refuse" if found.error else "allow",
        "rule": found.rule,
        "grant": order.grant_number,
        "application": order.application_number,
        "agreement": order.agreement_number,
        "entry": {"code": order.entry_code, "name": order.entry_name, "grade": order.grade},
        "basis": order.basis,
        "purpose": order.purpose,
        "ways": order.ways,
        "valid_from_ms": order.valid_from_ms,
        "valid_until_ms": order.valid_until_ms,
        "quota": {"limit": order.daily_quota, "used": used, "per_minute": order.per_minute},
        "rows": {"conditions": len(order.conditions), "filters": len(call.bulk.filters), "limit": order.max_rows},
        "fields": [_field(call, order, field) for field in order.fields],
        "blind": blind(),
    }
    if found.error is not None:
        # In the source language and in English: the answer is signed and kept, whoever reads it later.
        content["error"] = {"code": found.error.code} | {
            language: found.error.explain(language) for language, _ in LANGUAGES
        }
    return orjson.dumps(content)


def _field(call: Call, order: GrantOrder, field: GrantedField) -> dict[str, Any]:
    """Return what becomes of one granted item in this call, and by which rule."""
    named = call.claims if call.kind == "verify" else call.fields
    if call.kind == "address":
        outcome, rule = "not-read", "way"
    elif named is not None and field.item not in named:
        outcome, rule = "not-asked", "fields"
    elif call.kind == "verify":
        outcome, rule = ("not-claimable", "mode") if field.mode == "masked" else ("compared", "mode")
    elif field.mode == "verify":
        outcome, rule = "hidden", "mode"
    elif field.mode == "masked":
        outcome, rule = "masked", f"mask:{field.mask}"
    else:
        outcome, rule = "shown", "mode"
    return {
        "item": field.item, "mode": field.mode, "outcome": outcome, "rule": rule, "grade": order.grade,
    }  # fmt: skip
