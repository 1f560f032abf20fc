"""使用台账 (条例 29(2))."""

from __future__ import annotations

from typing import Annotated

from ninja import Path, Query, Router

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import remedy as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor
from jutong.center.org.permissions import Permission
from jutong.center.remedy import actions, queries
from jutong.center.remedy.actions import Copy

router = Router(tags=["使用台账 ledgers"])
LIST, PAGE_SIZE = "ledgers", 50
Number = Annotated[str, Path(pattern=r"^GQ[0-9]{8}-[0-9]{4,9}$", description="授权编号 · number of the grant")]
Quarter = Annotated[str, Path(pattern=r"^[0-9]{4}Q[1-4]$", description="季度，如2026Q4 · quarter such as 2026Q4")]
_BODY = (404, 409, 415, 422)


class LedgersAsked(Asked):
    """Which ledgers."""

    is_asked: bool = False
    cursor: Cursor = ""


def _shown(caller: Caller, number: str) -> shapes.LedgerOut:
    return shapes.ledger_out(queries.ledger(caller.actor, number, now=caller.now))


def _copies(rows: list[shapes.CopyIn]) -> list[Copy]:
    return [Copy(row.kind, row.place) for row in rows]


@router.get(
    "/ledgers",
    operation_id="listLedgers",
    summary="使用台账列表 · usage ledgers the caller may see",
    **asks(Permission.REMEDY_LEDGER_INSPECT, PageOut[shapes.LedgerRowOut], 422),
)
def list_ledgers(request: ApiRequest, asked: Query[LedgersAsked]) -> PageOut[shapes.LedgerRowOut]:
    """Return a page of 50 grants with a ledger, the newest first."""
    number = listing.page_number(LIST, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(queries.ledgers(request.auth.actor, is_asked=asked.is_asked)[start : start + PAGE_SIZE + 1])
    following = listing.next_page(LIST, number, more=len(rows) > PAGE_SIZE)
    shown = [shapes.ledger_row(row, is_asked=bool(getattr(row, "is_asked", False))) for row in rows[:PAGE_SIZE]]
    return PageOut(rows=shown, next=following)


@router.get(
    "/ledgers/{number}",
    operation_id="getLedger",
    summary="一个授权的使用台账 · the usage ledger of a grant",
    **asks(Permission.REMEDY_LEDGER_INSPECT, shapes.LedgerOut, 404, 422),
)
def get_ledger(request: ApiRequest, number: Number) -> shapes.LedgerOut:
    """Return the five parts, the quarters that were asked about and the inspections."""
    return _shown(request.auth, number)


@router.post(
    "/ledgers/{number}/entries",
    operation_id="writeLedgerEntry",
    summary="记入台账 · write an entry or correct one",
    **asks(Permission.REMEDY_LEDGER_WRITE, shapes.LedgerEntryOut, *_BODY, status=201),
)
def write(request: ApiRequest, number: Number, body: shapes.LedgerEntryIn) -> shapes.LedgerEntryOut:
    """Write an entry as the requester; nothing written is ever changed, a correction is a new entry."""
    caller = request.auth
    wrong = queries.entry(caller.actor, number, body.corrects) if body.corrects else None
    made = actions.write_entry(
        grant=queries.ledger(caller.actor, number, now=caller.now).grant, part=body.part, text=body.text,
        copies=_copies(body.copies), corrects=wrong, by=caller.actor, now=caller.now,
    )  # fmt: skip
    return shapes.ledger_entry_out(made)


@router.post(
    "/ledgers/{number}/quarters/{quarter}",
    operation_id="fillLedgerQuarter",
    summary="补记一个季度 · complete a quarter",
    **asks(Permission.REMEDY_LEDGER_WRITE, shapes.LedgerOut, *_BODY),
)
def fill(request: ApiRequest, number: Number, quarter: Quarter, body: shapes.LedgerQuarterIn) -> shapes.LedgerOut:
    """Write down effects, storage and destruction of a quarter; the clock stops."""
    caller = request.auth
    actions.fill(
        ask=queries.ask(caller.actor, number, quarter), effect=body.effect, storage=body.storage,
        destruction=body.destruction, copies=_copies(body.copies), by=caller.actor, now=caller.now,
    )  # fmt: skip
    return _shown(caller, number)


@router.post(
    "/ledgers/{number}/inspections",
    operation_id="inspectLedger",
    summary="记录检查情况 · write down an inspection",
    **asks(Permission.REMEDY_LEDGER_INSPECT, shapes.LedgerOut, *_BODY, status=201),
)
def inspect(request: ApiRequest, number: Number, body: shapes.InspectionIn) -> shapes.LedgerOut:
    """Write down what the provider or the authority found."""
    caller = request.auth
    actions.inspect_ledger(
        grant=queries.ledger(caller.actor, number, now=caller.now).grant, is_sound=body.is_sound, note=body.note,
        by=caller.actor, now=caller.now,
    )  # fmt: skip
    return _shown(caller, number)
