"""A transfer that followed a source's log is given up: the source need not keep its log for it any longer."""

from __future__ import annotations

from datetime import datetime

from jutong.center.audit import actions as audit
from jutong.center.catalog.models import Binding
from jutong.center.fleet import actions as fleet
from jutong.center.fleet.models import Source
from jutong.center.jobs.ordering import default_target
from jutong.center.jobs.transfer import Transfer, TransferState
from jutong.center.jobs.work import Work
from jutong.center.org.actor import Actor
from jutong.contracts.logs import ReleaseLogOrder

KEEPS_LOG = "postgresql"
"""Only this kind of source keeps log for somebody; others throw it away by age."""


def followed(transfer: Transfer, work: Work) -> str:
    """Return the library table that a transfer fills from a source's log, or an empty text."""
    if getattr(work.mode, "kind", "") != "changes":
        return ""
    return work.target or default_target(transfer.entry.code)


def keeps_log(transfer: Transfer) -> Source | None:
    """Return the source that keeps its log for a transfer, None where none does."""
    binding = Binding.objects.filter(entry_id=transfer.entry_id, ended_at=None).first()
    if binding is None or not followed(transfer, Work.read(transfer.work)):
        return None
    return Source.objects.filter(name=binding.source, dialect=KEEPS_LOG).select_related("node").first()


def release(transfer: Transfer, before: Work, *, by: Actor, now: datetime) -> None:
    """Order the node to let go of the log that a transfer followed, unless it or another one still does.

    Args:
        transfer: locked, as it is from now on.
        before: its work until now.
        by: who gave it up.
        now: when.
    """
    target = followed(transfer, before)
    binding = Binding.objects.filter(entry_id=transfer.entry_id, ended_at=None).first()
    if not target or binding is None or not transfer.version:
        return
    source = Source.objects.filter(name=binding.source, dialect=KEEPS_LOG).select_related("node").first()
    others = Transfer.objects.filter(entry_id=transfer.entry_id, state=TransferState.ON).exclude(id=transfer.id)
    still = [*others, *([transfer] if transfer.state == TransferState.ON else [])]
    if source is None or target in {followed(one, Work.read(one.work)) for one in still}:
        return
    body = ReleaseLogOrder(source=binding.source, target=target)
    fleet.issue_order(node=source.node, kind="release-log", body=body, subject_id=transfer.id, by=by, now=now)
    audit.record(
        event="jobs:transfer:release", by=by, now=now, subject_kind="transfer", subject_id=transfer.id,
        subject_label=transfer.name, state=transfer.state, version=transfer.version, source=binding.source,
        target=target,
    )  # fmt: skip
