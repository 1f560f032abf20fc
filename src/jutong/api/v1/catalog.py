"""Reading the catalogue. A resource code has a slash in it, and so has its address: ``/catalog/entries/307010/12``."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes import catalog as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor
from jutong.center.catalog import queries
from jutong.center.catalog.enums import DataFormat, Grade, ShareAttribute, UpdateCycle
from jutong.center.org.enums import DivisionLevel
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import civil_date

router = Router(tags=["目录 catalog"])
Classification = Annotated[
    str, Path(pattern=r"^[0-9A-Z]{1,32}$", description="代码“/”之前的分类 · part of the code before the slash")
]
Sequence = Annotated[
    str, Path(pattern=r"^[0-9A-Z]{1,31}$", description="代码“/”之后的顺序码 · part of the code after the slash")
]
ENTRY = "/entries/{classification}/{sequence}"
SEARCH = "search"
OWN = "own-entries"
REVIEWS = "reviews"


class SearchAsked(Asked):
    """Words and facets; every word must be found, and one chosen value of each facet."""

    q: Annotated[str, Field(max_length=100, description="用空格隔开的词 · words, apart by blanks")] = ""
    share: list[ShareAttribute] = Field(default=[], max_length=3)
    organisation: Annotated[list[Annotated[str, Field(max_length=18)]], Field(max_length=50)] = Field(default=[])
    domain: Annotated[list[Annotated[str, Field(max_length=32)]], Field(max_length=50)] = Field(default=[])
    cycle: list[UpdateCycle] = Field(default=[], max_length=7)
    bound: list[Literal["0", "1"]] = Field(default=[], max_length=2)
    level: list[DivisionLevel] = Field(default=[], max_length=5)
    form: list[DataFormat] = Field(default=[], max_length=7)
    grade: list[Grade] = Field(default=[], max_length=5)
    quality: list[Literal["90", "75", "0"]] = Field(default=[], max_length=3)
    open: list[Literal["0", "1"]] = Field(default=[], max_length=2)
    cursor: Cursor = ""


class CursorAsked(Asked):
    """Where to go on."""

    cursor: Cursor = ""


def code_of(classification: str, sequence: str) -> str:
    """Return the resource code of an address."""
    return f"{classification}/{sequence}"


@router.get(
    "/entries",
    operation_id="searchEntries",
    summary="检索目录 · search published entries",
    **asks(Permission.CATALOG_ENTRY_VIEW, shapes.SearchOut, 422),
)
def search(request: ApiRequest, asked: Query[SearchAsked]) -> shapes.SearchOut:
    """Return a page of 20 published entries with facets, title hits first."""
    facets = {
        "share_attribute": map(str, asked.share),
        "organisation": asked.organisation,
        "domain": asked.domain,
        "cycle": map(str, asked.cycle),
        "bound": asked.bound,
        "level": map(str, asked.level),
        "form": map(str, asked.form),
        "grade": map(str, asked.grade),
        "quality": asked.quality,
        "open": asked.open,
    }
    number = listing.page_number(SEARCH, asked.cursor)
    page = queries.search(
        request.auth.actor, asked.q, {name: list(values) for name, values in facets.items()}, number
    )  # fmt: skip
    return shapes.search_out(page, listing.next_page(SEARCH, number, more=number < page.pages))


@router.get(
    ENTRY,
    operation_id="getEntry",
    summary="一条已发布的目录 · one published entry",
    **asks(Permission.CATALOG_ENTRY_VIEW, shapes.EntryOut, 404, 422),
)
def get_entry(request: ApiRequest, classification: Classification, sequence: Sequence) -> shapes.EntryOut:
    """Return a published entry with its items."""
    return shapes.entry_out(queries.published_entry(request.auth.actor, code_of(classification, sequence)))


@router.get(
    f"{ENTRY}/history",
    operation_id="getEntryHistory",
    summary="版本历史 · versions of an entry",
    **asks(Permission.CATALOG_ENTRY_VIEW, PageOut[shapes.VersionOut], 404, 422),
)
def history(request: ApiRequest, classification: Classification, sequence: Sequence) -> PageOut[shapes.VersionOut]:
    """Return the versions the caller may see, the newest first."""
    found = queries.history(request.auth.actor, code_of(classification, sequence))
    return PageOut(rows=[shapes.version_out(row) for row in found], next="")


@router.get(
    "/own",
    operation_id="listOwnEntries",
    summary="本部门的目录 · the department's own entries",
    **asks(Permission.CATALOG_DRAFT_VIEW, PageOut[shapes.EntryRowOut], 422),
)
def own_entries(request: ApiRequest, asked: Query[CursorAsked]) -> PageOut[shapes.EntryRowOut]:
    """Return a page of 20 of the department's entries, those being made first."""
    caller = request.auth
    number = listing.page_number(OWN, asked.cursor)
    rows = queries.my_entries(caller.actor, civil_date(caller.now), page=number)
    following = listing.next_page(OWN, number, more=len(rows) == queries.PAGE_SIZE)
    return PageOut(rows=[shapes.entry_row_out(row) for row in rows], next=following)


@router.get(
    "/own/{classification}/{sequence}",
    operation_id="getOwnEntry",
    summary="本部门的一条目录 · one of the department's own entries",
    **asks(Permission.CATALOG_DRAFT_VIEW, shapes.OwnEntryOut, 404, 422),
)
def own_entry(request: ApiRequest, classification: Classification, sequence: Sequence) -> shapes.OwnEntryOut:
    """Return an entry of the own department, published or not, with all versions and the table behind it."""
    return shapes.own_entry_out(queries.entry_for_steward(request.auth.actor, code_of(classification, sequence)))


@router.get(
    "/reviews",
    operation_id="listReviews",
    summary="待审核的目录 · versions that wait for the authority",
    **asks(Permission.CATALOG_ENTRY_REVIEW, PageOut[shapes.VersionTaskOut], 422),
)
def reviews(request: ApiRequest, asked: Query[CursorAsked]) -> PageOut[shapes.VersionTaskOut]:
    """Return a page of 20 submitted versions of the authority's division, the most pressing first."""
    caller = request.auth
    number = listing.page_number(REVIEWS, asked.cursor)
    rows = queries.review_queue(caller.actor, civil_date(caller.now), page=number)
    following = listing.next_page(REVIEWS, number, more=len(rows) == queries.PAGE_SIZE)
    return PageOut(rows=[shapes.version_task_out(row) for row in rows], next=following)
