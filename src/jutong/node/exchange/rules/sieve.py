"""Every step, rule and mask of a move over one batch after the other: what is kept, set aside, and counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.contracts import rules as given
from jutong.contracts.receipts import RuleCount
from jutong.contracts.rules import ColumnMask, Rule, RuleBase
from jutong.contracts.steps import Fallen, Step
from jutong.kernel.cells import form_of
from jutong.library.errors import TableUnknownError
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.rules import digits
from jutong.node.exchange.rules.checks import Repeats, cast, cast_type, check_of
from jutong.node.exchange.rules.elsewhere import JobRepeats
from jutong.node.exchange.rules.kernels import Array, Check, Flags
from jutong.node.exchange.rules.masks import MASKS
from jutong.node.exchange.rules.means import Means
from jutong.node.exchange.rules.seals import Seals
from jutong.node.exchange.rules.tokens import Tokens
from jutong.node.exchange.steps.flow import Flow

POSITION = "(position)"
"""Of a row in its chunk, from 1. No source column that lands in a Delta table can have parentheses in its name."""

_FOUND: dict[str, pa.DataType] = dict.fromkeys((POSITION, "rule", "column", "reason", "value"), pa.string())
FINDINGS = pa.schema({**_FOUND, POSITION: pa.int64()})
_REFUSING = ("set-aside", "stop")
_TEXT_ONLY = (given.Cast, given.Length, given.Pattern, given.Identity, given.CreditCode)


Counted: TypeAlias = Rule | Fallen
"""What rows may break."""


@dataclass(frozen=True)
class Sifted:
    """What became of a batch; ``aside`` has the rows as they were read, with their positions in front."""

    kept: pa.RecordBatch
    aside: pa.RecordBatch
    findings: pa.Table
    counts: npt.NDArray[np.int64]
    skipped: int
    gone: Flags


class Sieve:
    """The steps, rules and masks of one order, fitted to the schema that is read.

    ``rules`` are those that are counted: the steps some values may not take, then the rules.

    Args:
        rules: asked in this order; a cast or ``to_18`` counts for the rules after it.
        masks: put on what passed.
        schema: what the source delivers.
        steps: taken with the columns before.
        means: what some of them need besides the rows.

    Raises:
        OrderUnfitError: naming the step, rule or mask that does not fit its column.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        masks: Sequence[ColumnMask],
        schema: pa.Schema,
        steps: Sequence[Step] = (),
        means: Means = Means(),  # noqa: B008 - it is frozen
    ) -> None:
        self._means = means
        self._flow = Flow(steps, schema, means.zone)
        self._asked = tuple(rules)
        self.rules: tuple[Counted, ...] = (*self._flow.counted, *rules)
        self.read_as = schema
        self.aside_as = pa.schema([pa.field(POSITION, pa.int64()), *schema])
        if len({one.id for one in (*steps, *rules)}) < len(steps) + len(rules):
            raise OrderUnfitError(what="规则", found="id ×2")
        schema = self._flow.schema
        self._checks: list[Check | None] = []
        for rule in rules:
            self._checks.append(self._fitted(rule, schema))
            if isinstance(rule, given.Cast):
                place = schema.get_field_index(rule.column)
                schema = schema.set(place, pa.field(rule.column, cast_type(rule)))
        self._masks = {mask.column: self._mask(mask, schema) for mask in masks}
        if len(self._masks) < len(masks):
            raise OrderUnfitError(what="脱敏", found="×2")
        for mask in masks:
            schema = schema.set(schema.get_field_index(mask.column), pa.field(mask.column, pa.string()))
        self.lands_as = schema

    def _fitted(self, rule: RuleBase, schema: pa.Schema) -> Check | None:
        named = [rule.column, *getattr(rule, "with_columns", ()), *filter(None, [getattr(rule, "other", "")])]
        kinds = [schema.field(name).type for name in named if name in schema.names]
        if len(kinds) < len(named):
            raise OrderUnfitError(what="规则", found=f"{rule.id}: {'、'.join(named)} ?")
        if not _takes(rule, kinds):
            raise OrderUnfitError(what="规则", found=f"{rule.id}: {rule.kind} × {kinds[0]}")  # type: ignore[attr-defined]
        try:
            return None if isinstance(rule, given.Cast) else check_of(rule, schema, self._means)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError, ValueError, TableUnknownError) as error:
            raise OrderUnfitError(what="规则", found=f"{rule.id}: {str(error)[:120]}") from error

    def _mask(self, mask: ColumnMask, schema: pa.Schema) -> Callable[[Array], Array]:
        known = mask.column in schema.names and not pa.types.is_binary(schema.field(mask.column).type)
        if not known:
            raise OrderUnfitError(what="脱敏", found=mask.column)
        if mask.mask not in given.KEYED:
            return MASKS[mask.mask]
        try:
            if mask.mask in given.SEALED:
                form = form_of(mask.cipher, is_equal=mask.mask == "sealed-equal")
                return Seals(self._means.cell_key(mask.agreement), form)
            return Tokens(self._means.pseudonym_key(mask.agreement))
        except OSError as error:
            raise OrderUnfitError(what="脱敏", found=f"{mask.column}: node.secret ?") from error

    def begin_chunk(self, number: int = 0, rows: int = 0) -> None:
        """Forget which values came in the chunk before.

        Args:
            number: the chunk's; all before it are finished.
            rows: of the whole job.
        """
        for check in self._checks:
            if isinstance(check, Repeats):
                check.forget()
            elif isinstance(check, JobRepeats):
                check.begin_chunk(number, rows)

    def end_chunk(self) -> None:
        """Let what is known of the chunk's values outlive the process."""
        for check in self._checks:
            if isinstance(check, JobRepeats):
                check.end_chunk()

    def remember(self, number: int) -> None:
        """Keep what values the rows of a replay brought, for those after it."""
        for check in self._checks:
            if isinstance(check, JobRepeats):
                check.remember(number)

    def sift(self, batch: pa.RecordBatch, first: int) -> Sifted:
        """Ask every rule of every row.

        Args:
            batch: rows as they were read.
            first: the position of its first row in the chunk.
        """
        columns, broken = self._flow.run(dict(zip(batch.schema.names, batch.columns, strict=True)))
        broken += [self._ask(rule, check, columns) for rule, check in zip(self._asked, self._checks, strict=True)]
        skipped, refused = self._fates(broken, batch.num_rows)
        counts = np.array([np.count_nonzero(flags) for flags in broken], dtype=np.int64)
        kept = pa.RecordBatch.from_arrays([self._masked(name, columns[name]) for name in columns], schema=self.lands_as)
        gone = skipped | refused
        for check in self._checks:
            if isinstance(check, JobRepeats):
                check.keep(~gone)
        return Sifted(
            kept.filter(pa.array(~gone)) if gone.any() else kept,
            self._aside(batch, refused, first),
            self._findings(batch, broken, first),
            counts,
            int(np.count_nonzero(skipped)),
            gone,
        )

    def _ask(self, rule: Rule, check: Check | None, columns: dict[str, Array]) -> Flags:
        if check is None:
            assert isinstance(rule, given.Cast)  # noqa: S101 - only a cast has no check
            columns[rule.column], broken = cast(rule, columns[rule.column])
            return broken
        broken = check(columns)
        if isinstance(rule, given.Identity) and rule.to_18:
            columns[rule.column] = digits.identity_to_18(columns[rule.column])
        return broken

    def _fates(self, broken: list[Flags], rows: int) -> tuple[Flags, Flags]:
        """Tell which rows are skipped and which refused. A skipped row breaks no other rule: it is out of scope."""
        skipped, refused = np.zeros(rows, dtype=np.bool_), np.zeros(rows, dtype=np.bool_)
        for rule, flags in zip(self.rules, broken, strict=True):
            if rule.action == "skip":
                skipped |= flags
        for rule, flags in zip(self.rules, broken, strict=True):
            if rule.action != "skip":
                np.logical_and(flags, ~skipped, out=flags)
            if rule.action in _REFUSING:
                refused |= flags
        return skipped, refused

    def _masked(self, name: str, array: Array) -> Array:
        mask = self._masks.get(name)
        return array if mask is None else mask(array if array.type == pa.string() else array.cast(pa.string()))

    def _aside(self, batch: pa.RecordBatch, refused: Flags, first: int) -> pa.RecordBatch:
        rows = np.flatnonzero(refused)
        picked = batch.take(rows)
        return pa.RecordBatch.from_arrays([pa.array(rows + first), *picked.columns], schema=self.aside_as)

    def _findings(self, batch: pa.RecordBatch, broken: list[Flags], first: int) -> pa.Table:
        parts = [
            self._found(rule, batch, np.flatnonzero(flags), first)
            for rule, flags in zip(self.rules, broken, strict=True)
            if rule.action in _REFUSING and flags.any()
        ]
        return pa.Table.from_batches(parts, FINDINGS)

    def _found(self, rule: Counted, batch: pa.RecordBatch, rows: npt.NDArray[np.intp], first: int) -> pa.RecordBatch:
        # The row is kept as it was read, so what is wrong is told of a column it has.
        name = self._flow.origin(rule.column, rule.id)
        values: Array = pa.nulls(rows.size, pa.string())
        if name in batch.schema.names and not pa.types.is_binary(batch.schema.field(name).type):
            values = batch.column(name).take(rows).cast(pa.string())
        said = [pa.repeat(pa.scalar(text), rows.size) for text in (rule.id, name, reason_of(rule))]
        return pa.RecordBatch.from_arrays([pa.array(rows + first), *said, values], schema=FINDINGS)

    def counted(self, counts: npt.NDArray[np.int64]) -> tuple[RuleCount, ...]:
        """Return the counts as a receipt tells them."""
        return tuple(
            RuleCount(id=rule.id, kind=rule.kind, column=rule.column, action=rule.action, rows=int(rows))
            for rule, rows in zip(self.rules, counts, strict=True)
        )

    def breach(self, counts: npt.NDArray[np.int64], total: int) -> tuple[Counted, int, int] | None:
        """Return the first rule broken more often than it may be, how often that is, and how often it may.

        Args:
            counts: so far.
            total: rows the source counts, of which shares are taken.
        """
        for rule, rows in zip(self.rules, counts.tolist(), strict=True):
            limit = _limit(rule, total)
            if limit is not None and rows > limit:
                return rule, rows, limit
        return None


