"""Norms: documents, rules, data elements, code tables, conformance and grades."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes import norms as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Day, Ident, Limit
from jutong.api.v1.catalog import Classification, Sequence
from jutong.center.catalog.queries import published_entry
from jutong.center.fleet import queries as fleet
from jutong.center.norms import actions, queries
from jutong.center.norms.models import CodeTable, ConformanceRun
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError
from jutong.standards import grading, norms

router = Router(tags=["规范 norms"])
ElementCode = Annotated[str, Path(max_length=32, description="数据元编号 · code of the element")]
TableKey = Annotated[str, Path(max_length=64, description="代码表编号 · key of the code table")]
OrganisationKey = Annotated[str, Path(max_length=18, description="统一社会信用代码 · credit code")]
RunId = Annotated[Ident, Path(description="检查编号 · id of the run")]
_SEE = Permission.NORMS_NORM_VIEW
_RUN = Permission.NORMS_CONFORMANCE_RUN
ELEMENTS, TABLES, CODES = "norm-elements", "norm-tables", "norm-codes"


class ElementsAsked(Asked):
    """Which elements."""

    q: Annotated[str, Field(max_length=64, description="名称、同义词或编号 · name, synonym or code")] = ""
    group: Annotated[str, Field(max_length=8, description="编号的开头 · beginning of the code")] = ""
    cursor: Cursor = ""
    limit: Limit = 50


class ElementMatchAsked(Asked):
    """What to recognise."""

    name: Annotated[str, Field(min_length=1, max_length=128, description="名称或列名 · name or column")]
    comment: Annotated[str, Field(max_length=200, description="列的注释 · the column's comment")] = ""
    data_type: Annotated[str, Field(pattern=r"^[CNYDTLMGBIF]?$", description="1272号数据类型 · type")] = ""


class CodeTablesAsked(Asked):
    """Which code tables."""

    q: Annotated[str, Field(max_length=64, description="名称、编号或标准号 · name, key or standard")] = ""
    cursor: Cursor = ""
    limit: Limit = 50


class CodesAsked(Asked):
    """Which codes, in force on which day."""

    q: Annotated[str, Field(max_length=64, description="代码开头或名称 · beginning of the code, or name")] = ""
    on: Annotated[Day | None, Field(description="哪一天有效，缺省为今天 · day, today when left out")] = None
    cursor: Cursor = ""
    limit: Limit = 100


class CodeMappingAsked(Asked):
    """Which code, from which day to which."""

    code: Annotated[str, Field(min_length=1, max_length=32)]
    start: Annotated[Day, Field(description="原来是哪一天的代码 · the day the code is of")]
    end: Annotated[Day | None, Field(description="对照到哪一天，缺省为今天 · to which day")] = None


@router.get(
    "/norms/documents",
    operation_id="listNormDocuments",
    summary="规范文件 · laws, standards and policies",
    **asks(_SEE, PageOut[shapes.NormDocumentOut]),
)
def documents(request: ApiRequest) -> PageOut[shapes.NormDocumentOut]:
    """Return every document the platform follows, with its status and what it binds."""
    return PageOut(rows=[shapes.document_out(row) for row in norms.documents().values()], next="")


@router.get(
    "/norms/rules",
    operation_id="listNormRules",
    summary="可执行规范 · rules that run",
    **asks(_SEE, PageOut[shapes.NormRuleOut]),
)
def rules(request: ApiRequest) -> PageOut[shapes.NormRuleOut]:
    """Return every executable rule with clause, version and weight."""
    return PageOut(rows=[shapes.rule_out(row) for row in norms.norms().values()], next="")


@router.get(
    "/norms/grades",
    operation_id="listGrades",
    summary="分级与管控要求 · grades and their controls",
    **asks(_SEE, PageOut[shapes.GradeOut]),
)
def grades(request: ApiRequest) -> PageOut[shapes.GradeOut]:
    """Return the levels of GB/T 43697, the lowest first, with what each asks of sharing."""
    return PageOut(rows=[shapes.grade_out(row) for row in grading.grades().values()], next="")


@router.get(
    "/norms/elements",
    operation_id="listElements",
    summary="数据元 · data elements in force",
    **asks(_SEE, PageOut[shapes.ElementOut], 422),
)
def elements(request: ApiRequest, asked: Query[ElementsAsked]) -> PageOut[shapes.ElementOut]:
    """Return a page of elements in the order of their codes."""
    found = queries.elements(request.auth.actor, q=asked.q, group=asked.group)
    page = listing.by_key(ELEMENTS, found, "code", cursor=asked.cursor, limit=asked.limit)
    return PageOut(rows=[shapes.element_out(row) for row in page.rows], next=page.next)


@router.get(
    "/norms/element-matches",
    operation_id="matchElement",
    summary="认数据元 · which element a name stands for",
    **asks(_SEE, PageOut[shapes.ElementMatchOut], 422),
)
def matches(request: ApiRequest, asked: Query[ElementMatchAsked]) -> PageOut[shapes.ElementMatchOut]:
    """Return the elements a name or column may stand for, the surest first, with the reason."""
    found = queries.match_element(asked.name, comment=asked.comment, data_type=asked.data_type)
    return PageOut(rows=[shapes.match_out(row) for row in found], next="")


@router.get(
    "/norms/elements/{code}",
    operation_id="getElement",
    summary="一个数据元 · one data element",
    **asks(_SEE, shapes.ElementOut, 404, 422),
)
def element(request: ApiRequest, code: ElementCode) -> shapes.ElementOut:
    """Return one element in force."""
    found = queries.element(request.auth.actor, code)
    if found.published is None:
        raise NotFoundError(what=code)
    return shapes.element_out(found)


@router.get(
    "/norms/code-tables",
    operation_id="listCodeTables",
    summary="代码表 · code tables",
    **asks(_SEE, PageOut[shapes.CodeTableOut], 422),
)
def tables(request: ApiRequest, asked: Query[CodeTablesAsked]) -> PageOut[shapes.CodeTableOut]:
    """Return a page of code tables in the order of their keys."""
    found = queries.code_tables(request.auth.actor, q=asked.q)
    page = listing.by_key(TABLES, found, "key", cursor=asked.cursor, limit=asked.limit)
    return PageOut(rows=[shapes.table_out(row) for row in page.rows], next=page.next)


@router.get(
    "/norms/code-tables/{key}",
    operation_id="getCodeTable",
    summary="一个代码表 · one code table",
    **asks(_SEE, shapes.CodeTableDetailOut, 404, 422),
)
def table(request: ApiRequest, key: TableKey) -> shapes.CodeTableDetailOut:
    """Return a code table with its editions."""
    found = _table(request, key)
    return shapes.table_detail_out(found, queries.editions(request.auth.actor, found))


@router.get(
    "/norms/code-tables/{key}/codes",
    operation_id="listCodes",
    summary="某一天的代码 · codes in force on a day",
    **asks(_SEE, PageOut[shapes.CodeValueOut], 404, 422),
)
def codes(request: ApiRequest, key: TableKey, asked: Query[CodesAsked]) -> PageOut[shapes.CodeValueOut]:
    """Return a page of codes in force on a day, in their order."""
    found = queries.values(
        request.auth.actor, _table(request, key), on=asked.on or _today(request), q=asked.q
    )  # fmt: skip
    page = listing.by_key(f"{CODES}-{key}", found, "code", cursor=asked.cursor, limit=asked.limit)
    return PageOut(rows=[shapes.value_out(row) for row in page.rows], next=page.next)


@router.get(
    "/norms/code-tables/{key}/mapping",
    operation_id="mapCode",
    summary="新旧代码对照 · what a code has become",
    **asks(_SEE, PageOut[shapes.MappedCodeOut], 404, 422),
)
def mapping(request: ApiRequest, key: TableKey, asked: Query[CodeMappingAsked]) -> PageOut[shapes.MappedCodeOut]:
    """Return what a code of one day is called on a later one, every step between, and how sure that is."""
    found = queries.map_code(
        request.auth.actor,
        _table(request, key),
        asked.code,
        start=asked.start,
        end=asked.end or _today(request),
    )
    return PageOut(rows=[shapes.mapped_out(row) for row in found], next="")


@router.get(
    "/norms/conformance",
    operation_id="listConformance",
    summary="各部门的规范得分 · how departments stand",
    **asks(_SEE, PageOut[shapes.StandingOut]),
)
def standing(request: ApiRequest) -> PageOut[shapes.StandingOut]:
    """Return how departments stand, the lowest first: the own, for authority and leaders their division's."""
    return PageOut(rows=[shapes.standing_out(row) for row in queries.standing(request.auth.actor)], next="")


