"""The rules that ship with the platform, and whether rules can be used at all."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jutong.contracts.linkage import LinkModel, LinkSpec
from jutong.library.linkage.errors import LinkModelError, LinkSpecError
from jutong.library.linkage.levels import columns, levels

MARK = "-"
"""Stands in the levels of a pair for a comparison in which a record says nothing."""


@cache
def shipped(entity: str) -> LinkSpec:
    """Return the shipped rules for ``person`` or ``organisation``.

    Raises:
        KeyError: for any other kind of entity.
    """
    if entity not in {"person", "organisation"}:
        raise KeyError(entity)
    text = files(__package__).joinpath("specs", f"{entity}.json").read_text("utf-8")
    return LinkSpec.model_validate_json(text)


def check(spec: LinkSpec, model: LinkModel | None = None) -> None:
    """Refuse rules that name what is not there, and a model that was learnt by others.

    Raises:
        LinkSpecError: naming the place and the name.
        LinkModelError: when the model's levels are not those of the rules.
    """
    known = {field.name for field in spec.fields}
    prepared = {column for field in spec.fields for column in columns(field)}
    named = [("comparisons", one.field) for one in spec.comparisons] + [("confirm", one) for one in spec.confirm]
    named += [("identity", spec.identity)] if spec.identity else []
    for place, found in named:
        if found not in known:
            raise LinkSpecError(spec=spec.code, place=place, found=found)
    listed = [("blocks", one) for block in spec.blocks for one in block.columns]
    listed += [("training", one) for block in spec.training for one in block]
    for place, found in listed:
        if found not in prepared:
            raise LinkSpecError(spec=spec.code, place=place, found=found)
    if model is not None:
        mine = [(one.field, [level.code for level in levels(spec, one)]) for one in spec.comparisons]
        theirs = [(one.field, [level.code for level in one.levels]) for one in model.comparisons]
        if mine != theirs:
            raise LinkModelError(model=model.version, spec=spec.code)
