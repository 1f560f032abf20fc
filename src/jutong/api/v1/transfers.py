from __future__ import annotations

from typing import Annotated, Literal

from ninja import Path, Query, Router
from pydantic import Field, ValidationError

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut
from jutong.api.shapes.transfers import (
    BackfillIn,
    NewTransferIn,
    SwitchIn,
    TransferOut,
    TransferProposalOut,
    TransferTermsIn,
    TransferVersionOut,
    TrialIn,
    proposal_out,
    terms_in,
    transfer_out,
    version_out,
)
from jutong.api.types import Asked, Cursor, Ident, Limit
from jutong.api.v1.jobs import JobOut, job_out
from jutong.center.catalog.models import Binding
from jutong.center.catalog.queries import entry_for_steward
from jutong.center.jobs import extras
from jutong.center.jobs import queries as jobs
from jutong.center.jobs import transfer_queries as queries
from jutong.center.jobs import transfers as actions
from jutong.center.jobs.errors import EntryUnboundError
from jutong.center.jobs.proposing import proposal_for
from jutong.center.jobs.transfer import Transfer
from jutong.center.jobs.transfers import Terms
from jutong.center.org.permissions import Permission
from jutong.contracts.modes import Period
from jutong.kernel.errors import InvalidInputError

router = Router(tags=["交换任务 transfers"])
LIST = "transfers"
TransferId = Annotated[Ident, Path(description="任务id · id of the transfer")]


class TransfersAsked(Asked):
    """Which transfers."""

    entry: Annotated[str, Field(max_length=64, description="信息资源代码 · resource code")] = ""
    show: Annotated[
        Literal["", "trouble", "running", "draft", "off"], Field(description="只看哪些 · only which of them")
    ] = ""
    cursor: Cursor = ""
    limit: Limit = 20


class ProposalAsked(Asked):
    """For which entry."""

    entry: Annotated[str, Field(max_length=64, description="信息资源代码 · resource code")]


@router.get(
    "",
    operation_id="listTransfers",
    summary="交换任务列表 · saved transfers the caller may see",
    **asks(Permission.JOBS_JOB_VIEW, PageOut[TransferOut], 422),
)
def list_transfers(request: ApiRequest, asked: Query[TransfersAsked]) -> PageOut[TransferOut]:
    """Return a page of transfers, those in trouble first."""
    caller, number = request.auth, listing.page_number(LIST, asked.cursor)
    rows = queries.transfers(caller.actor, show=asked.show, entry_code=asked.entry)
    start = (number - 1) * asked.limit
    found = list(rows[start : start + asked.limit + 1])
    shown = queries.views(caller.actor, found[: asked.limit], caller.now)
    following = listing.next_page(LIST, number, more=len(found) > asked.limit)
    return PageOut(rows=[transfer_out(view) for view in shown], next=following)


@router.post(
    "",
    operation_id="createTransfer",
    summary="新建交换任务 · save a transfer and switch it on",
    **asks(Permission.JOBS_JOB_ORDER, TransferOut, 404, 409, 415, 422, status=201),
)
def create(request: ApiRequest, body: NewTransferIn) -> TransferOut:
    """Save a transfer of an own entry's table as its first version and let it run by its schedule."""
    caller = request.auth
    entry = entry_for_steward(caller.actor, body.entry_code)
    made = actions.save_transfer(entry=entry, terms=_terms(body), by=caller.actor, now=caller.now)
    return _shown(request, made)


def _terms(body: TransferTermsIn) -> Terms:
    try:
        return terms_in(body)
    except ValidationError as error:
        message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        row = {"field": "schedule", "found": body.schedule.kind, "message": message, "clause": ""}
        raise InvalidInputError(problems=[row]) from error


def _shown(request: ApiRequest, transfer: Transfer) -> TransferOut:
    caller = request.auth
    found = queries.transfer(caller.actor, transfer.id)
    return transfer_out(queries.views(caller.actor, [found], caller.now)[0])


@router.get(
    "/proposal",
    operation_id="proposeTransfer",
    summary="映射和规则的建议 · steps, rules and masks proposed for an entry's table, with reasons",
    **asks(Permission.JOBS_JOB_ORDER, TransferProposalOut, 404, 409, 422),
)
def propose(request: ApiRequest, asked: Query[ProposalAsked]) -> TransferProposalOut:
    """Return what the catalog and the table's columns suggest. Nothing is saved."""
    entry = entry_for_steward(request.auth.actor, asked.entry)
    binding = Binding.objects.filter(entry=entry, ended_at=None).first()
    if binding is None or not binding.is_table:
        raise EntryUnboundError(entry=str(entry))
    return proposal_out(proposal_for(entry, binding))


