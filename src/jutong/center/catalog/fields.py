"""What a steward writes into an entry, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.center.catalog.enums import FieldMode, Grade


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
