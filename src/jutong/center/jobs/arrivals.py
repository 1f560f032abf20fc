"""Transfers that run when files arrive: nodes are told which tables to look at, and their word starts the run."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.catalog.models import Binding
from jutong.center.fleet.actions import issue_order
from jutong.center.fleet.models import Node, Order, Source
from jutong.center.jobs.arriving import PLAN
from jutong.center.jobs.delivery import DIALECT
from jutong.center.jobs.models import JobCause, Transfer
from jutong.center.jobs.runs import order_run
from jutong.center.jobs.transfer import TransferState
from jutong.center.org.actor import Actor
from jutong.contracts.orders import ArrivalsOrder, FilesPlace
from jutong.contracts.receipts import ArrivedReceipt

KIND = "arrivals"
MOST_PLACES = 2_000
"""Tables one order names."""


@transaction.atomic
def order_arrivals(*, node: Node, by: Actor, now: datetime) -> Order | None:
    """Order a node to look for files of the transfers that wait for them; ``None`` when it was ordered so before."""
    names = Source.objects.filter(node=node, dialect=DIALECT).values("name")
    waiting = Transfer.objects.filter(state=TransferState.ON, schedule__kind=PLAN).values("entry")
    bound = Binding.objects.filter(source__in=names, ended_at=None, entry__in=waiting)
    places = bound.order_by("source", "schema_name", "table").values_list("source", "schema_name", "table").distinct()
    body = ArrivalsOrder(
        tables=tuple(FilesPlace(source=one, schema_name=two, table=three) for one, two, three in places[:MOST_PLACES])
    )
    last = Order.objects.filter(node=node, kind=KIND).order_by("-sequence").first()
    if last is None and not body.tables:
        return None
    if last is not None and last.envelope["body"] == body.model_dump(mode="json"):
        return None
    return issue_order(node=node, kind=KIND, body=body, subject_id=node.name, by=by, now=now)


def order_everywhere(*, by: Actor, now: datetime) -> int:
    """Order every node to look for the files that are waited for now. Returns how many lists had changed."""
    return sum(order_arrivals(node=node, by=by, now=now) is not None for node in Node.objects.order_by("name"))


def arrived(*, node: Node, receipt: ArrivedReceipt, by: Actor, now: datetime) -> str:
    """Run what waits for the files of a table; one whose run is under way runs again behind it. Returns why nothing."""
    if not Source.objects.filter(node=node, name=receipt.source).exists():
        return f"source {receipt.source} is not this node's"
    bound = Binding.objects.filter(
        source=receipt.source, schema_name=receipt.schema_name, table=receipt.table, ended_at=None
    )
    rows = Transfer.objects.select_for_update(of=("self",)).select_related("entry")
    waiting = rows.filter(state=TransferState.ON, schedule__kind=PLAN, entry__in=bound.values("entry"))
    for transfer in waiting.order_by("-priority", "id"):
        order_run(transfer, JobCause.ARRIVAL, by=by, now=now)
    return ""
