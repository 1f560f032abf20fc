"""What is proposed for an entry as it is bound now: the catalog's items beside the columns its node listed."""

from __future__ import annotations

from jutong.center.catalog.models import Binding, Entry, Item
from jutong.center.fleet import queries as fleet
from jutong.center.jobs.proposals import Proposal, facts_of, propose
from jutong.center.jobs.work import Work
from jutong.contracts.receipts import ColumnInfo
from jutong.contracts.rules import Rule

MOST_PERMILLE = 200
"""Rows in a thousand that a proposed rule may take out before the move ends with nothing moved."""


def source_columns(binding: Binding) -> list[ColumnInfo]:
    """Return the columns of the bound table as its node last listed them; none if it is no longer there.

    Raises:
        SourceUnknownError: if no node reports the source any more.
    """
    for table in fleet.source(binding.source).tables:
        if (table["schema_name"], table["name"]) == (binding.schema_name, binding.table):
            return [ColumnInfo.model_validate({"nullable": True, **column}) for column in table["columns"]]
    return []


def proposal_for(entry: Entry, binding: Binding) -> Proposal:
    """Return what is proposed for a move of an entry's table."""
    items = Item.objects.filter(version_id=entry.published_id)
    facts = [facts_of(item, column) for item in items if (column := str(binding.columns.get(item.name) or ""))]
    return propose(source_columns(binding), facts)


def bounded(rule: Rule, permille: int | None) -> Rule:
    """Return a rule that ends the move when more rows break it, if it takes rows out; others as they are."""
    takes_out = rule.action in {"set-aside", "skip"}
    return rule.model_copy(update={"most_permille": permille}) if takes_out else rule


def chosen(proposal: Proposal) -> Work:
    """Return the work of everything that is taken unless somebody takes it out.

    A proposed rule that fits nothing ends the move rather than leave an empty table in the place of a full one.
    """
    return Work(
        steps=tuple(found.what for found in proposal.steps if found.chosen),
        rules=tuple(bounded(found.what, MOST_PERMILLE) for found in proposal.rules if found.chosen),
        masks=tuple(found.what for found in proposal.masks if found.chosen),
    )
