"""What is asked of a table of the library, as data, and what was counted: no value of a row crosses the planes.

A rule is one of a closed list. What it counts is published: ``evaluated`` rows it spoke of, and ``failed`` of them.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from jutong.contracts.envelope import Document
from jutong.contracts.library import NAME

MOST_RULES = 500
MOST_FIELDS = 400
MOST_VALUES = 5_000
MOST_DAYS = 100_000
LONGEST_PATTERN = 200
LONGEST_VALUE = 200
_NO_NUL = r"^[^\x00]*$"
_BEYOND = re.compile(r"\(\?(?!:)|\\[1-9]|\\[kGpPXRbB]|[*+?}][+]|&&")
"""What one engine's patterns have and the other's do not: lookaround, flags, back references, possessive repeats."""


def _for_both_engines(pattern: str) -> str:
    if found := _BEYOND.search(pattern):
        raise ValueError(f"{found.group()} does not mean the same to every engine")
    return pattern


Name = Annotated[str, Field(pattern=r"^_?[a-z][a-z0-9_]{0,62}$")]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
Value = Annotated[str, Field(max_length=LONGEST_VALUE, pattern=_NO_NUL)]
PatternText = Annotated[
    str, Field(min_length=1, max_length=LONGEST_PATTERN, pattern=_NO_NUL), AfterValidator(_for_both_engines)
]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=8, strict=False)]
Scheme = Literal["identity", "credit-code", "organisation-code"]
Operator = Literal["eq", "ne", "lt", "le", "gt", "ge"]


class TableAddress(Document):
    """Where a table lies in the library: zone, code of the organisation or library, name."""

    zone: Literal["landed", "standardised", "fused", "service"]
    code: str = Field(pattern=r"^[0-9A-Z]{1,18}$")
    name: str = Field(pattern=NAME)


class QualityRuleBase(Document):
    """What every rule has. ``basis`` is the element or clause it follows from, empty for a steward's own."""

    id: RuleId
    title: Annotated[str, Field(max_length=100, pattern=_NO_NUL)] = ""
    basis: Annotated[str, Field(max_length=100, pattern=_NO_NUL)] = ""


class Required(QualityRuleBase):
    """There is a value; a text of nothing but blanks is none."""

    kind: Literal["required"] = "required"
    field: Name


class Standardised(QualityRuleBase):
    """The value the source has could be brought into the type and form of its element."""

    kind: Literal["standardised"] = "standardised"
    field: Name


class Typed(QualityRuleBase):
    """A text is the written form of a whole number, a decimal number or a date."""

    kind: Literal["typed"] = "typed"
    field: Name
    to: Literal["integer", "decimal", "date"]


class TextLength(QualityRuleBase):
    """A text has so many characters."""

    kind: Literal["length"] = "length"
    field: Name
    least: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    most: Annotated[int, Field(ge=0, le=1_000_000)]


class TextPattern(QualityRuleBase):
    """The whole text has a form."""

    kind: Literal["pattern"] = "pattern"
    field: Name
    pattern: PatternText


class Codes(QualityRuleBase):
    """The value is a code of a shipped code table, or one of ``values``: the place's own beside the national ones."""

    kind: Literal["codes"] = "codes"
    field: Name
    table: Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9._-]*$")] = ""
    values: Annotated[tuple[Value, ...], Field(max_length=MOST_VALUES, strict=False)] = ()


class CheckDigit(QualityRuleBase):
    """The last character of a number is the one its scheme computes."""

    kind: Literal["check-digit"] = "check-digit"
    field: Name
    scheme: Scheme


class Range(QualityRuleBase):
    """A number or date lies between two bounds, both allowed; written as the field's type is."""

    kind: Literal["range"] = "range"
    field: Name
    least: Annotated[str, Field(max_length=40)] | None = None
    most: Annotated[str, Field(max_length=40)] | None = None


class Comparison(QualityRuleBase):
    """A value stands so to another field of the same row; speaks of rows that have both."""

    kind: Literal["compare"] = "compare"
    field: Name
    operator: Operator
    other: Name


class Depends(QualityRuleBase):
    """Where ``when`` has one of ``cases``, the field has one of ``values``, or any value where none are listed."""

    kind: Literal["depends"] = "depends"
    field: Name
    when: Name
    cases: Annotated[tuple[Value, ...], Field(min_length=1, max_length=200, strict=False)]
    values: Annotated[tuple[Value, ...], Field(max_length=200, strict=False)] = ()


class Unique(QualityRuleBase):
    """No two rows have the same values; ``failed`` counts the rows beyond the first of each."""

    kind: Literal["unique"] = "unique"
    fields: Names


class Reference(QualityRuleBase):
    """The value stands in a field of another table."""

    kind: Literal["reference"] = "reference"
    field: Name
    other: TableAddress
    in_field: Name


class Agrees(QualityRuleBase):
    """The same thing has the same value in another table; speaks of rows that are in both."""

    kind: Literal["agrees"] = "agrees"
    field: Name
    key: Name
    other: TableAddress
    other_key: Name
    other_field: Name


