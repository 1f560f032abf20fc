"""One step for many versions: the lists to choose from, the batches that take it, and what became of each version."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.envelope import language_of
from jutong.api.shapes import life as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Ident, Limit
from jutong.center.catalog import actions, worklists
from jutong.center.catalog.actions import runs
from jutong.center.catalog.life import BatchRun
from jutong.center.catalog.worklists import Wanted, Worklist
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import civil_date
from jutong.standards.return_reasons import return_reasons

router = Router(tags=["批量办理 batches"])
ROWS, OUTCOMES, RUNS = "work-rows", "batch-outcomes", "batches"
SIZE = 20


class WorkAsked(Asked):
    """Which versions of a list."""

    q: Annotated[str, Field(max_length=100)] = ""
    organisation: Annotated[str, Field(max_length=18)] = ""
    sort: Literal["", "first", "update", "removal"] = ""
    share: Annotated[str, Field(max_length=16)] = ""
    cursor: Cursor = ""


class OutcomesAsked(Asked):
    """Which outcomes: all, or only those that failed or went well."""

    only: Literal["", "failed", "done"] = ""
    cursor: Cursor = ""
    limit: Limit = 100


RunId = Annotated[Ident, Path(description="批量办理编号 · id of the batch of steps")]


class RunPageAsked(Asked):
    """Where to go on."""

    cursor: Cursor = ""


@router.get(
    "/work/{name}",
    operation_id="listWork",
    summary="等办的目录 · versions that wait for one step",
    **asks(Permission.CATALOG_DRAFT_VIEW, PageOut[shapes.WorkRowOut], 404, 422),
)
def work(request: ApiRequest, name: Worklist, asked: Query[WorkAsked]) -> PageOut[shapes.WorkRowOut]:
    """Return a page of 20 versions, the oldest first, with how much each changes."""
    caller = request.auth
    wanted = Wanted(words=asked.q, organisation=asked.organisation, sort=asked.sort, share=asked.share)
    found = worklists.worklist(caller.actor, name, wanted)
    number = listing.page_number(ROWS, asked.cursor)
    rows = worklists.work_rows(found, civil_date(caller.now), start=(number - 1) * SIZE, size=SIZE + 1)
    following = listing.next_page(ROWS, number, more=len(rows) > SIZE)
    return PageOut(rows=[shapes.work_row_out(row) for row in rows[:SIZE]], next=following)


@router.post(
    "/batches",
    operation_id="startBatch",
    summary="批量办理 · take one step for many",
    **asks(Permission.CATALOG_DRAFT_VIEW, shapes.BatchRunOut, 404, 409, 415, 422, status=202),
)
def start(request: ApiRequest, body: shapes.BatchIn) -> shapes.BatchRunOut:
    """Begin a batch; up to 200 versions are done before the answer, a longer batch in the background.

    Each version is judged by itself: what one is refused does not hold the others.
    """
    caller = request.auth
    name = worklists.list_of(body.step)
    if body.matching is not None and not body.codes:
        found = worklists.worklist(caller.actor, name, body.matching.wanted())
        ids = worklists.ids_of(found, most=runs.MOST)
    else:
        ids = worklists.ids_of_codes(caller.actor, name, body.codes)
    run = actions.start_run(step=body.step, ids=ids, terms=body.terms(), by=caller.actor, now=caller.now)
    actions.finish_small(run=run, now=caller.now)
    return shapes.batch_out(_run(caller, run))


def _run(caller: Caller, run: BatchRun) -> BatchRun:
    return worklists.run(caller.actor, run.id)


@router.get(
    "/batches",
    operation_id="listBatches",
    summary="办理记录 · batches of the own organisation",
    **asks(Permission.CATALOG_DRAFT_VIEW, PageOut[shapes.BatchRunOut], 422),
)
def batches(request: ApiRequest, asked: Query[RunPageAsked]) -> PageOut[shapes.BatchRunOut]:
    """Return a page of 20 batches, the newest first."""
    number = listing.page_number(RUNS, asked.cursor)
    start_at = (number - 1) * SIZE
    rows = list(worklists.runs(request.auth.actor)[start_at : start_at + SIZE + 1])
    following = listing.next_page(RUNS, number, more=len(rows) > SIZE)
    return PageOut(rows=[shapes.batch_out(row) for row in rows[:SIZE]], next=following)


@router.get(
    "/batches/{batch_id}",
    operation_id="getBatch",
    summary="办到哪里 · how far a batch is",
    **asks(Permission.CATALOG_DRAFT_VIEW, shapes.BatchRunOut, 404, 422),
)
def get_batch(request: ApiRequest, batch_id: RunId) -> shapes.BatchRunOut:
    """Return a batch of the own organisation."""
    return shapes.batch_out(worklists.run(request.auth.actor, batch_id))


@router.get(
    "/batches/{batch_id}/outcomes",
    operation_id="listBatchOutcomes",
    summary="每条的结果 · what became of each version",
    **asks(Permission.CATALOG_DRAFT_VIEW, PageOut[shapes.OutcomeOut], 404, 422),
)
def outcomes(request: ApiRequest, batch_id: RunId, asked: Query[OutcomesAsked]) -> PageOut[shapes.OutcomeOut]:
    """Return outcomes in the order of the batch; refusals come in the language of the call."""
    run = worklists.run(request.auth.actor, batch_id)
    only = {"failed": True, "done": False}.get(asked.only)
    number = listing.page_number(OUTCOMES, asked.cursor)
    start_at = (number - 1) * asked.limit
    rows = list(worklists.outcomes(run, failed=only)[start_at : start_at + asked.limit + 1])
    following = listing.next_page(OUTCOMES, number, more=len(rows) > asked.limit)
    language = language_of(request)
    return PageOut(rows=[shapes.outcome_out(row, language) for row in rows[: asked.limit]], next=following)


@router.get(
    "/return-reasons",
    operation_id="listReturnReasons",
    summary="退回理由 · coded reasons for returning an entry",
    **asks(Permission.CATALOG_ENTRY_VIEW, PageOut[shapes.ReasonOut]),
)
def reasons(request: ApiRequest) -> PageOut[shapes.ReasonOut]:
    """Return every coded reason with the clause it rests on."""
    language = language_of(request)
    return PageOut(rows=[shapes.reason_out(row, language) for row in return_reasons().values()], next="")
