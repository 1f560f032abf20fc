"""Which rows were agreed on, and whether the order the node obeys chooses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jutong.center.catalog.models import Binding, Item
from jutong.center.fleet.models import Order
from jutong.center.sharing.compile import division_prefix
from jutong.center.sharing.enums import Operator
from jutong.center.sharing.models import Application
from jutong.center.sharing.need import division_item

if TYPE_CHECKING:
    from jutong.center.agreement.models import Agreement


@dataclass(slots=True)
class RowLimit:
    """One condition all rows meet."""

    item: Item
    operator: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class OrderedRows:
    """How many conditions were agreed on, the order looked at, and what it does not carry of them."""

    agreed: int
    order: str
    missing: tuple[str, ...]


def row_limits(application: Application) -> list[RowLimit]:
    """Return every condition on the rows of an application, that on the division first."""
    found = [
        RowLimit(row.item, row.operator, tuple(row.values)) for row in application.conditions.select_related("item")
    ]
    item = division_item(application.version) if application.division_filter else None
    if item is not None:
        found.insert(0, RowLimit(item, Operator.PREFIX, (division_prefix(application.division_filter),)))
    return found


def ordered_rows(agreement: Agreement, binding: Binding | None) -> OrderedRows | None:
    """Compare the conditions both sides signed with those of the newest order; None while nothing is ordered."""
    orders = Order.objects.filter(kind="grant", subject_id=str(agreement.grant_id))
    order = orders.order_by("-issued_at", "-sequence").first()
    if order is None or binding is None:
        return None
    carried = {
        (row["column"], row["operator"], tuple(row["values"])) for row in order.envelope["body"].get("conditions", ())
    }
    signed = agreement.document.get("conditions", [])
    missing = tuple(
        str(row["said"])
        for row in signed
        if (binding.columns.get(row["item"]), row["operator"], tuple(row["values"])) not in carried
    )
    return OrderedRows(len(signed), f"{order.node_id}/{order.sequence}", missing)
