"""Turns a grant into the order a node obeys: items into columns, the division into a typed condition.

What is no table is lent whole under a signed address, so nothing of it can be masked, only verified, or narrowed.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from jutong.center.catalog.enums import FieldMode as FieldModes
from jutong.center.catalog.models import Binding, Item
from jutong.center.fleet.models import Source
from jutong.center.org.models import SystemKey
from jutong.center.sharing.enums import UseWay
from jutong.center.sharing.models import Application, Grant, GrantItem
from jutong.center.sharing.need import division_item, way_allowed
from jutong.center.sharing.terms import hours_of
from jutong.contracts.orders import CallerKey, Condition, FieldMode, GrantedField, GrantOrder, Place
from jutong.standards.grading import allowed_mode

WAYS: dict[str, tuple[str, ...]] = {
    UseWay.SERVICE: ("query", "verify", "batch"),
    UseWay.BATCH: ("page",),
    UseWay.FILE: ("file",),
    UseWay.SUBSCRIPTION: ("changes",),
}
"""What a 共享方式 (条例 22) allows at the gateway, where a table stands behind the entry."""
ORDERED = frozenset({"page", "changes"})
"""Ways that need a column order to go through a table by."""
BATCH_KEYS = 1000
"""Keys one batch call may carry at most."""
PAGE_ROWS = 1000
"""Rows of one page, and of one page of changes."""
WHOLE: tuple[str, ...] = ("address",)
"""What it allows where something else does: the loan of its place."""


_AGREEMENTS: list[Callable[[Grant], str]] = []


def number_agreements(number: Callable[[Grant], str]) -> None:
    """Let whoever keeps agreements tell the number of the one a grant runs under; empty for none."""
    _AGREEMENTS[:] = [number]


def agreement_of(grant: Grant) -> str:
    """Return what the keys of a grant's pseudonyms and encrypted cells are named by: its agreement, or itself."""
    return next((number(grant) for number in _AGREEMENTS), "") or grant.number


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
    if not binding.is_table:
        return WHOLE
    ways = WAYS[application.share_way]
    # Many keys in one call are a batch, which the grade may forbid though single calls are allowed.
    return ways if way_allowed(application.version, UseWay.BATCH) else tuple(way for way in ways if way != "batch")


def _order_columns(application: Application, binding: Binding) -> tuple[str, ...]:
    """Return the table's own key where its description tells one, else the columns behind the key items."""
    source = Source.objects.filter(name=binding.source).values_list("tables", flat=True).first()
    for table in source or ():
        if (table.get("schema_name", ""), table["name"]) == (binding.schema_name, binding.table):
            own = tuple(column["name"] for column in table["columns"] if column.get("key"))
            if own:
                return own
    keys = (column_of(binding, item) for item in application.version.items.all() if item.is_key)
    return tuple(column for column in keys if column)


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
    found = [
        Condition(
            column=column_of(binding, row.item),
            operator=row.operator,  # type: ignore[arg-type]  # the model's choices are the contract's
            values=tuple(row.values),
        )
        for row in application.conditions.select_related("item")
    ]
    item = division_item(application.version) if application.division_filter else None
    if item is not None:
        prefix = division_prefix(application.division_filter)
        found.insert(0, Condition(column=column_of(binding, item), operator="prefix", values=(prefix,)))
    return tuple(found)


def missing_columns(application: Application, binding: Binding, items: list[GrantItem]) -> list[str]:
    """Return the granted items, and those that choose rows, that the binding gives no column.

    A subscription also misses the column that tells when a row changed, and a page the key to go through it by. Where
    the whole is lent, they are the items it would show more of than was granted.
    """
    choosing = [row.item for row in application.conditions.select_related("item")]
    if not binding.is_table:
        narrowed = [row.item.name for row in items if row.mode != FieldModes.PLAIN] + [item.name for item in choosing]
        return [*narrowed, *([application.division_filter] if application.division_filter else [])]
    wanted = [row.item for row in items] + choosing
    narrow = division_item(application.version) if application.division_filter else None
    if narrow is not None:
        wanted.append(narrow)
    missing = list(dict.fromkeys(item.name for item in wanted if not column_of(binding, item)))
    ways = WAYS.get(application.share_way, ())
    if "changes" in ways and not binding.fresh_column:
        missing.append(_("记录更新时间的列"))
    if ORDERED & set(ways) and not _order_columns(application, binding):
        missing.append(_("标识一行的列"))
    return missing


def compile_grant(grant: Grant, application: Application, binding: Binding, items: list[GrantItem]) -> GrantOrder:
    """Return everything a gateway needs to decide calls under a grant. ``items`` carry their columns."""
    ways = _ways(application, binding)
    ordered = bool(ORDERED & set(ways))
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
        ways=ways,  # type: ignore[arg-type]  # the table holds the contract's words
        purpose=grant.purpose,
        case_required=True,
        daily_quota=grant.daily_quota,
        max_rows=grant.max_rows,
        valid_from_ms=int(grant.valid_from.timestamp() * 1000),
        valid_until_ms=int(grant.valid_until.timestamp() * 1000),
        kind=binding.kind,  # type: ignore[arg-type]  # the model's choices are the contract's
        place=None if binding.is_table else Place(**binding.place),
        agreement_number=next((number(grant) for number in _AGREEMENTS), ""),
        basis=application.basis,
        grade=application.version.grade,
        batch_keys=BATCH_KEYS if "batch" in ways else 0,
        page_rows=PAGE_ROWS if ordered else 0,
        per_minute=application.per_minute,
        hours=hours_of(application),
        order_columns=_order_columns(application, binding) if ordered or "file" in ways else (),
        fresh_column=binding.fresh_column if binding.is_table else "",
    )
