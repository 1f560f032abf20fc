"""Works of the library: ordered in the transaction of what causes them, told of by receipts, ended by people.

Whoever brings a kind of work adds its title to :data:`KINDS` and, when its result means something here, what takes it
to :data:`listeners`. A listener is called in the transaction of the receipt, once, when a work is done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jutong.center.audit import actions as audit
from jutong.center.fleet import actions as fleet
from jutong.center.fleet.models import Node
from jutong.center.library.errors import WorkNotCancellableError
from jutong.center.library.models import OPEN, FeedRow, Library, Work, WorkCause, WorkState
from jutong.center.org.actor import Actor
from jutong.contracts.envelope import Document
from jutong.contracts.works import WorkControlOrder, WorkOrder, WorkReceipt

Listener = Callable[[Work, dict[str, Any], Actor, datetime], None]
KINDS: dict[str, Promise | str] = {
    "care": _("养护"),
    "check": _("质量检查"),
    "derive": _("派生"),
    "fuse": _("融合"),
    "serve": _("更新服务副本"),
    "standardise": _("标准化"),
    "try-engine": _("试算计算引擎"),
}
"""What works are called on pages."""
listeners: dict[str, list[Listener]] = {}
"""What is called when a work of a kind is done, in this order."""
enders: list[Callable[[Work, Actor, datetime], None]] = []
"""What is called when any work has ended, however."""


def listen(kind: str, listener: Listener) -> None:
    """Have a listener called when a work of a kind is done; the same one twice is one."""
    known = listeners.setdefault(kind, [])
    if listener not in known:
        known.append(listener)


@transaction.atomic
def order_work(
    *,
    kind: str,
    body: Document,
    node: Node,
    by: Actor,
    now: datetime,
    library: Library | None = None,
    table: str = "",
    feed: FeedRow | None = None,
    cause: str = WorkCause.HAND,
) -> Work:
    """Order a node to carry out a work. Who may ask for it is the caller's question."""
    work = Work.objects.create(
        kind=kind, library=library, table=table, feed=feed, node=node, body=body.model_dump(mode="json"), cause=cause,
        ordered_by_id=by.user_id, ordered_at=now,
    )  # fmt: skip
    order = WorkOrder(work_id=str(work.id), kind=kind, body=work.body)
    fleet.issue_order(node=node, kind="work", body=order, subject_id=work.id, by=by, now=now)
    _record("library:work:order", work, by, now, cause=str(cause), node=node.name)
    return work


@transaction.atomic
def cancel_work(*, work: Work, by: Actor, now: datetime) -> None:
    """Order the node to end a work. Its state changes when the node says so. Who may is the caller's question.

    Raises:
        WorkNotCancellableError: if it has ended.
    """
    locked = Work.objects.select_for_update(of=("self",)).select_related("node", "library").get(id=work.id)
    if locked.state not in OPEN:
        raise WorkNotCancellableError(state=WorkState(locked.state).label)
    body = WorkControlOrder(work_id=str(locked.id))
    fleet.issue_order(node=locked.node, kind="work-control", body=body, subject_id=locked.id, by=by, now=now)
    _record("library:work:cancel", locked, by, now)


def worked(*, node: Node, receipt: WorkReceipt, by: Actor, now: datetime) -> str:
    """Take a node's word on a work, in the receipt's transaction. Returns why it changed nothing, or nothing."""
    work_id = _uuid(receipt.work_id)
    work = Work.objects.select_for_update().filter(id=work_id, node=node).first() if work_id else None
    if work is None or work.kind != receipt.kind:
        return f"work {receipt.work_id} was never ordered here"
    if work.state not in OPEN:
        return f"work {work.id} had ended as {work.state}"
    work.state, work.heard_at = WorkState(receipt.state), now
    work.phase, work.done, work.total = receipt.phase[:32], receipt.done, receipt.total
    work.problem, work.problem_code = receipt.problem[:500], receipt.problem_code[:80]
    work.result = receipt.result
    work.leaf_index = receipt.log_leaf if receipt.log_leaf >= 0 else None
    if work.started_at is None and receipt.started_ms:
        work.started_at = datetime.fromtimestamp(receipt.started_ms / 1000, UTC)
    if work.state not in OPEN:
        work.finished_at = datetime.fromtimestamp(receipt.finished_ms / 1000, UTC) if receipt.finished_ms else now
    work.save()
    if work.state in OPEN:
        return ""
    _record("library:work:report", work, by, now, problem=work.problem_code, leaf=work.leaf_index)
    if work.state == WorkState.DONE:
        for listener in listeners.get(work.kind, ()):
            listener(work, receipt.result, by, now)
    for ender in enders:
        ender(work, by, now)
    return ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _record(event: str, work: Work, by: Actor, now: datetime, **details: Any) -> None:
    where = work.library.code if work.library else ""
    audit.record(
        event=event, by=by, now=now, subject_kind="work", subject_id=work.id, subject_label=f"{where} {work.table}",
        kind=work.kind, state=str(work.state), **details,
    )  # fmt: skip
