"""Every step of a move over one batch after the other, fitted to the schema that is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from jutong.contracts import steps as given
from jutong.contracts.rules import Cast
from jutong.contracts.steps import Step, StepUnfit, made_by, origins, read_by
from jutong.node.exchange.errors import OrderUnfitError, ValueUnfitError
from jutong.node.exchange.plan import check_names
from jutong.node.exchange.rules.checks import cast, cast_type
from jutong.node.exchange.rules.kernels import Array, Flags, pc
from jutong.node.exchange.steps import derived, texts
from jutong.node.exchange.steps.codes import Translation

_TEXT = pa.string()
Way = Callable[[list[Array]], tuple[Array, Flags | None]]


@dataclass(frozen=True)
class _Fitted:
    """A step: what the column it makes or changes lands as, and how; None where no column is read."""

    step: Step
    lands_as: pa.DataType
    do: Way | None


class Flow:
    """The steps of one order.

    Args:
        steps: taken in this order.
        schema: what the source delivers.
        zone: what the source's times without a zone are meant in; empty to leave them as they are.

    Raises:
        OrderUnfitError: naming the step that does not fit the columns before it.
    """

    def __init__(self, steps: Sequence[Step], schema: pa.Schema, zone: str = "") -> None:
        try:
            after = origins(schema.names, steps)
        except StepUnfit as error:
            raise OrderUnfitError(what="步骤", found=f"{error.step}: {error.column}") from error
        check_names(list(after))
        self.counted = given.counted(steps)
        self._origins = [origins(schema.names, steps[:place]) for place, _ in enumerate(steps)] + [after]
        self._places = {step.id: place for place, step in enumerate(steps)}
        self._zone, self._zoned = zone, _zoned(steps, schema, zone)
        kinds = {field.name: derived.INSTANT if field.name in self._zoned else field.type for field in schema}
        self._steps: list[_Fitted] = []
        for step in steps:
            fitted = _fit(step, kinds)
            self._steps.append(fitted)
            kinds = _after(step, kinds, fitted.lands_as)
        self.schema = pa.schema([pa.field(name, kind) for name, kind in kinds.items()])

    def origin(self, column: str, step_id: str = "") -> str:
        """Return the first source column that a column is made of, before a step or after all of them; else itself."""
        known = self._origins[self._places.get(step_id, len(self._origins) - 1)]
        return next(iter(known.get(column, ())), column)

    def run(self, columns: dict[str, Array]) -> tuple[dict[str, Array], list[Flags]]:
        """Take every step with a batch's columns.

        Returns:
            The columns after the steps, and the rows that broke each of the counted steps.

        Raises:
            ValueUnfitError: for a time of a source with a zone that never was there.
        """
        rows = len(next(iter(columns.values())))
        found = {name: self._in_zone(name, array) for name, array in columns.items()}
        broken: list[Flags] = []
        for fitted in self._steps:
            made = None
            if isinstance(fitted.step, given.Constant):
                made = pa.repeat(pa.scalar(fitted.step.value, _TEXT), rows)
            elif fitted.do is not None:
                made, flags = fitted.do([found[name] for name in read_by(fitted.step)])
                if flags is not None:
                    broken.append(flags)
            found = _after(fitted.step, found, made)
        return found, broken

    def _in_zone(self, name: str, array: Array) -> Array:
        if name not in self._zoned:
            return array
        instants, never = derived.instants(self._zone, array)
        if never.any():
            raise ValueUnfitError(column=name, kind=str(array.type), problem=f"an hour that never was in {self._zone}")
        return instants


def _zoned(steps: Sequence[Step], schema: pa.Schema, zone: str) -> frozenset[str]:
    """Return the columns that are read in the source's zone: a step of the order's own goes before it."""
    own = {step.column for step in steps if isinstance(step, given.TimeZone)}
    return frozenset(field.name for field in schema if zone and field.type == derived.NAIVE and field.name not in own)


def _after(step: Step, columns: dict[str, Any], made: Any) -> dict[str, Any]:
    """Return what a step leaves, of types or of arrays alike."""
    if isinstance(step, given.Rename):
        return {step.to if name == step.column else name: one for name, one in columns.items()}
    if isinstance(step, given.Drop):
        return {name: one for name, one in columns.items() if name != step.column}
    return {**columns, made_by(step) or read_by(step)[0]: made}


def _fit(step: Step, kinds: dict[str, pa.DataType]) -> _Fitted:
    if isinstance(step, given.Constant | given.Rename | given.Drop):
        return _Fitted(step, _TEXT, None)
    asked = [kinds[name] for name in read_by(step)]
    try:
        found = _MAKERS[type(step)](step, asked)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError, ValueError) as error:
        raise OrderUnfitError(what="步骤", found=f"{step.id}: {str(error)[:120]}") from error
    if found is None:
        listed = "、".join(map(str, asked))
        raise OrderUnfitError(what="步骤", found=f"{step.id}: {step.kind} × {listed}")
    return _Fitted(step, *found)


_Made = tuple[pa.DataType, Way] | None
"""What a column lands as and how it is made, or None for a step that does not take such columns."""


def _writes(kind: pa.DataType) -> bool:
    """Tell whether values of a type are written as text in one way only."""
    return (
        kind == _TEXT
        or pa.types.is_integer(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_temporal(kind)
        or pa.types.is_boolean(kind)
    )


def _standardise(step: given.Standardise, kinds: list[pa.DataType]) -> _Made:
    if kinds[0] != _TEXT:
        return None
    return _TEXT, lambda arrays: (texts.standardised(step, arrays[0]), None)


def _as_text(step: given.AsText, kinds: list[pa.DataType]) -> _Made:
    padded = not step.pad or pa.types.is_integer(kinds[0]) or kinds[0] == _TEXT
    if not _writes(kinds[0]) or not padded:
        return None
    return _TEXT, lambda arrays: (derived.padded(step, arrays[0]), None)


def _translate(step: given.Translate, kinds: list[pa.DataType]) -> _Made:
    if kinds[0] != _TEXT and not pa.types.is_integer(kinds[0]):
        return None
    translation = Translation(step)
    return _TEXT, lambda arrays: translation(arrays[0])


def _time_zone(step: given.TimeZone, kinds: list[pa.DataType]) -> _Made:
    if kinds[0] != derived.NAIVE:
        return None
    ZoneInfo(step.zone)
    return derived.INSTANT, lambda arrays: derived.instants(step.zone, arrays[0])


def _concat(step: given.Concat, kinds: list[pa.DataType]) -> _Made:
    if not all(map(_writes, kinds)):
        return None
    return _TEXT, lambda arrays: (derived.concat(step, arrays), None)


def _substring(step: given.Substring, kinds: list[pa.DataType]) -> _Made:
    if not _writes(kinds[0]):
        return None
    return _TEXT, lambda arrays: (derived.substring(step, arrays[0]), None)


def _coalesce(step: given.Coalesce, kinds: list[pa.DataType]) -> _Made:
    if len(set(kinds)) > 1:
        return None
    return kinds[0], lambda arrays: (pc.coalesce(*arrays), None)


def _date_part(step: given.DatePart, kinds: list[pa.DataType]) -> _Made:
    dated = kinds[0] in (pa.date32(), derived.NAIVE, derived.INSTANT)
    if not dated or (step.part == "hour" and kinds[0] == pa.date32()):
        return None
    return pa.int32(), lambda arrays: (derived.date_part(step, arrays[0]), None)


def _identity_part(step: given.IdentityPart, kinds: list[pa.DataType]) -> _Made:
    if kinds[0] != _TEXT:
        return None
    lands_as = pa.date32() if step.part == "birth-date" else _TEXT
    return lands_as, lambda arrays: derived.identity_part(step, arrays[0])


def _arithmetic(step: given.Arithmetic, kinds: list[pa.DataType]) -> _Made:
    calculation = derived.Calculation(step, kinds[0], kinds[1] if step.other is not None else None)
    return calculation.lands_as, lambda arrays: calculation(arrays[0], arrays[1] if len(arrays) > 1 else None)


def _cast(step: Cast, kinds: list[pa.DataType]) -> _Made:
    if kinds[0] != _TEXT:
        return None
    return cast_type(step), lambda arrays: cast(step, arrays[0])


_MAKERS: dict[type[Any], Callable[[Any, list[pa.DataType]], _Made]] = {
    given.Standardise: _standardise,
    given.AsText: _as_text,
    given.Translate: _translate,
    given.TimeZone: _time_zone,
    given.Concat: _concat,
    given.Substring: _substring,
    given.Coalesce: _coalesce,
    given.DatePart: _date_part,
    given.IdentityPart: _identity_part,
    given.Arithmetic: _arithmetic,
    Cast: _cast,
}
