"""The libraries in counts: what they hold, how fresh it is, what fills them, and the works on them. No row is read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut, person
from jutong.api.types import Asked, Cursor, Ident, Limit, Out
from jutong.center.library import queries
from jutong.center.library.models import FeedRow, TableVersion, Work, WorkState
from jutong.center.library.queries import TableLine
from jutong.center.library.works import KINDS
from jutong.center.org.permissions import Permission

router = Router(tags=["统一资源库 library"])
LIST = "library-works"
Code = Annotated[str, Path(max_length=18, pattern=r"^[A-Z][A-Z0-9]{0,17}$", description="资源库代码 · library code")]
Name = Annotated[str, Path(max_length=63, pattern=r"^[a-z][a-z0-9_]{0,62}$", description="表名 · table name")]
WorkId = Annotated[Ident, Path(description="作业编号 · id of the work")]


class LibraryTableOut(Out):
    """A table of a library. ``late_hours`` is by how much it is older than its cycle allows."""

    name: str
    title: str
    kind: Literal["entity", "record", "derived"]
    owner: str
    cycle: str
    rows: int | None
    version: int | None
    filled_permille: int | None = Field(description="有值的格子占全部格子的千分比 · cells that have a value, per mille")
    changed_at: datetime | None
    fresh_at: datetime | None = Field(description="数据至少新到这一刻 · its data is at least so new")
    late_hours: int
    feeds_on: int
    feeds_proposed: int
    open_works: int


class LibraryOut(Out):
    """A library with its tables, in counts."""

    code: str
    kind: Literal["base", "theme", "department"]
    title: str
    basis: str
    version: str
    tables: list[LibraryTableOut]


class LibrariesOut(Out):
    """All libraries."""

    rows: list[LibraryOut]


class LibraryFeedOut(Out):
    """How one landed table of a department fills the table: pairs of field and column."""

    id: str
    organisation: str
    entry_code: str
    role: str
    landed: str
    key: str
    changed: str
    columns: list[tuple[str, str]]
    state: Literal["proposed", "on", "off"]
    moved_at: datetime | None
    standardised_at: datetime | None
    rows: int | None
    repeats: int | None
    problems: int | None


class LibraryVersionOut(Out):
    """A version of a Delta table behind the table, and the work that left it."""

    place: str
    version: int
    rows: int
    work_id: str
    made_at: datetime


class LibraryTableDetailOut(Out):
    """One table with its definition, feeds and versions."""

    library: str
    table: LibraryTableOut
    definition: dict[str, Any]
    feeds: list[LibraryFeedOut]
    versions: list[LibraryVersionOut]


class LibraryWorkOut(Out):
    """One work on the library. Figures come only from the node's receipt; the result has counts, no row."""

    id: str
    kind: str
    kind_label: str
    library: str
    table: str
    feed_id: str
    node: str
    cause: Literal["hand", "chain", "schedule"]
    state: str
    state_label: str
    phase: str
    done: int
    total: int
    problem: str
    problem_code: str
    result: dict[str, Any]
    leaf_index: int | None
    ordered_by: str
    ordered_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class LibraryWorksAsked(Asked):
    """Which works."""

    state: Annotated[str, Field(max_length=12, description="只看这种状态 · only those in this state")] = ""
    kind: Annotated[str, Field(max_length=32, description="只看这一种 · only this kind")] = ""
    cursor: Cursor = ""
    limit: Limit = 20


def _line(line: TableLine) -> LibraryTableOut:
    table = line.table
    return LibraryTableOut(
        name=table.name, title=table.title, kind=table.kind, owner=table.owner, cycle=table.cycle, rows=table.rows,
        version=table.version, filled_permille=table.filled_permille, changed_at=table.changed_at,
        fresh_at=table.fresh_at, late_hours=line.late_hours, feeds_on=line.feeds_on,
        feeds_proposed=line.feeds_proposed, open_works=line.open_works,
    )  # fmt: skip


