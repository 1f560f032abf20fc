"""What norms look like from outside."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext
from pydantic import Field

from jutong.api.types import In, Out
from jutong.center.norms.models import CodeTable, CodeTableEdition, CodeValue, ConformanceRun, DataElement
from jutong.center.norms.queries import MappedCode, RatedOrganisation
from jutong.standards.elements import ElementMatch
from jutong.standards.grading import Grade
from jutong.standards.norms import Norm, NormDocument


class NormDocumentOut(Out):
    """A law, a standard or a policy the platform follows."""

    id: str
    number: str
    title: str
    title_en: str
    kind: str
    status: str
    effective_from: date
    verified: bool = Field(description="是否核对过原文 · whether it was checked against an official text")
    binds: list[str]


class NormRuleOut(Out):
    """One executable rule."""

    id: str
    family: str
    applies: str
    title: str
    title_en: str
    document: str
    clause: str
    version: int
    effective_from: date
    severity: str
    weight: int


class ElementOut(Out):
    """A data element in force."""

    code: str
    number: int
    name: str
    english_name: str
    definition: str
    data_type: str
    length: int | None
    precision: int | None
    pattern: str
    value_domain: str
    code_table: str
    standard: str
    synonyms: list[str]
    organisation_code: str
    effective_from: date | None


class ElementMatchOut(Out):
    """One element a name may stand for."""

    code: str
    name: str
    confidence: float = Field(description="0–1")
    reason: str
    via: str
    data_type: str
    length: int | None
    code_table: str


class CodeEditionOut(Out):
    """One edition of a code table."""

    name: str
    effective_from: date
    size: int
    changed: int


class CodeTableOut(Out):
    """A code table."""

    key: str
    name: str
    name_en: str
    standard: str
    source: str


class CodeTableDetailOut(CodeTableOut):
    """A code table with its editions, the newest first."""

    editions: list[CodeEditionOut]


class CodeValueOut(Out):
    """One code in force on the day asked for."""

    code: str
    name: str
    name_en: str
    parent: str
    valid_from: date
    valid_to: date | None


class CodeStepOut(Out):
    """One change on the way."""

    on: date
    code: str
    name: str
    target: str
    target_name: str
    kind: str
    certainty: str
    reason: str


class MappedCodeOut(Out):
    """Where a code has come to; an empty code says that nothing follows."""

    code: str
    name: str
    kind: str
    certainty: str
    steps: list[CodeStepOut]


class StandingOut(Out):
    """How a department's published entries stand."""

    organisation_code: str
    organisation_name: str
    entries: int
    rated: int
    low: int
    score: int | None
    run_at: datetime | None


class RuleResultOut(Out):
    """What one rule saw in a run."""

    id: str
    weight: int
    checked: int
    failed: int


class NormFindingOut(Out):
    """One finding of a run."""

    rule: str
    severity: str
    clause: str
    entry: str
    place: str
    found: str
    message: str
    way_out: str


class ConformanceRunOut(Out):
    """One conformance run; the score is null when no rule had anything to look at."""

    id: str
    kind: str
    subject: str
    subject_label: str
    organisation_code: str
    score: int | None
    entries: int
    edition: str
    at: datetime
    rules: list[RuleResultOut]
    findings: list[NormFindingOut]


class GradeOut(Out):
    """A level and what it asks."""

    code: str
    label: str
    label_en: str
    accepted: bool
    share_attributes: list[str]
    share_ways: list[str]
    widest_mode: str
    default_mode: str
    transport: str
    at_rest: str
    display: str
    watermarked: bool
    may_open: bool
    approval_steps: int
    requires: list[str]


class TableRunIn(In):
    """Which table to judge."""

    source: str = Field(max_length=64)
    schema_name: str = Field(default="", max_length=63)
    table: str = Field(max_length=128)


def document_out(row: NormDocument) -> NormDocumentOut:
    """Return a document as answers show it."""
    return NormDocumentOut(
        id=row.id,
        number=row.number,
        title=row.title,
        title_en=row.title_en,
        kind=row.kind,
        status=row.status,
        effective_from=row.effective_from,
        verified=row.verified,
        binds=list(row.binds),
    )


def rule_out(row: Norm) -> NormRuleOut:
    """Return a rule as answers show it."""
    names = NormRuleOut.model_fields
    return NormRuleOut(**{name: getattr(row, name) for name in names})


def element_out(row: DataElement) -> ElementOut:
    """Return an element in force as answers show it."""
    version = row.published
    assert version is not None  # noqa: S101 - only elements in force are asked for
    same = (
        "number", "name", "english_name", "definition", "data_type", "length", "precision", "pattern", "value_domain",
        "code_table", "standard", "effective_from",
    )  # fmt: skip
    return ElementOut(
        code=row.code,
        synonyms=list(version.synonyms),
        organisation_code=row.organisation.code if row.organisation else "",
        **{name: getattr(version, name) for name in same},
    )


def match_out(row: ElementMatch) -> ElementMatchOut:
    """Return a match as answers show it."""
    values = {name: getattr(row, name) for name in ElementMatchOut.model_fields}
    return ElementMatchOut(**{**values, "reason": gettext(row.reason)})


def table_out(row: CodeTable) -> CodeTableOut:
    """Return a code table as answers show it."""
    return CodeTableOut(**{name: getattr(row, name) for name in CodeTableOut.model_fields})


def table_detail_out(row: CodeTable, editions: list[CodeTableEdition]) -> CodeTableDetailOut:
    """Return a code table with its editions as answers show it."""
    told = [
        CodeEditionOut(**{name: getattr(edition, name) for name in CodeEditionOut.model_fields}) for edition in editions
    ]
    return CodeTableDetailOut(**dict(table_out(row)), editions=told)


def value_out(row: CodeValue) -> CodeValueOut:
    """Return a code as answers show it."""
    return CodeValueOut(**{name: getattr(row, name) for name in CodeValueOut.model_fields})


def mapped_out(row: MappedCode) -> MappedCodeOut:
    """Return where a code has come to as answers show it."""
    steps = [
        CodeStepOut(
            **{name: getattr(step, name) for name in CodeStepOut.model_fields if name != "reason"},
            reason=gettext(step.reason),
        )
        for step in row.steps
    ]  # fmt: skip
    return MappedCodeOut(code=row.code, name=row.name, kind=row.kind, certainty=row.certainty, steps=steps)


def standing_out(row: RatedOrganisation) -> StandingOut:
    """Return a department's standing as answers show it."""
    return StandingOut(
        organisation_code=row.code,
        organisation_name=row.name,
        entries=row.entries,
        rated=row.rated,
        low=row.low,
        score=row.score,
        run_at=row.run_at,
    )


def run_out(row: ConformanceRun) -> ConformanceRunOut:
    """Return a run as answers show it."""
    return ConformanceRunOut(
        id=str(row.id),
        kind=row.kind,
        subject=row.subject,
        subject_label=row.subject_label,
        organisation_code=row.organisation.code,
        score=row.score,
        entries=row.entries,
        edition=row.edition,
        at=row.at,
        rules=[RuleResultOut(**found) for found in row.rules],
        findings=[
            NormFindingOut(**{**found, "message": gettext(found["message"]), "way_out": gettext(found["way_out"])})
            for found in row.findings
        ],
    )


def grade_out(row: Grade) -> GradeOut:
    """Return a level as answers show it."""
    return GradeOut(
        **{
            name: list(value) if isinstance(value := getattr(row, name), tuple) else value
            for name in GradeOut.model_fields
        }
    )