@router.get(
    "/norms/conformance/runs/{run_id}",
    operation_id="getConformanceRun",
    summary="一次规范检查 · one conformance run",
    **asks(_SEE, shapes.ConformanceRunOut, 404, 422),
)
def run(request: ApiRequest, run_id: RunId) -> shapes.ConformanceRunOut:
    """Return one run with every finding."""
    return shapes.run_out(queries.run(request.auth.actor, run_id))


@router.post(
    "/norms/conformance/organisations/{code}",
    operation_id="runOrganisationConformance",
    summary="检查一个部门 · run the norms over a department",
    **asks(_RUN, shapes.ConformanceRunOut, 404, 422, status=201),
)
def run_organisation(request: ApiRequest, code: OrganisationKey) -> shapes.ConformanceRunOut:
    """Run the norms over everything a department has published."""
    caller = request.auth
    found = queries.seen_organisation(caller.actor, code)
    return _told(request, actions.run_organisation(organisation=found, by=caller.actor, now=caller.now))


@router.post(
    "/norms/conformance/entries/{classification}/{sequence}",
    operation_id="runEntryConformance",
    summary="检查一条目录 · run the norms over an entry",
    **asks(_RUN, shapes.ConformanceRunOut, 404, 422, status=201),
)
def run_entry(request: ApiRequest, classification: Classification, sequence: Sequence) -> shapes.ConformanceRunOut:
    """Run the norms over a published entry and write its score on it."""
    caller = request.auth
    found = published_entry(caller.actor, f"{classification}/{sequence}")
    return _told(request, actions.run_entry(entry=found, by=caller.actor, now=caller.now))


@router.post(
    "/norms/conformance/tables",
    operation_id="runTableConformance",
    summary="检查一张库表 · run the norms over a table",
    **asks(_RUN, shapes.ConformanceRunOut, 404, 415, 422, status=201),
)
def run_table(request: ApiRequest, body: shapes.TableRunIn) -> shapes.ConformanceRunOut:
    """Run the norms over a table as its node described it; no row is read."""
    caller = request.auth
    source = next((row for row in fleet.sources(caller.actor) if row.name == body.source), None)
    if source is None:
        raise NotFoundError(what=body.source)
    made = actions.run_table(
        source=source, schema_name=body.schema_name, table=body.table, by=caller.actor, now=caller.now
    )  # fmt: skip
    return _told(request, made)


def _table(request: ApiRequest, key: str) -> CodeTable:
    return queries.code_table(request.auth.actor, key)


def _today(request: ApiRequest) -> date:
    return civil_date(request.auth.now)


def _told(request: ApiRequest, made: ConformanceRun) -> shapes.ConformanceRunOut:
    return shapes.run_out(queries.run(request.auth.actor, made.id))