def _limit(rule: RuleBase, total: int) -> int | None:
    limits = [0] if rule.action == "stop" else []
    if rule.most_rows is not None:
        limits.append(rule.most_rows)
    if rule.most_permille is not None:
        limits.append(total * rule.most_permille // 1000)
    return min(limits, default=None)


def reason_of(rule: Counted) -> str:
    """Return the code of what is wrong with a row that breaks a rule."""
    return f"cast-{rule.to}" if isinstance(rule, given.Cast) else rule.kind


def _takes(rule: RuleBase, kinds: list[pa.DataType]) -> bool:
    kind = kinds[0]
    if isinstance(rule, _TEXT_ONLY):
        measured = isinstance(rule, given.Length) and rule.unit == "bytes" and pa.types.is_binary(kind)
        return measured or kind == pa.string()
    if isinstance(rule, given.OneOf | given.CodeTable):
        return kind == pa.string() or pa.types.is_integer(kind)
    if isinstance(rule, given.Between):
        return (
            pa.types.is_decimal(kind)
            or pa.types.is_temporal(kind)
            or pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
        )
    if isinstance(rule, given.Compare):
        return kinds[1] == kind and not pa.types.is_binary(kind)
    if isinstance(rule, given.Unique):
        return not any(pa.types.is_binary(one) or pa.types.is_floating(one) for one in kinds)
    return True
