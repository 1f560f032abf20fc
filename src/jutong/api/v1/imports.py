"""Files of entries by API: brought in, mapped, looked at, made into drafts. The same checks as on the pages."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from io import BytesIO
from typing import Annotated, Any

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut, person
from jutong.api.types import Asked, Cursor, Ident, In, Limit, Line, Note, Out, Short
from jutong.center.intake import actions, queries
from jutong.center.intake.enums import Outcome
from jutong.center.intake.models import Batch, Proposal
from jutong.center.intake.reading.errors import FileUnreadableError
from jutong.center.org.permissions import Permission
from jutong.center.paging import newest_first
from jutong.kernel.i18n import gettext_noop

router = Router(tags=["批量导入 imports"])
LIST, ROWS = "imports", "import-rows"
NOT_BASE64 = gettext_noop("内容不是base64文本")
BatchId = Annotated[Ident, Path(description="导入批次id · id of the batch")]


class IntakeOut(Out):
    """One batch and how far it is. ``counts`` holds proposals by outcome, and ``warned``."""

    id: str
    kind: str
    name: str
    format: str
    state: str
    state_label: str
    done: int
    total: int
    counts: dict[str, int]
    mapping: dict[str, str]
    """Header to field; a header that became none has an empty one."""
    problem: str
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class FoundOut(Out):
    """One finding at its cell."""

    rule: str
    severity: str
    place: str
    letter: str
    message: str
    way_out: str
    found: str
    clause: str


class ProposalOut(Out):
    """One proposed entry: what it says, what is to be changed, what became of it."""

    line: int
    name: str
    outcome: str
    code: str
    entry_code: str
    fields: dict[str, Any]
    items: list[dict[str, Any]]
    findings: list[FoundOut]


class FileIn(In):
    """A file: its name and its bytes in base64."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    content: Annotated[str, Field(min_length=1, max_length=1_400_000)]


class MappingIn(In):
    """Which header is which field, and what holds for every row."""

    choices: Annotated[dict[Line, Short], Field(max_length=300)] = Field(default_factory=dict)
    defaults: Annotated[dict[Short, Note], Field(max_length=50)] = Field(default_factory=dict)


class FixIn(In):
    """Texts for places of one row: ``update_cycle``, ``items.2.length``."""

    places: Annotated[dict[Short, Annotated[str, Field(max_length=2000)]], Field(min_length=1, max_length=500)]


class BatchesAsked(Asked):
    """Which page of batches."""

    cursor: Cursor = ""
    limit: Limit = 20


class ProposalsAsked(BatchesAsked):
    """Which rows."""

    outcome: Annotated[str, Field(pattern=r"^(error|new|changed|same|drafted|dismissed)?$")] = ""