@router.get(
    "/{transfer_id}",
    operation_id="getTransfer",
    summary="一项交换任务 · one transfer",
    **asks(Permission.JOBS_JOB_VIEW, TransferOut, 404, 422),
)
def get_transfer(request: ApiRequest, transfer_id: TransferId) -> TransferOut:
    """Return one transfer with how it does."""
    return _shown(request, queries.transfer(request.auth.actor, transfer_id))


@router.put(
    "/{transfer_id}",
    operation_id="changeTransfer",
    summary="修改交换任务 · change a transfer, which makes a new version",
    **asks(Permission.JOBS_JOB_ORDER, TransferOut, 404, 409, 415, 422),
)
def change(request: ApiRequest, transfer_id: TransferId, body: TransferTermsIn) -> TransferOut:
    """Replace what a transfer says. Runs under way go on as they were ordered."""
    caller, terms = request.auth, _terms(body)
    changed = actions.change_transfer(
        transfer=queries.transfer(caller.actor, transfer_id), by=caller.actor, now=caller.now, name=terms.name,
        work=terms.work, schedule=terms.schedule, promised_hours=terms.promised_hours, priority=terms.priority,
    )  # fmt: skip
    return _shown(request, changed)


@router.post(
    "/{transfer_id}/state",
    operation_id="switchTransfer",
    summary="启用或停用 · switch a transfer on or off",
    **asks(Permission.JOBS_JOB_ORDER, TransferOut, 404, 409, 415, 422),
)
def switch(request: ApiRequest, transfer_id: TransferId, body: SwitchIn) -> TransferOut:
    """Let a transfer run by its schedule, or no more. A run under way goes on."""
    caller = request.auth
    transfer = queries.transfer(caller.actor, transfer_id)
    if body.on:
        switched = actions.switch_on(transfer=transfer, by=caller.actor, now=caller.now)
    else:
        switched = actions.switch_off(transfer=transfer, reason=body.reason, by=caller.actor, now=caller.now)
    return _shown(request, switched)


@router.post(
    "/{transfer_id}/run",
    operation_id="runTransfer",
    summary="现在运行 · run a transfer now",
    **asks(Permission.JOBS_JOB_ORDER, JobOut, 404, 409, 422, status=202),
)
def run(request: ApiRequest, transfer_id: TransferId) -> JobOut:
    """Order a run now, whatever the schedule says."""
    caller = request.auth
    transfer = queries.transfer(caller.actor, transfer_id)
    job = actions.run_transfer(transfer=transfer, by=caller.actor, now=caller.now)
    return job_out(jobs.job(caller.actor, job.id))


@router.post(
    "/{transfer_id}/try",
    operation_id="tryTransfer",
    summary="试运行 · carry a transfer out without writing a row",
    **asks(Permission.JOBS_JOB_ORDER, JobOut, 404, 409, 415, 422, status=202),
)
def try_out(request: ApiRequest, transfer_id: TransferId, body: TrialIn) -> JobOut:
    """Order a dry run. The job then tells counts of rules and what each column would look like."""
    caller = request.auth
    transfer = queries.transfer(caller.actor, transfer_id)
    job = extras.try_transfer(transfer=transfer, rows=body.rows, by=caller.actor, now=caller.now)
    return job_out(jobs.job(caller.actor, job.id))


@router.post(
    "/{transfer_id}/backfill",
    operation_id="backfillTransfer",
    summary="补搬一段时间 · bring the rows of a period in again",
    **asks(Permission.JOBS_JOB_ORDER, JobOut, 404, 409, 415, 422, status=202),
)
def backfill(request: ApiRequest, transfer_id: TransferId, body: BackfillIn) -> JobOut:
    """Order the rows whose watermark lies in a period; how far the transfer has read stays as it was."""
    caller = request.auth
    transfer = queries.transfer(caller.actor, transfer_id)
    period = Period(first=body.first, until=body.until)
    job = extras.backfill(transfer=transfer, period=period, by=caller.actor, now=caller.now)
    return job_out(jobs.job(caller.actor, job.id))


@router.get(
    "/{transfer_id}/versions",
    operation_id="listTransferVersions",
    summary="交换任务的各版 · what a transfer said, the newest first",
    **asks(Permission.JOBS_JOB_VIEW, PageOut[TransferVersionOut], 404, 422),
)
def versions(request: ApiRequest, transfer_id: TransferId) -> PageOut[TransferVersionOut]:
    """Return every version of a transfer."""
    return PageOut(rows=[version_out(row) for row in queries.versions(request.auth.actor, transfer_id)], next="")
