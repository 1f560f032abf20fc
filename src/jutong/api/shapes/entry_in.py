"""What a steward writes into an entry, as a request body."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jutong.api.types import Day, In, Line, Note, Short, Text
from jutong.center.catalog.enums import (
    AssessmentKind,
    BasisKind,
    DataFormat,
    DataType,
    FieldMode,
    Grade,
    ShareAttribute,
    ShareWay,
    UpdateCycle,
    UpdateTrigger,
)
from jutong.center.catalog.fields import EntryFields, ItemFields

Lax = Field(strict=False)
"""A coded value comes as text."""
Empty = Literal[""]


class ItemIn(In):
    """One 信息项."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    data_type: Annotated[DataType, Lax] | Empty = ""
    length: Annotated[int, Field(ge=1, le=2147483647)] | None = None
    column: Annotated[str, Field(max_length=63)] = ""
    is_key: bool = False
    is_personal: bool = False
    is_sensitive: bool = False
    grade: Annotated[Grade, Lax] = Grade.G1
    widest_mode: Annotated[FieldMode, Lax] = FieldMode.PLAIN
    mask: Annotated[str, Field(max_length=16)] = "all"
    note: Annotated[str, Field(max_length=200)] = ""


class EntryIn(In):
    """An entry's fields and items; all but name and classification may be empty in a draft."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    classification: Annotated[str, Field(pattern=r"^[123][0-9]{5}[0-9A-Z]{0,26}$")]
    summary: Text = ""
    domain: Annotated[str, Field(max_length=32)] = ""
    data_format: Annotated[DataFormat, Lax] | Empty = ""
    update_cycle: Annotated[UpdateCycle, Lax] | Empty = ""
    share_attribute: Annotated[ShareAttribute, Lax] | Empty = ""
    share_way: Annotated[ShareWay, Lax] | Empty = ""
    share_scope: Note = ""
    share_purpose: Note = ""
    use_conditions: Note = ""
    refusal_reason: Note = ""
    basis_kind: Annotated[BasisKind, Lax] | Empty = ""
    basis_title: Line = ""
    basis_article: Short = ""
    grade: Annotated[Grade, Lax] | Empty = ""
    is_open: bool = False
    not_secret: bool = False
    origin: Annotated[str, Field(max_length=200)] = ""
    items: list[ItemIn] = Field(default_factory=list, max_length=500)

    def fields(self) -> EntryFields:
        """Return the entry's own fields."""
        return EntryFields(**_plain(self.model_dump(exclude={"items"})))

    def item_fields(self) -> list[ItemFields]:
        """Return the items."""
        return [ItemFields(**_plain(row.model_dump())) for row in self.items]


class AssessmentIn(In):
    """One of the two assessments."""

    kind: Annotated[AssessmentKind, Lax]
    passed: bool
    conclusion: Annotated[str, Field(min_length=1, max_length=1000)]
    assessed_by: Annotated[str, Field(min_length=1, max_length=64)]
    assessed_on: Day


class RenewIn(In):
    """Why a published entry is changed (条例 17), and since when where the law's clock runs."""

    trigger: Annotated[UpdateTrigger, Lax] = UpdateTrigger.VOLUNTARY
    happened_on: Day | None = None


class ConsentIn(In):
    """部门负责人's decision; a refusal gives its reason."""

    agreed: bool
    reason: Text = ""


class ReasonIn(In):
    """A decision that gives its reason."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class BindIn(In):
    """A table to bind: item name to column name, every key among them."""

    source: Annotated[str, Field(min_length=1, max_length=64)]
    schema_name: Annotated[str, Field(max_length=63)] = ""
    table: Annotated[str, Field(min_length=1, max_length=128)]
    columns: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=128)]],
        Field(min_length=1, max_length=500),
    ]


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return coded values as the text they stand for."""
    return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}
