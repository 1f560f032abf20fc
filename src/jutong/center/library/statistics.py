"""Questions for statistics, put together from what a table's definition allows; they are answered at the node.

What may be asked follows from the definition alone: no key, no name, address or number that belongs to one, nothing of
a grade above the general ones. Codes, dates by year or month, numbers by bands.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from jutong.center.fleet import actions as fleet
from jutong.center.library.definitions import definition_of
from jutong.center.library.errors import QuestionUnfitError
from jutong.center.library.models import LibraryTable, TableKind
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.contracts.envelope import Envelope
from jutong.contracts.library import FieldDefinition
from jutong.contracts.statistics import (
    MOST_FILTERS,
    MOST_GROUPS,
    MOST_MEASURES,
    GroupBy,
    Measure,
    StatFilter,
    StatisticsQuery,
    StatisticsTicketOrder,
    Suppression,
)
from jutong.kernel.clock import civil_date
from jutong.standards import statistics as rules
from jutong.standards.code_tables import DIVISIONS

LONGEST_PURPOSE = 200
_GENERAL = "general"
_BETWEEN = re.compile(r"[\s,，、;；]+")
GROUPINGS = {
    "value": _("按值"), "year": _("按年"), "month": _("按月"), "province": _("按省"), "city": _("按市"),
    "county": _("按县"), "band": _("按段"),
}  # fmt: skip
MEASURES = {
    "count": _("个数"), "sum": _("合计"), "average": _("平均"), "least": _("最小"), "greatest": _("最大"),
}  # fmt: skip
OPERATORS = {"in": _("是其中之一"), "ge": _("不小于"), "le": _("不大于"), "prefix": _("开头是")}


@dataclass(frozen=True)
class Choice:
    """One thing that may be chosen, as a form carries it."""

    value: str
    field: FieldDefinition
    how: str
    width: int = 0


@dataclass(frozen=True)
class Choices:
    """What may be asked of a table."""

    groups: tuple[Choice, ...]
    measures: tuple[Choice, ...]
    filters: tuple[Choice, ...]


@dataclass(frozen=True)
class StatisticsTicket:
    """A sealed ticket and the gateway it is for."""

    gateway_url: str
    ticket: Envelope


def tables(actor: Actor) -> list[LibraryTable]:
    """Return the tables statistics can be asked of: those with rows of their own."""
    org.require(actor, Permission.LIBRARY_STATISTICS_QUERY)
    filled = LibraryTable.objects.select_related("library__node").exclude(kind=TableKind.RECORD)
    return [table for table in filled.filter(version__isnull=False) if choices(table).groups]


def choices(table: LibraryTable) -> Choices:
    """Return what may be asked of a table."""
    definition = definition_of(table)
    asked = [
        field for field in definition.fields if field.name not in definition.keys and field.grade.startswith(_GENERAL)
    ]
    groups = [choice for field in asked for choice in _groups(field)]
    filters = [Choice(f"{field.name}|{how}", field, how) for field in asked for how in _operators(field)]
    return Choices(tuple(groups), tuple(one for field in asked for one in _measures(field)), tuple(filters))


def _groups(field: FieldDefinition) -> list[Choice]:
    hows: list[tuple[str, int]] = []
    if field.codes == DIVISIONS:
        hows = [("province", 0), ("city", 0), ("county", 0)]
    elif field.codes or field.type == "boolean":
        hows = [("value", 0)]
    elif field.type in {"date", "instant"}:
        hows = [("year", 0), ("month", 0)]
    elif _is_number(field):
        hows = [("band", width) for width in rules.bands() if width > 1 or not field.personal]
    return [Choice(f"{field.name}|{how}|{width}", field, how, width) for how, width in hows]


def _is_number(field: FieldDefinition) -> bool:
    return field.type in {"integer", "decimal"} and not field.codes


def _measures(field: FieldDefinition) -> list[Choice]:
    if not _is_number(field):
        return []
    hows = ["sum", "average", *([] if field.personal else ["least", "greatest"])]  # an extreme is somebody's own
    return [Choice(f"{how}|{field.name}", field, how) for how in hows]


def _operators(field: FieldDefinition) -> list[str]:
    if field.codes == DIVISIONS:
        return ["prefix"]
    if field.codes or field.type == "boolean":
        return ["in"]
    return ["ge", "le"] if field.type == "date" or _is_number(field) else []


def question(
    table: LibraryTable,
    *,
    groups: Sequence[str],
    measures: Sequence[str],
    filters: Sequence[tuple[str, str]],
) -> StatisticsQuery:
    """Return the question a form asks.

    Args:
        table: of what.
        groups: values of chosen groupings; empty ones are left out.
        measures: values of chosen measures; ``count`` is always among them.
        filters: values of chosen conditions with what was typed; those without either are left out.

    Raises:
        QuestionUnfitError: when something is not among the choices, or was typed wrongly.
    """
    known = choices(table)
    by_group = {one.value: one for one in known.groups}
    by_measure = {one.value: one for one in known.measures}
    by_filter = {one.value: one for one in known.filters}
    wanted = [value for value in dict.fromkeys(groups) if value]
    conditions = [(value, typed) for value, typed in filters if value or typed.strip()]
    unknown = [value for value in wanted if value not in by_group]
    unknown += [value for value in measures if value not in by_measure and value != "count"]
    unknown += [value for value, _typed in conditions if value not in by_filter]
    if unknown or len(wanted) > MOST_GROUPS or len(conditions) > MOST_FILTERS or len(measures) >= MOST_MEASURES:
        raise QuestionUnfitError(table=table.title, what="、".join(unknown)[:200] or str(_("选得太多")))
    try:
        return StatisticsQuery(
            library=table.library.code,
            table=table.name,
            title=table.title,
            groups=tuple(_group(by_group[value]) for value in wanted),
            measures=(Measure(kind="count"), *(_measure(by_measure[value]) for value in measures if value != "count")),
            filters=tuple(_filter(by_filter[value], typed) for value, typed in conditions),
        )
    except ValidationError as error:
        raise QuestionUnfitError(table=table.title, what=str(_("条件的取值没有填或太长"))) from error


def _group(choice: Choice) -> GroupBy:
    field = choice.field
    told = {"field": field.name, "title": field.title, "by": choice.how, "width": choice.width, "codes": field.codes}
    return GroupBy.model_validate(told)


def _measure(choice: Choice) -> Measure:
    return Measure(kind=choice.how, field=choice.field.name, title=choice.field.title)  # type: ignore[arg-type]


def _filter(choice: Choice, typed: str) -> StatFilter:
    values = tuple(value for value in _BETWEEN.split(typed.strip()) if value)
    return StatFilter(field=choice.field.name, operator=choice.how, values=values)  # type: ignore[arg-type]


@transaction.atomic
def ask(*, table: LibraryTable, query: StatisticsQuery, purpose: str, by: Actor, now: datetime) -> StatisticsTicket:
    """Give a person the ticket with which the node answers one question. No figure comes here.

    Raises:
        QuestionUnfitError: when no purpose is given, or no browser can reach the node.
    """
    org.require(by, Permission.LIBRARY_STATISTICS_QUERY)
    node, said = table.library.node, purpose.strip()
    if not said or len(said) > LONGEST_PURPOSE or not said.isprintable():
        raise QuestionUnfitError(table=table.title, what=str(_("请写明用途，不超过200个字")))
    if not node.gateway_url:
        raise QuestionUnfitError(table=table.title, what=str(_("存放它的节点没有浏览器能到达的地址")))
    body = StatisticsTicketOrder(
        query=query,
        suppression=Suppression.model_validate(rules.suppression(civil_date(now))),
        purpose=said,
        official=by.username,
        post=by.role,
        organisation_code=by.organisation_code,
        organisation_name=by.organisation_name,
        valid_until_ms=int((now + fleet.TICKET_LIFE).timestamp() * 1000),
        nonce=secrets.token_urlsafe(18),
    )
    ticket = fleet.seal_ticket(node=node, kind="statistics-ticket", body=body, subject_id=table.id, by=by, now=now)
    return StatisticsTicket(node.gateway_url, ticket)
