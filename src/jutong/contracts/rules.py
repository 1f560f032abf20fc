"""What is asked of every row of a move, as data: a closed list of checks, and the masks put on before it lands.

Nothing here is code that runs: a pattern is matched in time linear in the text (RE2), whatever it says. A null breaks
no rule but ``not-null``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from jutong.contracts.envelope import Document

RuleAction = Literal["warn", "set-aside", "skip", "stop"]
"""``warn`` counts, ``set-aside`` keeps the row in quarantine, ``skip`` leaves it out, ``stop`` ends the move."""

MaskKind = Literal[
    "name", "identity", "phone", "address", "division", "year", "month", "band", "all", "pseudonym", "sealed",
    "sealed-equal",
]  # fmt: skip
SEALED: tuple[MaskKind, ...] = ("sealed", "sealed-equal")
"""Nothing is lost: whoever holds the agreement's key opens the value again."""
KEYED: tuple[MaskKind, ...] = ("pseudonym", *SEALED)
"""Masks that are made with the key of an agreement."""
LONGEST_PATTERN = 200
MOST_VALUES = 5_000
MOST_RULES = 200
MOST_COUNTED = 10**12
MOST_LONG = 10**9
_NO_NUL = r"^[^\x00]*$"
"""A text with NUL can be kept neither in PostgreSQL nor in its JSON."""

Column = Annotated[str, Field(min_length=1, max_length=128, pattern=_NO_NUL)]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Value = Annotated[str, Field(max_length=200, pattern=_NO_NUL)]
Amount = Annotated[str, Field(min_length=1, max_length=64, pattern=_NO_NUL)]


class RuleBase(Document):
    """What every rule has.

    ``most_rows`` and ``most_permille`` (of the rows the source counts) are how many rows may break it before the move
    ends with nothing moved; without them there is no limit.
    """

    id: RuleId
    column: Column
    action: RuleAction = "set-aside"
    most_rows: Annotated[int, Field(ge=0, le=MOST_COUNTED)] | None = None
    most_permille: Annotated[int, Field(ge=0, le=1000)] | None = None


class NotNull(RuleBase):
    """There is a value; an empty text is one unless ``blank`` counts as none."""

    kind: Literal["not-null"] = "not-null"
    blank: bool = True


class Cast(RuleBase):
    """The text is a value of another type, and lands as such; dates as 2026-01-31 or 20260131."""

    kind: Literal["cast"] = "cast"
    to: Literal["integer", "decimal", "date"]
    precision: Annotated[int, Field(ge=1, le=38)] = 18
    scale: Annotated[int, Field(ge=0, le=38)] = 2


class Length(RuleBase):
    """The text is so long, counted as its target counts."""

    kind: Literal["length"] = "length"
    least: Annotated[int, Field(ge=0, le=MOST_LONG)] = 0
    most: Annotated[int, Field(ge=0, le=MOST_LONG)]
    unit: Literal["characters", "bytes"] = "characters"


class OneOf(RuleBase):
    """The value is one of a list."""

    kind: Literal["one-of"] = "one-of"
    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=MOST_VALUES, strict=False)]


class CodeTable(RuleBase):
    """The value is a code of a shipped code table that is, or once was, in force."""

    kind: Literal["code-table"] = "code-table"
    table: Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class Pattern(RuleBase):
    """The whole text has a form."""

    kind: Literal["pattern"] = "pattern"
    pattern: Annotated[str, Field(min_length=1, max_length=LONGEST_PATTERN, pattern=_NO_NUL)]


class Identity(RuleBase):
    """The text is an identity number (GB 11643); with ``to_18`` it lands in its 18-character form."""

    kind: Literal["identity"] = "identity"
    to_18: bool = False


class CreditCode(RuleBase):
    """The text is a unified social credit code (GB 32100)."""

    kind: Literal["credit-code"] = "credit-code"


class Between(RuleBase):
    """The number, date or instant lies between two bounds, both allowed; texts in the form of the column's type."""

    kind: Literal["between"] = "between"
    least: Amount | None = None
    most: Amount | None = None


class Compare(RuleBase):
    """The value stands so to the value of another column of the same type."""

    kind: Literal["compare"] = "compare"
    operator: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    other: Column


class Unique(RuleBase):
    """No earlier row of the same chunk, or of the whole job, has the same value, with those of ``with_columns``."""

    kind: Literal["unique"] = "unique"
    with_columns: Annotated[tuple[Column, ...], Field(max_length=8, strict=False)] = ()
    over: Literal["chunk", "job"] = "chunk"

    @model_serializer(mode="wrap")
    def _what_is_used(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        return {name: value for name, value in found.items() if (name, value) != ("over", "chunk")}


class Reference(RuleBase):
    """The value stands in a column of another library table of the same department, as it is when the job starts."""

    kind: Literal["reference"] = "reference"
    table: Annotated[str, Field(max_length=128, pattern=r"^[a-z0-9][a-z0-9_]*$")]
    in_column: Column


class Fresh(RuleBase):
    """The date or instant is at most ``days`` before the day the job starts on, and at most ``ahead_days`` after it."""

    kind: Literal["fresh"] = "fresh"
    days: Annotated[int, Field(ge=0, le=100_000)]
    ahead_days: Annotated[int, Field(ge=0, le=100_000)] = 0


Rule = Annotated[
    NotNull
    | Cast
    | Length
    | OneOf
    | CodeTable
    | Pattern
    | Identity
    | CreditCode
    | Between
    | Compare
    | Unique
    | Reference
    | Fresh,
    Field(discriminator="kind"),
]


class ColumnMask(Document):
    """A column that lands masked; the quarantine keeps it as it is.

    A ``pseudonym`` is a token that is the same for one value within one ``agreement``, moved or answered by the
    gateway, and different in any other. A ``sealed`` value is encrypted with SM4-GCM or AES-256-GCM (``cipher``) for
    the recipient of an ``agreement``; ``sealed-equal`` makes equal values equal, so that they can be joined.
    """

    column: Column
    mask: MaskKind
    agreement: Annotated[str, Field(max_length=64, pattern=_NO_NUL)] = ""
    cipher: Literal["sm4", "aes"] = "sm4"

    @model_validator(mode="after")
    def _has_agreement(self) -> Self:
        if (self.mask in KEYED) != bool(self.agreement):
            raise ValueError("an agreement belongs to a pseudonym or a sealed value")
        if self.cipher != "sm4" and self.mask not in SEALED:
            raise ValueError("a cipher belongs to a sealed value")
        return self

    @model_serializer(mode="wrap")
    def _what_is_used(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        unused = {"agreement": "", "cipher": "sm4"}
        return {name: value for name, value in found.items() if name not in unused or value != unused[name]}
