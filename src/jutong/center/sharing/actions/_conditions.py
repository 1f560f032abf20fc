from __future__ import annotations

from collections.abc import Iterable

from jutong.center.sharing.conditions import RowCondition
from jutong.center.sharing.enums import ConditionOrigin
from jutong.center.sharing.models import Application, ApplicationCondition


def write_conditions(application: Application, origin: ConditionOrigin, wanted: Iterable[RowCondition]) -> None:
    """Put one side's row conditions in place of those it set before; the other side's stay."""
    application.conditions.filter(origin=origin).delete()
    ApplicationCondition.objects.bulk_create(
        ApplicationCondition(
            application=application, item_id=row.item_id, operator=row.operator, values=list(row.values), origin=origin
        )
        for row in wanted
    )