class Fresh(QualityRuleBase):
    """The date or instant is at most so many days before the check, and not after it."""

    kind: Literal["fresh"] = "fresh"
    field: Name
    days: Annotated[int, Field(ge=0, le=MOST_DAYS)]


class Cycle(QualityRuleBase):
    """The newest commit of the table is at most so many hours old: the promised cycle. Speaks of the table."""

    kind: Literal["cycle"] = "cycle"
    hours: Annotated[int, Field(ge=1, le=MOST_DAYS)]


class RowsDrift(QualityRuleBase):
    """The table has at most so many per mille fewer or more rows than last time. Speaks of the table."""

    kind: Literal["rows-drift"] = "rows-drift"
    most_permille: Annotated[int, Field(ge=1, le=1_000_000)] = 200


class Drift(QualityRuleBase):
    """A field's values are spread as last time: the population stability index stays below. Speaks of the field."""

    kind: Literal["drift"] = "drift"
    field: Name
    most_permille: Annotated[int, Field(ge=1, le=100_000)] = 250


QualityRule = Annotated[
    Required
    | Standardised
    | Typed
    | TextLength
    | TextPattern
    | Codes
    | CheckDigit
    | Range
    | Comparison
    | Depends
    | Unique
    | Reference
    | Agrees
    | Fresh
    | Cycle
    | RowsDrift
    | Drift,
    Field(discriminator="kind"),
]
OF_TABLE = ("cycle", "rows-drift", "drift")
"""Kinds that speak of the table as a whole; no row can be shown for them."""
JOINING = ("reference", "agrees")
"""Kinds that look into another table."""


class CheckedField(Document):
    """A field as its table is defined. ``coded`` is the code table or the allowed values stand behind it.

    Values of a field are told of only where ``open`` says that its grade allows it, and from ``floor`` rows on.
    """

    name: Name
    title: str
    type: Literal["text", "integer", "decimal", "date", "instant", "boolean"]
    element: str = ""
    grade: str = "general-1"
    personal: bool = False
    open: bool = False


class Share(Document):
    """How many rows have a value, a form or lie in a class of values."""

    label: Annotated[str, Field(max_length=LONGEST_VALUE)]
    rows: int


class FieldProfile(Document):
    """What was found in a field. ``sampled`` rows stand behind types, forms and spread; counts of all rows else.

    Shares below the floor are not told; ``spread_by`` says what the classes are: ``values``, ``years``, ``powers``
    of ten, ``lengths``.
    """

    name: Name
    nulls: int
    distinct: int
    sampled: int
    types: Annotated[tuple[Share, ...], Field(strict=False)] = ()
    forms: Annotated[tuple[Share, ...], Field(strict=False)] = ()
    spread_by: Literal["values", "years", "powers", "lengths", ""] = ""
    spread: Annotated[tuple[Share, ...], Field(strict=False)] = ()


class CheckOrder(Document):
    """Body of a work ``check``: count what breaks these rules, and look what is in the fields.

    ``rows_before`` and ``profile_before`` are what the last check found, for drift. Without ``exact`` uniqueness is
    estimated from one in 64 of the keys; ``floor`` is the fewest rows a share may have to be told.
    """

    table: TableAddress
    version: int | None = None
    fields: Annotated[tuple[CheckedField, ...], Field(min_length=1, max_length=MOST_FIELDS, strict=False)]
    rules: Annotated[tuple[QualityRule, ...], Field(max_length=MOST_RULES, strict=False)]
    exact: bool = True
    profile: bool = True
    floor: Annotated[int, Field(ge=1, le=10_000)]
    rows_before: int = -1
    profile_before: Annotated[tuple[FieldProfile, ...], Field(strict=False)] = ()


class RuleCount(Document):
    """What a rule counted. ``exact`` tells whether it was counted or estimated."""

    rule: RuleId
    evaluated: int
    failed: int
    exact: bool = True


class CheckResult(Document):
    """What a work ``check`` found of one version of a table."""

    version: int
    rows: int
    engine: str
    took_ms: int
    committed_ms: int
    counts: Annotated[tuple[RuleCount, ...], Field(strict=False)]
    profile: Annotated[tuple[FieldProfile, ...], Field(strict=False)] = ()


class QualityTicketOrder(Document):
    """Kind ``quality-ticket``: shows one signed-in person, at the node, the rows that break a rule, masked by grade.

    ``check`` holds that one rule and the version it was counted on, ``said`` is the rule in words. Fields up to the
    grade ``shown`` are seen as they are, up to ``revealed`` for a reason that is put on record. It travels through the
    person's browser; every opening is a leaf in the node's log.
    """

    title: Annotated[str, Field(max_length=200)]
    said: Annotated[str, Field(max_length=400)]
    check: CheckOrder
    shown: str
    revealed: str
    official: str
    post: str
    organisation_code: str
    valid_until_ms: int
    nonce: str