def _feed(row: FeedRow) -> LibraryFeedOut:
    return LibraryFeedOut(
        id=str(row.id), organisation=row.organisation.code, entry_code=row.entry.code if row.entry else "",
        role=row.role, landed=row.landed, key=row.key, changed=row.changed,
        columns=[(field, column) for field, column in row.columns], state=row.state, moved_at=row.moved_at,
        standardised_at=row.standardised_at, rows=row.rows, repeats=row.repeats, problems=row.problems,
    )  # fmt: skip


def _version(row: TableVersion) -> LibraryVersionOut:
    return LibraryVersionOut(
        place=row.place, version=row.version, rows=row.rows, work_id=str(row.work_id), made_at=row.made_at
    )


def _work(row: Work) -> LibraryWorkOut:
    return LibraryWorkOut(
        id=str(row.id), kind=row.kind, kind_label=str(KINDS.get(row.kind, row.kind)),
        library=row.library.code if row.library else "", table=row.table, feed_id=str(row.feed_id or ""),
        node=row.node_id, cause=row.cause, state=row.state, state_label=str(WorkState(row.state).label),
        phase=row.phase, done=row.done, total=row.total, problem=row.problem, problem_code=row.problem_code,
        result=row.result, leaf_index=row.leaf_index, ordered_by=person(row.ordered_by), ordered_at=row.ordered_at,
        started_at=row.started_at, finished_at=row.finished_at,
    )  # fmt: skip


@router.get(
    "",
    operation_id="listLibraries",
    summary="统一资源库 · the libraries and their tables, in counts",
    **asks(Permission.LIBRARY_LIBRARY_VIEW, LibrariesOut),
)
def list_libraries(request: ApiRequest) -> LibrariesOut:
    """Return every library with its tables."""
    cards = queries.overview(request.auth.actor, request.auth.now)
    return LibrariesOut(
        rows=[
            LibraryOut(
                code=card.library.code, kind=card.library.kind, title=card.library.title, basis=card.library.basis,
                version=card.library.version, tables=[_line(line) for line in card.lines],
            )
            for card in cards
        ]
    )  # fmt: skip


@router.get(
    "/tables/{code}/{name}",
    operation_id="getLibraryTable",
    summary="资源库表 · one table with its definition, feeds and versions",
    **asks(Permission.LIBRARY_LIBRARY_VIEW, LibraryTableDetailOut, 404, 422),
)
def get_table(request: ApiRequest, code: Code, name: Name) -> LibraryTableDetailOut:
    """Return one table."""
    actor = request.auth.actor
    table = queries.table_named(actor, code, name)
    return LibraryTableDetailOut(
        library=table.library.code,
        table=_line(queries.line_of(actor, table, request.auth.now)),
        definition=table.definition,
        feeds=[_feed(row) for row in queries.feeds(actor, table)],
        versions=[_version(row) for row in queries.versions(actor, table)],
    )


@router.get(
    "/works",
    operation_id="listLibraryWorks",
    summary="资源库作业列表 · works on the libraries",
    **asks(Permission.LIBRARY_LIBRARY_VIEW, PageOut[LibraryWorkOut], 422),
)
def list_works(request: ApiRequest, asked: Query[LibraryWorksAsked]) -> PageOut[LibraryWorkOut]:
    """Return a page of works, the newest first."""
    after = listing.opened(LIST, asked.cursor)
    page = queries.works(request.auth.actor, state=asked.state, kind=asked.kind, after=after, limit=asked.limit)
    return PageOut(rows=[_work(row) for row in page.rows], next=listing.sealed(LIST, page.next))


@router.get(
    "/works/{work_id}",
    operation_id="getLibraryWork",
    summary="资源库作业 · one work on the libraries",
    **asks(Permission.LIBRARY_LIBRARY_VIEW, LibraryWorkOut, 404, 422),
)
def get_work(request: ApiRequest, work_id: WorkId) -> LibraryWorkOut:
    """Return one work."""
    return _work(queries.work(request.auth.actor, work_id))