def batch_out(row: Batch) -> IntakeOut:
    """Return a batch as answers show it."""
    return IntakeOut(
        id=str(row.id),
        kind=row.kind,
        name=row.name,
        format=row.format,
        state=row.state,
        state_label=str(row.get_state_display()),
        done=row.done,
        total=row.total,
        counts=row.counts,
        mapping={column["header"]: column["field"] for column in row.mapping.get("columns", ())},
        problem=str(row.problem.get("code", "")),
        created_by=person(row.created_by),
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def proposal_out(row: Proposal) -> ProposalOut:
    """Return a proposal as answers show it."""
    names = FoundOut.model_fields
    return ProposalOut(
        line=row.line,
        name=row.name,
        outcome=row.outcome,
        code=row.code,
        entry_code=row.entry.code if row.entry else "",
        fields=row.fields,
        items=row.items,
        findings=[FoundOut(**{name: str(found.get(name, "")) for name in names}) for found in row.findings],
    )


@router.get(
    "",
    operation_id="listImports",
    summary="导入批次列表 · batches of the department",
    **asks(Permission.INTAKE_BATCH_VIEW, PageOut[IntakeOut], 422),
)
def list_imports(request: ApiRequest, asked: Query[BatchesAsked]) -> PageOut[IntakeOut]:
    """Return a page of batches, the newest first."""
    rows = queries.batches(request.auth.actor)
    page = newest_first(rows, "created_at", after=listing.opened(LIST, asked.cursor), limit=asked.limit)
    return PageOut(rows=[batch_out(row) for row in page.rows], next=listing.sealed(LIST, page.next))


@router.post(
    "",
    operation_id="receiveImport",
    summary="上传文件 · bring a file in",
    **asks(Permission.INTAKE_BATCH_MAKE, IntakeOut, 404, 413, 415, 422, status=201),
)
def receive(request: ApiRequest, body: FileIn) -> IntakeOut:
    """Bring a file in; our own template is checked at once, another waits for its mapping. Large ones by the page."""
    caller = request.auth
    try:
        content = base64.b64decode(body.content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FileUnreadableError(name=body.name, problem=NOT_BASE64) from error
    made = actions.receive(file=BytesIO(content), name=body.name, by=caller.actor, now=caller.now)
    return batch_out(queries.batch(caller.actor, made.id))


@router.get(
    "/{batch_id}",
    operation_id="getImport",
    summary="一个导入批次 · one batch",
    **asks(Permission.INTAKE_BATCH_VIEW, IntakeOut, 404, 422),
)
def get_import(request: ApiRequest, batch_id: BatchId) -> IntakeOut:
    """Return one batch with its progress."""
    return batch_out(queries.batch(request.auth.actor, batch_id))


@router.put(
    "/{batch_id}/mapping",
    operation_id="mapImport",
    summary="确认表头 · say which header is which field",
    **asks(Permission.INTAKE_BATCH_MAKE, IntakeOut, 404, 409, 415, 422),
)
def set_mapping(request: ApiRequest, batch_id: BatchId, body: MappingIn) -> IntakeOut:
    """Confirm or change the mapping; the rows are then checked."""
    caller = request.auth
    batch = queries.batch(caller.actor, batch_id)
    actions.set_mapping(batch=batch, choices=body.choices, defaults=body.defaults, by=caller.actor, now=caller.now)
    return batch_out(queries.batch(caller.actor, batch_id))


@router.get(
    "/{batch_id}/proposals",
    operation_id="listProposals",
    summary="批次各行 · the proposed entries",
    **asks(Permission.INTAKE_BATCH_VIEW, PageOut[ProposalOut], 404, 422),
)
def list_proposals(request: ApiRequest, batch_id: BatchId, asked: Query[ProposalsAsked]) -> PageOut[ProposalOut]:
    """Return a page of proposals in the order of the file."""
    actor = request.auth.actor
    batch = queries.batch(actor, batch_id)
    rows = queries.proposals(actor, batch, outcomes=[asked.outcome] if asked.outcome else ())
    page = listing.by_key(ROWS, rows, "line", cursor=asked.cursor, limit=asked.limit)
    return PageOut(rows=[proposal_out(row) for row in page.rows], next=page.next)


@router.patch(
    "/{batch_id}/proposals/{line}",
    operation_id="fixProposal",
    summary="改一行 · correct one row",
    **asks(Permission.INTAKE_BATCH_MAKE, ProposalOut, 404, 409, 415, 422),
)
def fix(
    request: ApiRequest,
    batch_id: BatchId,
    line: Annotated[int, Path(ge=0, le=2**31 - 1, description="行号 · line of the file")],
    body: FixIn,
) -> ProposalOut:
    """Put texts in places of a row; it is judged again at once."""
    caller = request.auth
    batch = queries.batch(caller.actor, batch_id)
    row = queries.proposal(caller.actor, batch, line)
    actions.fix(batch=batch, edits={row.id: body.places}, by=caller.actor, now=caller.now)
    return proposal_out(queries.proposal(caller.actor, batch, line))


@router.post(
    "/{batch_id}/drafts",
    operation_id="draftImport",
    summary="生成草稿 · make drafts of what may be imported",
    **asks(Permission.CATALOG_ENTRY_EDIT, IntakeOut, 404, 409, 422, status=202),
)
def drafts(request: ApiRequest, batch_id: BatchId) -> IntakeOut:
    """Have drafts made; rows to be changed stay. Published versions and running reviews are left alone."""
    caller = request.auth
    batch = queries.batch(caller.actor, batch_id)
    only = (Outcome.NEW, Outcome.CHANGED)
    actions.ask_drafts(batch=batch, only=only, by=caller.actor, now=caller.now)
    return batch_out(queries.batch(caller.actor, batch_id))
