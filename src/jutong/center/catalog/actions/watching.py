"""Tells each node which bindings to look at: one order with the whole list, issued again only when it changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction

from jutong.center.catalog.models import Binding
from jutong.center.fleet.actions import issue_order
from jutong.center.fleet.models import Node, Order, Source
from jutong.center.org.actor import Actor, platform_actor
from jutong.contracts.orders import Place, WatchedBinding, WatchOrder
from jutong.standards.binding import watch_rules

KIND = "watch"
MOST_WATCHED = 2_000
"""Bindings one order holds, those with most grants first, so that it fits the door between the planes."""
MOST_AT_ONCE = 200
"""Bindings of a node up to which a change is ordered with the change itself; beyond, the scan does it."""


@transaction.atomic
def order_watch(*, node: Node, by: Actor, now: datetime) -> Order | None:
    """Order a node to watch the open bindings on its sources; ``None`` when it was ordered so before."""
    body = WatchOrder(every_minutes=watch_rules().every_minutes, bindings=tuple(_watched(node)))
    last = Order.objects.filter(node=node, kind=KIND).order_by("-sequence").first()
    if last is None and not body.bindings:
        return None
    if last is not None and last.envelope["body"] == body.model_dump(mode="json"):
        return None
    return issue_order(node=node, kind=KIND, body=body, subject_id=node.name, by=by, now=now)


def watch_nodes(*, now: datetime) -> int:
    """Order every node to watch what is bound now; returns how many lists had changed."""
    by = platform_actor("binding watch")
    return sum(order_watch(node=node, by=by, now=now) is not None for node in Node.objects.order_by("name"))


def watch_soon(*, sources: Iterable[str], now: datetime) -> None:
    """Let the nodes of sources know of a change right away where their lists are short."""
    for node in Node.objects.filter(sources__name__in=list(sources)).distinct().order_by("name"):
        if _open(node).count() <= MOST_AT_ONCE:
            order_watch(node=node, by=platform_actor("binding change"), now=now)


def _open(node: Node) -> models.QuerySet[Binding]:
    names = Source.objects.filter(node=node).values("name")
    return Binding.objects.filter(source__in=names, ended_at=None, entry__removed_at=None)


def _watched(node: Node) -> Iterable[WatchedBinding]:
    for row in _open(node).select_related("entry").order_by("-entry__use_count", "id")[:MOST_WATCHED]:
        yield WatchedBinding(
            binding_id=str(row.id),
            entry_code=row.entry.code,
            kind=row.kind,  # type: ignore[arg-type]  # the model's choices are the contract's
            source=row.source,
            schema_name=row.schema_name,
            table=row.table,
            columns=tuple(sorted({str(column) for column in row.columns.values() if column})),
            fresh_column=row.fresh_column,
            place=None if row.is_table else Place(**row.place),
        )
