"""Opening fused records at the node, and sending conflicts to the departments that have to put them right (条例 26)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.center.audit import actions as audit
from jutong.center.catalog.models import Entry
from jutong.center.constraints import constraint_errors
from jutong.center.correction.actions import receiving
from jutong.center.correction.actions.comparing import Compared, Looked, look_again, raise_compared
from jutong.center.correction.models import Correction
from jutong.center.fleet import actions as fleet
from jutong.center.fleet.models import Node
from jutong.center.fusion import queries
from jutong.center.fusion.errors import (
    BatchOpenError,
    ConflictAmountError,
    ConflictSentError,
    NeverFusedError,
    NotKeeperError,
    PurposeMissingError,
)
from jutong.center.fusion.models import BatchState, ConflictBatch, ConflictCase, ConflictSide
from jutong.center.fusion.places import made_of, row_place
from jutong.center.fusion.policy import policy
from jutong.center.library import works
from jutong.center.library.definitions import definition_of
from jutong.center.library.feeds import feed_of
from jutong.center.library.models import FeedRow, LibraryTable, Work
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.models import Post
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions._common import notify
from jutong.contracts.envelope import Envelope
from jutong.contracts.fused import ConflictOrder, ConflictResult, LibraryTicketOrder, Reader, View
from jutong.kernel.canonical import canonical_json
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.kernel.i18n import gettext_noop

KIND = "conflicts"
LONGEST_PURPOSE = 200
HEALED = gettext_noop("校核{number}说的那条记录，各来源已经一致，融合记录已更新")
POST_ENDED = gettext_noop("下达的人已不在这个岗位，没有提出校核")
NOT_FUSED = gettext_noop("节点没有办成：{problem}")


@dataclass(frozen=True)
class LibraryTicket:
    """A sealed ticket and the gateway it is for."""

    ticket: Envelope
    gateway_url: str


@transaction.atomic
def open_fused(
    *, table: LibraryTable, view: View, purpose: str, by: Actor, now: datetime, back: str = ""
) -> LibraryTicket:
    """Let somebody judge pairs or look at fused records, at the node. No row comes here.

    Args:
        table: whose records.
        view: see ``contracts.fused.LibraryTicketOrder``; who may have ``conflict`` is asked by ``open_case``.
        purpose: what for; it stands in the node's log.
        by: the actor.
        now: when.
        back: the address at which a conflict is sent; kept from who may not.

    Raises:
        NotKeeperError: if the department neither keeps the library nor leads the table.
        PurposeMissingError: without a purpose.
        NeverFusedError: if the table was never fused, or no browser reaches its node.
    """
    needed = Permission.LIBRARY_REVIEW_JUDGE if view == "review" else Permission.LIBRARY_ENTITY_VIEW
    org.require(by, needed)
    if not queries.keeps(by, table):
        raise NotKeeperError(table=table.title)
    back = back if view == "entity" and org.has(by, Permission.LIBRARY_CONFLICT_SEND) else ""
    return _ticket(table, view, purpose, back=back, by=by, now=now)


def _ticket(
    table: LibraryTable, view: View, purpose: str, *, by: Actor, now: datetime, subject: str = "", back: str = ""
) -> LibraryTicket:
    said = purpose.strip()
    if not said or len(said) > LONGEST_PURPOSE or "\x00" in said:
        raise PurposeMissingError
    node = table.library.node
    if table.version is None or not node.gateway_url:
        raise NeverFusedError(table=table.title)
    rules, keeper = policy(), org.own_organisation(by)
    body = LibraryTicketOrder(
        view=view, library=table.library.code, table=definition_of(table), feeds=_feeds(table), subject=subject,
        purpose=said, back=back, shown=rules.shown, revealed=rules.revealed, official=by.username, post=by.role,
        organisation_code=keeper.code, holder_code=queries.keeper_code(table) or keeper.code,
        valid_until_ms=int((now + fleet.TICKET_LIFE).timestamp() * 1000), nonce=secrets.token_urlsafe(18),
    )  # fmt: skip
    sealed = fleet.seal_ticket(node=node, kind="library-ticket", body=body, subject_id=table.id, by=by, now=now)
    return LibraryTicket(sealed, node.gateway_url)


def _feeds(table: LibraryTable) -> tuple[Any, ...]:
    rows = queries.feeds_on(table)
    return tuple(feed_of(row) for row in rows)


@transaction.atomic
def open_case(*, number: str, purpose: str, by: Actor, now: datetime) -> LibraryTicket:
    """Let either side of a correction that came of a conflict see that one record at the node.

    Raises:
        NotFoundError: if the correction came of none, or the actor is on neither side of it.
    """
    org.require(by, Permission.LIBRARY_ENTITY_VIEW)
    case = queries.case_of(by, number)
    if case is None or by.organisation_id not in {case.correction.responsible_id, case.correction.raiser_id}:
        raise NotFoundError(what=number)
    return _ticket(case.batch.table, "conflict", purpose, subject=case.conflict_id, by=by, now=now)


@transaction.atomic
def send_conflicts(
    *, table: LibraryTable, field: str, feed: FeedRow, believed: FeedRow, side: str, most: int, by: Actor,
    now: datetime, only: str = "",
) -> ConflictBatch:  # fmt: skip
    """Send conflicts of one cause: the node names them in boxes, and each becomes a correction; never one twice.

    Args:
        table: the fused table.
        field: the field that differs.
        feed: the register that says something else.
        believed: the register whose value was taken.
        side: whose record is to be looked into.
        most: how many at once.
        by: the actor.
        now: when.
        only: the id of the one conflict it is about, empty for any.

    Raises:
        NotKeeperError: if the department neither keeps the library nor leads the table.
        ConflictAmountError: if that is too many, with those under way or without.
        ConflictPlaceError: if the rows cannot be named in the catalog.
        ConflictSentError: if ``only`` was sent to the same department before.
        BatchOpenError: if the node has not answered about the same cause.
    """
    org.require(by, Permission.LIBRARY_CONFLICT_SEND)
    if not queries.keeps(by, table):
        raise NotKeeperError(table=table.title)
    batch = ConflictBatch(
        table=table, field=field, feed=feed, believed=believed, side=ConflictSide(side), most=max(0, most),
        ordered_by_id=by.user_id or org.NOBODY, organisation=org.own_organisation(by), role=by.role, ordered_at=now,
    )  # fmt: skip
    _check_amount(batch)
    sent = ConflictCase.objects.filter(conflict_id=only, asked=batch.asked).values_list("correction__number", flat=True)
    if only and sent:
        raise ConflictSentError(number=sent[0])
    place = row_place(batch.asked, field)
    with constraint_errors(one_open_batch=BatchOpenError()):
        batch.save(force_insert=True)
    readers: dict[str, Node] = {node.name: node for _entry, node in _looked_at(table, batch)}
    body = ConflictOrder(
        library=table.library.code, table=definition_of(table), feeds=_feeds(table), field=field, feed=feed.name,
        believed_feed=believed.name, side="believed" if batch.asked == believed else "record", most=most,
        known=tuple(queries.known(batch.asked, field)), key_column=place.key_column,
        source_key=place.node.public_key if place.node is not None else "",
        readers=tuple(Reader(node=name, public_key=node.public_key) for name, node in sorted(readers.items())),
        only=only[:80],
    )  # fmt: skip
    batch.work = works.order_work(
        kind=KIND, body=body, node=table.library.node, library=table.library, table=table.name, by=by, now=now
    )
    batch.save(update_fields=["work"])
    audit.record(
        event="fusion:conflict:send", by=by, now=now, subject_kind="conflict-batch", subject_id=batch.id,
        subject_label=f"{table.library.code} {table.name} {field}", feed=feed.name, believed=believed.name,
        side=str(batch.side), most=most,
    )  # fmt: skip
    return batch


def _check_amount(batch: ConflictBatch) -> None:
    rules, asked = policy(), batch.asked.organisation
    under_way = queries.open_count(asked.id)
    if not 1 <= batch.most <= rules.batch_most or under_way + batch.most > rules.open_most:
        raise ConflictAmountError(
            most=rules.batch_most, organisation=asked.short_name, open=under_way, limit=rules.open_most
        )


def _looked_at(table: LibraryTable, batch: ConflictBatch) -> list[tuple[Entry, Node]]:
    """Return the entries whose readers hear of it, with their nodes: of the row itself, and of what was made of it."""
    place = row_place(batch.asked, batch.field)
    own = [(place.entry, place.node)] if place.node is not None else []
    return [*own, *made_of(table)]


def found(work: Work, result: dict[str, Any], by: Actor, now: datetime) -> None:
    """Take what a node says of conflicts: raise corrections of those it named, and see which have healed."""
    told = ConflictResult.model_validate_json(canonical_json(result))
    batch = ConflictBatch.objects.select_for_update(of=("self",)).filter(work=work, state=BatchState.ORDERED).first()
    if batch is not None:
        _raise_all(batch, told, now)
    standing = {one.conflict_id: one for one in told.standing if not one.open}
    cases = ConflictCase.objects.select_for_update(of=("self",)).filter(
        conflict_id__in=standing, healed_at=None, batch__table__library=work.library_id, batch__table__name=work.table
    )
    for case in cases.select_related("batch__table__library__node"):
        one = standing[case.conflict_id]
        at = datetime.fromtimestamp(one.at_ms / 1000, UTC) if one.at_ms else now
        _heal(case, ended=one.closed or "gone", at=min(at, now), by=by, now=now)


def _raise_all(batch: ConflictBatch, told: ConflictResult, now: datetime) -> None:
    batch.state, batch.left, batch.answered_at = BatchState.DONE, told.left, now
    post = Post.objects.select_related("user", "organisation").filter(
        user=batch.ordered_by, organisation=batch.organisation, role=batch.role, ended_at=None
    )
    holder = post.first()
    if holder is None:
        batch.state, batch.problem = BatchState.FAILED, POST_ENDED
    else:
        by = org.actor_for(holder)
        looked = _looked_at(batch.table, batch)
        for one in told.found:
            try:
                with transaction.atomic():
                    _raise(batch, one, looked, by, now)
                batch.raised += 1
            except JutongError as refused:
                batch.refused, batch.problem = batch.refused + 1, refused.explain()[:500]
    batch.save()


def _raise(batch: ConflictBatch, one: Any, looked: list[tuple[Entry, Node]], by: Actor, now: datetime) -> None:
    place, boxes = row_place(batch.asked, batch.field), dict(one.boxes)
    if ConflictCase.objects.filter(conflict_id=one.conflict_id, asked=batch.asked).exists():
        return
    kept = [[entry.code, node.name, boxes[node.name]] for entry, node in looked if node.name in boxes]
    raised = raise_compared(
        found=Compared(
            entry=place.entry, items=(place.item,), row=one.row, locator=one.locator, statement=_statement(batch, one),
            looked=_looks(kept),
        ),
        by=by, now=now,
    )  # fmt: skip
    ConflictCase.objects.create(
        batch=batch, conflict_id=one.conflict_id, asked=batch.asked, correction=raised, cause=one.cause, clue=one.clue,
        suggestion=one.suggestion, boxes=kept, raised_at=now,
    )  # fmt: skip


def _looks(kept: list[list[str]]) -> tuple[Looked, ...]:
    nodes = {node.name: node for node in Node.objects.filter(name__in={name for _code, name, _box in kept})}
    return tuple(Looked(code, nodes[name], box) for code, name, box in kept)


def _statement(batch: ConflictBatch, one: Any) -> str:
    other = batch.feed if batch.side == ConflictSide.BELIEVED else batch.believed
    title = next((one.title for one in definition_of(batch.table).fields if one.name == batch.field), batch.field)
    said = _("系统比对：同一主体的“%(title)s”与%(other)s登记的不一致。") % {
        "title": title, "other": other.organisation.short_name,
    }  # fmt: skip
    hint = {
        "older": _("本条记录更新得较早。"), "newer": _("本条记录更新得较晚。"), "spelling": _("可能只是写法不同。"),
    }.get(one.clue, "") if batch.side == ConflictSide.RECORD else ""  # fmt: skip
    return said + hint + _("是哪一条、两边各是什么值，请从本页到节点上看。")


def _heal(case: ConflictCase, *, ended: str, at: datetime, by: Actor, now: datetime) -> None:
    case.healed_at, case.ended = at, ended[:16]
    correction = Correction.objects.select_for_update(of=("self",)).select_related(
        "version", "raiser", "responsible", "entry"
    ).get(id=case.correction_id)  # fmt: skip
    case.told = receiving.tell_healed(correction, now)
    case.save(update_fields=["healed_at", "ended", "told"])
    # Whoever has read the fused record since the correction was raised is found now, and told as well.
    look_again(correction, _looks(case.boxes), by, now)
    for side in {correction.raiser_id: correction.raiser, correction.responsible_id: correction.responsible}.values():
        notify(side, None, HEALED, f"/corrections/{correction.number}", now, number=correction.number)
    audit.record(
        event="fusion:conflict:heal", by=by, now=now, subject_kind="correction", subject_id=correction.id,
        subject_label=correction.number, ended=case.ended, told=case.told,
    )  # fmt: skip


def fused(work: Work, result: dict[str, Any], by: Actor, now: datetime) -> None:
    """Ask, after a fusion, how the conflicts stand that became corrections."""
    table = (
        LibraryTable.objects.select_related("library__node").filter(library=work.library_id, name=work.table).first()
    )
    if table is not None:
        watch(table=table, by=by, now=now)


def watch(*, table: LibraryTable, by: Actor, now: datetime) -> Work | None:
    """Order the node to say how the conflicts of a table stand that became corrections; None where there are none."""
    asked = list(
        ConflictCase.objects.filter(batch__table=table, healed_at=None)
        .order_by("conflict_id")
        .values_list("conflict_id", flat=True)
        .distinct()
    )
    if not asked:
        return None
    body = ConflictOrder(
        library=table.library.code, table=definition_of(table), feeds=_feeds(table), asked=tuple(asked)
    )
    return works.order_work(
        kind=KIND, body=body, node=table.library.node, library=table.library, table=table.name, by=by, now=now,
        cause="chain",
    )  # fmt: skip


def ended(work: Work, by: Actor, now: datetime) -> None:
    """Give up a batch whose work was not done."""
    if work.kind != KIND or work.state == "done":
        return
    for batch in ConflictBatch.objects.filter(work=work, state=BatchState.ORDERED):
        batch.state, batch.answered_at, batch.problem = BatchState.FAILED, now, work.problem or str(work.state)
        batch.save(update_fields=["state", "answered_at", "problem"])
