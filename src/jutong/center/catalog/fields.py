"""What a steward writes into an entry, as plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jutong.center.catalog.enums import FieldMode, Grade, ShareChannel


@dataclass(frozen=True, slots=True)
class EntryFields:
    """The entry's own fields; coded values are those of ``catalog.enums``. A draft may leave all but two empty.

    ``classification`` is the code before the slash (1272号: 类, 项, 目, 细目) and stands for good once a code is given.
    """

    name: str
    classification: str
    summary: str = ""
    domain: str = ""
    data_format: str = ""
    update_cycle: str = ""
    share_attribute: str = ""
    share_way: str = ""
    share_scope: str = ""
    share_purpose: str = ""
    use_conditions: str = ""
    refusal_reason: str = ""
    basis_kind: str = ""
    basis_title: str = ""
    basis_article: str = ""
    grade: str = ""
    is_open: bool = False
    not_secret: bool = False
    origin: str = ""
    format_type: str = ""
    """Second level of 信息资源格式, a type of the list that ``data_format`` names."""
    share_channel: str = ShareChannel.PLATFORM.value
    open_condition: str = ""
    related_codes: tuple[str, ...] = ()
    """Resource codes of entries that hold the same items or are the source of some."""
    extra_classes: tuple[str, ...] = ()
    """Further classification codes; each has a resource code of its own once published."""
    extensions: Mapping[str, Any] = field(default_factory=dict)
    """What the edition of the template asks beyond the core: field id to value."""
    template: str = ""
    """Id of the template's edition it is written by; empty for the one in force."""


@dataclass(frozen=True, slots=True)
class ItemFields:
    """One 信息项. ``widest_mode`` is the most a grant may ever give, ``mask`` the rule where it is masked."""

    name: str
    data_type: str = ""
    length: int | None = None
    column: str = ""
    is_key: bool = False
    is_personal: bool = False
    is_sensitive: bool = False
    grade: str = Grade.G1.value
    widest_mode: str = FieldMode.PLAIN.value
    mask: str = "all"
    note: str = ""
    english_name: str = ""
    element: str = ""
    """Code of the data element it is an instance of."""
    code_table: str = ""
    """Id of the code table its values come from."""
    source_code: str = ""
    """Resource code of the source department's entry it is taken from (条例 19)."""
    share_attribute: str = ""
    """Empty where the item is shared as the entry is."""
    is_open: bool = False
