"""Turns a grant into the order a node obeys: items into columns, the division into a typed condition.

What is no table is lent whole under a signed address, so nothing of it can be masked, only verified, or narrowed.
"""

from __future__ import annotations

from jutong.center.catalog.enums import FieldMode as FieldModes
from jutong.center.catalog.enums import ShareWay
from jutong.center.catalog.models import Binding, Item
from jutong.center.org.models import SystemKey
from jutong.center.sharing.models import Application, Grant, GrantItem
from jutong.center.sharing.need import division_item, way_allowed
from jutong.contracts.orders import CallerKey, Condition, FieldMode, GrantedField, GrantOrder, Place
from jutong.standards.grading import allowed_mode

WAYS: dict[str, tuple[str, ...]] = {
    ShareWay.SERVICE: ("query", "verify"),
    ShareWay.BATCH: ("batch",),
    ShareWay.FILE: ("batch",),
}
"""What a 共享方式 (条例 22) allows at the gateway, where a table stands behind the entry."""
WHOLE: tuple[str, ...] = ("address",)
"""What it allows where something else does: the loan of its place."""


def column_of(binding: Binding, item: Item) -> str:
    """Return the column behind an item, empty when the binding gives it none."""
    return str(binding.columns.get(item.name) or "")


def division_prefix(code: str) -> str:
    """Return what the codes inside a division begin with: ``629900`` means ``6299``, and ``629901`` only itself."""
    while len(code) > 2 and code.endswith("00"):  # noqa: PLR2004 - GB/T 2260 codes grow by two digits a level
        code = code[:-2]
    return code


def _field(row: GrantItem) -> GrantedField:
    # Whatever was granted, no order shows more of an item than its grade allows (GB/T 43697).
    mode: FieldMode = allowed_mode(row.item.grade, row.mode)  # type: ignore[assignment]  # the contract's words
    return GrantedField(item=row.item.name, column=row.column, mode=mode, mask=row.item.mask)


def _ways(application: Application, binding: Binding) -> tuple[str, ...]:
    """Return what the gateway may do; nothing where the entry's grade has come to forbid the way agreed on."""
    if not way_allowed(application.version, application.share_way):
        return ()
    return WAYS[application.share_way] if binding.is_table else WHOLE


def _callers(grant: Grant) -> tuple[CallerKey, ...]:
    if grant.system.closed_at is not None:
        return ()
    keys = SystemKey.objects.filter(system=grant.system, revoked_at=None).order_by("created_at")
    return tuple(
        CallerKey(
            system_id=str(grant.system_id),
            system_name=grant.system.name,
            key_id=key.key_id,
            public_key=key.public_key,
        )
        for key in keys
    )


def _conditions(application: Application, binding: Binding) -> tuple[Condition, ...]:
    item = division_item(application.version) if application.division_filter else None
    if item is None:
        return ()
    prefix = division_prefix(application.division_filter)
    return (Condition(column=column_of(binding, item), operator="prefix", values=(prefix,)),)


def missing_columns(application: Application, binding: Binding, items: list[GrantItem]) -> list[str]:
    """Return the granted items, and the division item, that the binding gives no column.

    Where the whole is lent, they are the items it would show more of than was granted.
    """
    if not binding.is_table:
        narrowed = [row.item.name for row in items if row.mode != FieldModes.PLAIN]
        return [*narrowed, *([application.division_filter] if application.division_filter else [])]
    wanted = [row.item for row in items]
    narrow = division_item(application.version) if application.division_filter else None
    if narrow is not None:
        wanted.append(narrow)
    return list(dict.fromkeys(item.name for item in wanted if not column_of(binding, item)))


def compile_grant(grant: Grant, application: Application, binding: Binding, items: list[GrantItem]) -> GrantOrder:
    """Return everything a gateway needs to decide calls under a grant. ``items`` carry their columns."""
    return GrantOrder(
        grant_id=str(grant.id),
        grant_number=grant.number,
        application_number=application.number,
        entry_code=grant.entry.code,
        entry_name=application.version.name,
        provider_code=grant.provider.code,
        provider_name=grant.provider.name,
        requester_code=grant.requester.code,
        requester_name=grant.requester.name,
        callers=_callers(grant),
        source=binding.source,
        schema_name=binding.schema_name,
        table=binding.table,
        lookup=tuple(_field(row) for row in items if row.is_lookup) if binding.is_table else (),
        fields=tuple(_field(row) for row in items) if binding.is_table else (),
        conditions=_conditions(application, binding) if binding.is_table else (),
        ways=_ways(application, binding),  # type: ignore[arg-type]  # the table holds the contract's words
        purpose=grant.purpose,
        case_required=True,
        daily_quota=grant.daily_quota,
        max_rows=grant.max_rows,
        valid_from_ms=int(grant.valid_from.timestamp() * 1000),
        valid_until_ms=int(grant.valid_until.timestamp() * 1000),
        kind=binding.kind,  # type: ignore[arg-type]  # the model's choices are the contract's
        place=None if binding.is_table else Place(**binding.place),
    )
