"""Marks on the way to the node: the row is named in a box only the node can open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from django.db import transaction

from jutong.center.catalog.models import Binding
from jutong.center.correction.actions._common import begin, write_step
from jutong.center.correction.boxes import opened
from jutong.center.correction.enums import CorrectionEvent as Ev
from jutong.center.correction.enums import CorrectionState as S
from jutong.center.correction.enums import MarkState
from jutong.center.correction.errors import MarkNotFailedError
from jutong.center.correction.models import Correction
from jutong.center.correction.rules import DOUBTED
from jutong.center.fleet.actions import issue_order
from jutong.center.fleet.models import Source
from jutong.center.org.actor import Actor
from jutong.contracts.orders import MarkOrder
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.sealing import seal_for

Wanted = Literal["open", "corrected", "lifted"]
KEY_UNREADABLE = gettext_noop("节点登记的公钥不能用来封存，标注没有下达")


def place(correction: Correction, binding: Binding | None) -> None:
    """Note where the row stands, so that a later binding does not lead the mark elsewhere."""
    source = Source.objects.select_related("node").filter(name=binding.source).first() if binding else None
    if binding is None or source is None or not binding.is_table:
        return
    wanted = (*correction.key_items, *correction.items)
    columns = {name: str(binding.columns[name]) for name in wanted if binding.columns.get(name)}
    if not all(name in columns for name in correction.key_items):
        return
    correction.node, correction.columns = source.node, columns
    correction.source, correction.schema_name, correction.table = binding.source, binding.schema_name, binding.table


def wanted(correction: Correction) -> Wanted:
    """Return what readers of the row should see in the state the case is in."""
    if correction.state in DOUBTED:
        return "open"
    if correction.state == S.TRAVELLING or (correction.state == S.CLOSED and correction.mark == MarkState.CORRECTED):
        return "corrected"
    return "lifted"


def order_mark(correction: Correction, by: Actor, now: datetime) -> None:
    """Order the node to show the row as the case's state asks; the caller saves the case."""
    if correction.node is None:
        correction.mark = MarkState.NONE
        return
    claim = opened(correction.claim, about=f"{correction.number} claim")
    answer = opened(correction.answer, about=f"{correction.number} answer")
    state = wanted(correction)
    columns: Mapping[str, str] = correction.columns
    content = {
        "key": {columns[name]: value for name, value in claim["key"].items()},
        "items": {name: columns[name] for name in correction.items if name in columns},
        "corrected": answer.get("corrected", {}) if state == "corrected" else {},
    }
    try:
        sealed = seal_for(correction.node.public_key, json.dumps(content, ensure_ascii=False).encode())
    except ValueError:
        correction.mark, correction.mark_problem = MarkState.FAILED, KEY_UNREADABLE
        return
    body = MarkOrder(
        correction_number=correction.number, state=state, entry_code=correction.entry.code, source=correction.source,
        schema_name=correction.schema_name, table=correction.table,
        since_ms=int(correction.created_at.timestamp() * 1000), sealed=sealed, locator=correction.locator,
    )  # fmt: skip
    issue_order(node=correction.node, kind="mark", body=body, subject_id=correction.number, by=by, now=now)
    correction.mark, correction.mark_problem = MarkState.ORDERED, ""


@transaction.atomic
def retry_mark(*, correction: Correction, by: Actor, now: datetime) -> Correction:
    """Order a mark again that the node could not make.

    Raises:
        MarkNotFailedError: if it did not fail.
    """
    found = begin(correction, Ev.RETRY, by)
    if found.mark != MarkState.FAILED:
        raise MarkNotFailedError(number=found.number, mark=MarkState(found.mark).label)
    order_mark(found, by, now)
    found.save(update_fields=["mark", "mark_problem"])
    write_step(found, Ev.RETRY, by, now)
    return found
