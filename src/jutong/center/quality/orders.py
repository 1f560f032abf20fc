"""How a check of a table is ordered: which rules are asked, of which fields, against what was found last time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter

from jutong.center.library.definitions import definition_of
from jutong.center.library.models import FeedRow, FeedState, LibraryTable, TableVersion
from jutong.center.norms.queries import matcher
from jutong.center.org.models import Division
from jutong.center.quality.deriving import Register, checked_fields, derived
from jutong.center.quality.enums import StewardRuleState
from jutong.center.quality.models import CheckedTable, QualityRun
from jutong.contracts.library import TableDefinition
from jutong.contracts.quality import MOST_VALUES, CheckOrder, FieldProfile, QualityRule, TableAddress
from jutong.kernel.canonical import canonical_json
from jutong.standards import code_tables
from jutong.standards.elements import Element
from jutong.standards.quality import scheme

RULE: TypeAdapter[QualityRule] = TypeAdapter(QualityRule)
_PROFILES: TypeAdapter[tuple[FieldProfile, ...]] = TypeAdapter(tuple[FieldProfile, ...])


def order_for(table: LibraryTable, feed: FeedRow | None = None) -> CheckOrder | None:
    """Return the check of a register as standardised, or of a library's table; None while there are no rows."""
    found = _place(table, feed)
    if found is None:
        return None
    address, version = found
    definition = definition_of(table)
    filled = fields_of(definition, feed)
    elements = _elements(definition)
    checked = CheckedTable.objects.filter(table=table, feed=feed).first()
    rules = derived(
        definition, filled, elements, standardised=feed is not None, role=feed.role if feed else "",
        registers=_registers(table, feed), local=_local_codes(),
    )  # fmt: skip
    run = checked.runs.filter(newest=True).first() if checked else None
    return CheckOrder(
        table=address,
        version=version,
        fields=checked_fields(definition, filled, elements),
        rules=(*rules, *(steward_rules(checked) if checked else ())),
        floor=scheme().floor,
        rows_before=run.rows if run else -1,
        profile_before=profile_of(run) if run else (),
    )


def _place(table: LibraryTable, feed: FeedRow | None) -> tuple[TableAddress, int | None] | None:
    """Return where the rows lie and in which version, None while there are none.

    A library's table is read in the version its last work left as a whole; a register is read as it is.
    """
    if feed is not None:
        if feed.standardised_at is None or feed.state != FeedState.ON:
            return None
        return TableAddress(zone="standardised", code=feed.organisation.code, name=feed.name), None
    made = TableVersion.objects.filter(table=table, place__endswith=f"/{table.library.code}/{table.name}").first()
    if made is None:
        return None
    zone, code, name = made.place.split("/")
    return TableAddress.model_validate({"zone": zone, "code": code, "name": name}), made.version


def fields_of(definition: TableDefinition, feed: FeedRow | None) -> list[str]:
    """Return the fields a register fills, or all of a library's table."""
    if feed is None:
        return [field.name for field in definition.fields]
    return [pair[0] for pair in feed.columns]


def _elements(definition: TableDefinition) -> Mapping[str, Element]:
    known = matcher()
    found = {field.element: known.element(field.element) for field in definition.fields if field.element}
    return {code: element for code, element in found.items() if element is not None}


def _local_codes() -> Mapping[str, tuple[str, ...]]:
    """Return the divisions registered here that the shipped table does not have: zones, and what was founded since."""
    shipped = next(table for table in code_tables.shipped() if table.key == code_tables.DIVISIONS)
    known = {span.code for span in shipped.spans}
    here = Division.objects.values_list("code", flat=True).distinct().order_by("code")
    return {code_tables.DIVISIONS: tuple([code for code in here if code not in known][:MOST_VALUES])}


def _registers(table: LibraryTable, feed: FeedRow | None) -> Iterable[Register]:
    if feed is None:
        return
    others = table.feeds.filter(state=FeedState.ON).exclude(id=feed.id).exclude(standardised_at=None)
    for other in others.select_related("organisation"):
        place = _place(table, other)
        if place is not None:
            yield Register(other.role, place[0], frozenset(pair[0] for pair in other.columns))


def steward_rules(checked: CheckedTable) -> tuple[QualityRule, ...]:
    """Return the rules somebody added to a table that are in use."""
    return tuple(read_rule(row.body) for row in checked.steward_rules.filter(state=StewardRuleState.ACTIVE))


def read_rule(body: object) -> QualityRule:
    """Read a rule that is kept as data.

    Raises:
        pydantic.ValidationError: if it is none.
    """
    return RULE.validate_json(canonical_json(body))


def profile_of(run: QualityRun) -> tuple[FieldProfile, ...]:
    """Return the profile a run left."""
    return _PROFILES.validate_json(canonical_json(run.profile))


def order_of(run: QualityRun) -> CheckOrder:
    """Return a run's rules and fields as they were asked, without what they were compared with."""
    return CheckOrder.model_validate_json(canonical_json(run.order))
