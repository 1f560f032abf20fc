"""Works that people order and end by hand, and trials of an engine."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from pydantic import ValidationError

from jutong.center.library import steps, works
from jutong.center.library.definitions import library_node
from jutong.center.library.errors import EngineAddressError, NothingToWorkError
from jutong.center.library.models import FeedState, LibraryTable, Work, WorkCause
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.contracts.engines import TryEngineOrder
from jutong.kernel.errors import ForbiddenError

TRY = "try-engine"


def may_order(actor: Actor, table: LibraryTable) -> bool:
    """Tell whether somebody may order works on a table: the authority, or a steward whose data fills it."""
    if not org.has(actor, Permission.LIBRARY_WORK_ORDER):
        return False
    if actor.role != Role.STEWARD:
        return True
    return table.feeds.filter(organisation_id=actor.organisation_id or org.NOBODY, state=FeedState.ON).exists()


@transaction.atomic
def order(*, table: LibraryTable, kind: str, by: Actor, now: datetime) -> Work:
    """Order a work on a table; one of the kind that is open already will do it.

    Raises:
        ForbiddenError: if nothing of the actor's department fills the table.
        NothingToWorkError: if no such work is defined for it, or there is nothing to do.
    """
    org.require(by, Permission.LIBRARY_WORK_ORDER)
    if not may_order(by, table):
        raise _refused(by)
    work = steps.take(kind, table, by=by, now=now, cause=WorkCause.HAND)
    if work is None:
        raise NothingToWorkError(table=table.title, kind=str(works.KINDS.get(kind, kind[:32])))
    return work


def may_cancel(actor: Actor, work: Work) -> bool:
    """Tell whether somebody may end a work: whoever may order it; a trial's end is the operator's."""
    if work.kind == TRY:
        return org.has(actor, Permission.LIBRARY_ENGINE_TRY)
    table = work.library.tables.filter(name=work.table).first() if work.library else None
    return table is not None and may_order(actor, table)


@transaction.atomic
def cancel(*, work: Work, by: Actor, now: datetime) -> None:
    """Have the node end a work.

    Raises:
        ForbiddenError: if it is not the actor's to end.
        WorkNotCancellableError: if it has ended.
    """
    if not may_cancel(by, work):
        raise _refused(by)
    works.cancel_work(work=work, by=by, now=now)


@transaction.atomic
def try_engine(*, address: str, by: Actor, now: datetime) -> Work:
    """Have the node of the libraries try its engine, or one at a Spark Connect address.

    Raises:
        NodeMissingError: if no node is there.
        EngineAddressError: for an address that is none.
    """
    org.require(by, Permission.LIBRARY_ENGINE_TRY)
    body = TryEngineOrder(address=checked_address(address))
    return works.order_work(kind=TRY, body=body, node=library_node(), by=by, now=now)


def checked_address(address: str) -> str:
    """Return an address without blanks around it.

    Raises:
        EngineAddressError: if it is neither empty nor of Spark Connect.
    """
    found = address.strip()
    try:
        TryEngineOrder(address=found)
    except ValidationError as error:
        raise EngineAddressError(found=found[:80]) from error
    return found


def _refused(by: Actor) -> ForbiddenError:
    return ForbiddenError(needed=Role.AUTHORITY.label, post=Role(by.role).label)
