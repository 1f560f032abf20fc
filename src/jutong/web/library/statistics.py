"""Questions for statistics: chosen here, answered at the node."""

from __future__ import annotations

import base64

from django.http import HttpResponseBase

from jutong.center.library import statistics
from jutong.center.library.models import LibraryTable
from jutong.center.org.permissions import Permission
from jutong.contracts.statistics import MOST_GROUPS
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.standards import statistics as rules
from jutong.web.door import Visit, form_page
from jutong.web.middleware import policy

CONDITIONS = 4
"""Conditions the form has room for."""


@form_page(Permission.LIBRARY_STATISTICS_QUERY)
def builder(visit: Visit) -> HttpResponseBase:
    """Show what may be asked of a table, and give the ticket with which one question is answered at the node."""
    tables = statistics.tables(visit.actor)
    typed = visit.request.POST if visit.is_post else visit.request.GET
    chosen = next((one for one in tables if _key(one) == typed.get("table", "")), tables[0] if tables else None)
    rows = range(1, CONDITIONS + 1)
    context: dict[str, object] = {
        "tables": [(_key(one), f"{one.library.title} / {one.title}") for one in tables],
        "chosen": chosen,
        "key": _key(chosen) if chosen else "",
        "rules": rules.suppression(civil_date(visit.now)),
        "typed": typed,
    }
    if chosen is None:
        return visit.render("library/statistics.html", context)
    choices = statistics.choices(chosen)
    context |= {
        "groups": [(one, _grouped(one)) for one in choices.groups],
        "measures": [(one, statistics.MEASURES[one.how]) for one in choices.measures],
        "filters": [(one, statistics.OPERATORS[one.how]) for one in choices.filters],
        "dimensions": [(at, typed.get(f"group-{at}", "")) for at in range(1, MOST_GROUPS + 1)],
        "measured": typed.getlist("measure"),
        "conditions": [(at, typed.get(f"filter-{at}", ""), typed.get(f"value-{at}", "")) for at in rows],
    }
    if not visit.is_post:
        return visit.render("library/statistics.html", context)
    try:
        query = statistics.question(
            chosen,
            groups=[typed.get(f"group-{at}", "") for at in range(1, MOST_GROUPS + 1)],
            measures=typed.getlist("measure"),
            filters=[(typed.get(f"filter-{at}", ""), typed.get(f"value-{at}", "")) for at in rows],
        )
        purpose = typed.get("purpose", "")
        given = statistics.ask(table=chosen, query=query, purpose=purpose, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.render("library/statistics.html", context | {"problem": problem}, status=problem.http_status)
    ticket = base64.urlsafe_b64encode(given.ticket.model_dump_json().encode()).decode()
    response = visit.render("library/statistics.html", context | {"gateway": given.gateway_url, "ticket": ticket})
    response.headers["Content-Security-Policy"] = policy(given.gateway_url)
    return response


def _key(table: LibraryTable) -> str:
    return f"{table.library.code}/{table.name}"


def _grouped(choice: statistics.Choice) -> str:
    how = str(statistics.GROUPINGS[choice.how])
    return f"{how} {choice.width}" if choice.width else how
