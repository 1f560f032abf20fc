"""The derived tables that ship; light, so that pages of the center can read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from jutong.contracts.derive import DeriveInput, DeriveOrder, DeriveSource, DeriveSpec
from jutong.contracts.library import TableDefinition
from jutong.library.derive.errors import DeriveUnfitError


@cache
def shipped() -> tuple[DeriveSpec, ...]:
    """Return the rules of all derived tables that come with the platform."""
    text = (files("jutong.library.derive") / "data" / "derived.json").read_text(encoding="utf-8")
    return TypeAdapter(tuple[DeriveSpec, ...]).validate_json(text)


def spec_for(library: str, table: str) -> DeriveSpec | None:
    """Return the shipped rules of a derived table, if there are any."""
    return next((spec for spec in shipped() if (spec.library, spec.table) == (library, table)), None)


def reads(spec: DeriveSpec, library: str, table: str) -> bool:
    """Tell whether a derived table is made from another."""
    return any((source.library, source.table) == (library, table) for source in spec.sources)


def order_for(
    library: str, table: TableDefinition, inputs: Callable[[str, str], DeriveInput | None]
) -> DeriveOrder | None:
    """Return the order to derive a table by the shipped rules; None where there are none.

    Args:
        library: code of the table's library.
        table: its definition as it is in force.
        inputs: definition and feeds of the table of a library, if it is published; the part's name is set here.
    """
    spec = spec_for(library, table.name)
    if spec is None:
        return None
    found = [(source, inputs(source.library, source.table)) for source in spec.sources]
    given = tuple(one.model_copy(update={"part": source.part}) for source, one in found if one is not None)
    return DeriveOrder(library=library, table=table, spec=spec, inputs=given)


def check(spec: DeriveSpec, table: TableDefinition, inputs: tuple[DeriveInput, ...]) -> None:
    """Refuse rules that name what is not there.

    Raises:
        DeriveUnfitError: naming the first thing that is wrong.
    """
    columns = {one.part: {"entity_id", "_state", *(field.name for field in one.definition.fields)} for one in inputs}
    for reason in (*_wrong_fields(spec, table), *_wrong_sources(spec, table, columns)):
        raise DeriveUnfitError(table=f"{spec.library}/{spec.table}", reason=reason)


def _wrong_fields(spec: DeriveSpec, table: TableDefinition) -> Iterator[str]:
    parts = [source.part for source in spec.sources]
    if len(set(parts)) < len(parts):
        yield "来源重名"
    if strange := sorted({field.part for field in spec.fields} - set(parts)):
        yield f"没有来源 {'、'.join(strange)}"
    if bare := [field.name for field in spec.fields if field.measure != "count" and not field.column]:
        yield f"字段 {'、'.join(bare)} 没有写明取哪一列"
    made, wanted = [*table.keys, *(field.name for field in spec.fields)], [field.name for field in table.fields]
    if sorted(made) != sorted(wanted):
        yield f"字段对不上：{'、'.join(sorted(set(made) ^ set(wanted))) or '重复'}"


def _wrong_sources(spec: DeriveSpec, table: TableDefinition, columns: Mapping[str, set[str]]) -> Iterator[str]:
    first = spec.sources[0]
    if len(first.by) != len(table.keys):
        yield f"首个来源的分组字段与主键 {'、'.join(table.keys)} 不对应"
    for source in spec.sources:
        there = columns.get(source.part)
        if there is None and not source.optional:
            yield f"没有给出来源 {source.part}"
        if there is not None and (strange := sorted(_asked(spec, source) - there)):
            yield f"来源 {source.part} 没有字段 {'、'.join(strange)}"
        if source is not first and len(source.by) != len(source.meets):
            yield f"来源 {source.part} 的对应字段个数不同"
    met = {one for source in spec.sources[1:] for one in source.meets}
    if strange := sorted(met - columns.get(first.part, set())):
        yield f"来源 {first.part} 没有字段 {'、'.join(strange)}"


def _asked(spec: DeriveSpec, source: DeriveSource) -> set[str]:
    """Return the columns of a source that the rules speak of."""
    fields = [field for field in spec.fields if field.part == source.part]
    conditions = [*source.where, *(one for field in fields for one in field.where)]
    return {*source.by, *(one.column for one in conditions), *(field.column for field in fields if field.column)}
