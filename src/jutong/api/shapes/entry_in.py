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
    ShareChannel,
    ShareWay,
    UpdateCycle,
    UpdateTrigger,
)
from jutong.center.catalog.fields import EntryFields, ItemFields

Lax = Field(strict=False)
"""A coded value comes as text."""
Empty = Literal[""]
ResourceCode = Annotated[str, Field(max_length=64, pattern=r"^([123][0-9]{5}[0-9A-Z]*/[0-9A-Z]+)?$")]
ClassCode = Annotated[str, Field(pattern=r"^[123][0-9]{5}[0-9A-Z]{0,26}$")]
Extension = str | bool | int | float | list[Annotated[str, Field(max_length=64)]] | None
"""What an extension field may hold; the template's edition says what each is."""


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
    english_name: Short = ""
    element: Annotated[str, Field(max_length=32)] = ""
    code_table: Short = ""
    source_code: ResourceCode = ""
    share_attribute: Annotated[ShareAttribute, Lax] | Empty = ""
    is_open: bool = False


class EntryIn(In):
    """An entry's fields and items; all but name and classification may be empty in a draft."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    classification: ClassCode
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
    format_type: Annotated[str, Field(max_length=32)] = ""
    share_channel: Annotated[ShareChannel, Lax] = ShareChannel.PLATFORM
    open_condition: Note = ""
    related_codes: list[ResourceCode] = Field(default_factory=list, max_length=50)
    extra_classes: list[ClassCode] = Field(default_factory=list, max_length=50)
    extensions: dict[Annotated[str, Field(max_length=64)], Extension] = Field(default_factory=dict, max_length=200)
    template: Annotated[str, Field(max_length=64)] = ""
    items: list[ItemIn] = Field(default_factory=list, max_length=500)

    def fields(self) -> EntryFields:
        """Return the entry's own fields."""
        return EntryFields(**_entry_values(self))

    def item_fields(self) -> list[ItemFields]:
        """Return the items."""
        return [ItemFields(**_plain(row.model_dump())) for row in self.items]


class CheckIn(EntryIn):
    """An entry to judge; nothing of it is stored. ``code`` names the entry it belongs to, where there is one."""

    name: Annotated[str, Field(max_length=128)] = ""
    classification: Annotated[str, Field(max_length=32)] = ""
    code: ResourceCode = ""

    def fields(self) -> EntryFields:
        """Return the entry's own fields."""
        return EntryFields(**_entry_values(self, but="code"))


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
    change_note: Note = ""
    effective_from: Day | None = None


class ConsentIn(In):
    """部门负责人's decision; a refusal gives its reason."""

    agreed: bool
    reason: Text = ""


class BindIn(In):
    """A table to bind: item name to column name, every key among them."""

    source: Annotated[str, Field(min_length=1, max_length=64)]
    schema_name: Annotated[str, Field(max_length=63)] = ""
    table: Annotated[str, Field(min_length=1, max_length=128)]
    columns: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=128)]],
        Field(min_length=1, max_length=500),
    ]


def _entry_values(body: EntryIn, but: str = "") -> dict[str, Any]:
    """Return what a body says of the entry itself, lists as tuples; an extension that is null says nothing."""
    written = _plain(body.model_dump(exclude={"items", "extensions", but}))
    extensions = {name: value for name, value in body.extensions.items() if value is not None}
    lists = {name: tuple(written[name]) for name in ("related_codes", "extra_classes")}
    return {**written, **lists, "extensions": extensions}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return coded values as the text they stand for."""
    return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}
