"""Reading only what lies behind a watermark: a column that grows whenever a row is added or changed.

How far it was read is a text as the source itself writes the value, kept with the target's rows. It goes back into a
statement only when every character of it is harmless between quotes in each dialect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from jutong.contracts.envelope import Document
from jutong.contracts.modes import MergeMode, Period
from jutong.contracts.orders import JobOrder
from jutong.kernel.clock import BEIJING
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.modes.errors import WatermarkLateError, WatermarkMissingError, WatermarkUnfitError
from jutong.node.exchange.plan import MovePlan

_HARMLESS = re.compile(r"[0-9A-Za-z_:.+ -]{1,64}")
_NUMBER = re.compile(r"-?[0-9]{1,64}(\.[0-9]{1,64})?")
_OFFSET = re.compile(r"[+-][0-9]{2}(:?[0-9]{2})?$")
_DAY = 86_400
Texts = Callable[[str], Sequence[object]]
"""Runs a statement of one column and returns its values."""


class Since(Document):
    """Rows behind a position. Everything but ``column`` is empty or 0 where nothing was read yet.

    ``upto`` is the greatest value there was when the job first looked: a job that is taken up again reads no further,
    so that no row of a chunk it had finished is passed over. ``after_rows`` and ``upto_rows`` are how many rows had
    just that value. With ``again`` rows of the position itself are read once more, and ``overlap`` before it. A
    ``period`` is what was ordered to be read, ``after`` and ``before`` the same as the source writes it; how far the
    column was read stays as it was then.
    """

    column: str
    again: bool = False
    overlap: int = 0
    after: str = ""
    after_rows: int = 0
    upto: str = ""
    upto_rows: int = 0
    period: Period | None = None
    before: str = ""

    @property
    def reached(self) -> tuple[str, int]:
        """The position a job ends at, and its rows."""
        return (self.upto, self.upto_rows) if self.upto else (self.after, self.after_rows)


@dataclass(frozen=True)
class Dialect:
    """How a dialect quotes the name of a column, and makes a text of an expression that stands for ``{}``."""

    quote: Callable[[str], str]
    text: str


def behind(
    since: Since | None, plan: MovePlan, dialect: Dialect, texts: Texts, *, table: str, key: str
) -> tuple[Since | None, str]:
    """Return what is to be read of a table, as it stands behind FROM, and how far the watermark goes there.

    Raises:
        WatermarkMissingError, WatermarkLateError, WatermarkUnfitError: rows would be passed over.
    """
    if since is None:
        return None, table
    tide = _Tide(since, table, dialect)
    found = tide.measure(plan, texts)
    return found, tide.relation(plan, key)


class _Tide:
    """Puts a watermark into the statements of one dialect."""

    def __init__(self, since: Since, table: str, dialect: Dialect) -> None:
        self.since = since
        self._table = table
        self._quote = dialect.quote
        self._column = dialect.quote(since.column)
        self._text = dialect.text

    def measure(self, plan: MovePlan, texts: Texts) -> Since:
        """Ask the source how far the column goes now.

        Raises:
            WatermarkMissingError: when rows have no value there; they would never be read.
            WatermarkLateError: when rows came later with the value that was read up to.
            WatermarkUnfitError: when the column cannot be gone by.
        """
        since, kind = self.since, kind_of(plan, self.since.column)
        if since.period is not None:
            self.since = self._of_period(since, since.period, kind, texts)
            return self.since
        if without := self._count(texts, f"{self._column} IS NULL"):
            raise WatermarkMissingError(column=since.column, rows=without)
        if since.after and not since.again:
            now = self._count(texts, f"{self._column} = {_literal(since.after, kind, since.column)}")
            if now > since.after_rows:
                raise WatermarkLateError(column=since.column, rows=now - since.after_rows)
        if not since.upto:
            greatest = self._text.format(f"max({self._column})")
            found = texts(f"SELECT {greatest} FROM {self._table}{self._where(kind)}")[0]  # noqa: S608 - quoted names
            since = since.model_copy(update={"upto": "" if found is None else str(found)})
        if since.upto and not self.since.upto:
            rows = self._count(texts, f"{self._column} = {_literal(since.upto, kind, since.column)}")
            since = since.model_copy(update={"upto_rows": rows})
        self.since = since
        return since

    def _of_period(self, since: Since, period: Period, kind: pa.DataType, texts: Texts) -> Since:
        """Say the ends of a period as the source writes such values itself."""
        if since.before:
            return since  # said by an earlier run
        greatest = self._text.format(f"max({self._column})")
        found = texts(f"SELECT {greatest} FROM {self._table}")[0]  # noqa: S608 - quoted names
        like = "" if found is None else str(found)
        ends = [_as_written(end, kind, like, since.column) for end in (period.first, period.until)]
        return since.model_copy(update={"after": ends[0], "before": ends[1]})

    def relation(self, plan: MovePlan, key: str) -> str:
        """Return what stands behind FROM: the rows behind the position, up to where they are read."""
        columns = dict.fromkeys([*(column.name for column in plan.columns), *([key] if key else [])])
        named = ", ".join(self._quote(name) for name in columns)
        where = self._where(kind_of(plan, self.since.column))
        return f"(SELECT {named} FROM {self._table}{where}) since"  # noqa: S608 - names from the catalog

    def _count(self, texts: Texts, condition: str) -> int:
        return int(str(texts(f"SELECT count(*) FROM {self._table} WHERE {condition}")[0]))  # noqa: S608 - quoted names

    def _where(self, kind: pa.DataType) -> str:
        since, clauses = self.since, []
        if since.after:
            begin = _before(since.after, since.overlap, kind, since.column)
            clauses.append(f"{self._column} {'>=' if since.again else '>'} {_literal(begin, kind, since.column)}")
        if since.upto:
            clauses.append(f"{self._column} <= {_literal(since.upto, kind, since.column)}")
        if since.before:
            clauses.append(f"{self._column} < {_literal(since.before, kind, since.column)}")
        return f" WHERE {' AND '.join(clauses)}" if clauses else ""


def kind_of(plan: MovePlan, column: str) -> pa.DataType:
    """Return the type of a watermark.

    Raises:
        OrderUnfitError: when it is not among the columns that are read.
        WatermarkUnfitError: when values of its type do not grow exactly.
    """
    kinds = {one.name: one.mapping.arrow for one in plan.columns}
    if column not in kinds:
        raise OrderUnfitError(what="水位字段", found=column)
    kind = kinds[column]
    fits = (
        pa.types.is_integer(kind) or pa.types.is_temporal(kind) or pa.types.is_decimal(kind) or pa.types.is_string(kind)
    )
    if not fits:
        raise WatermarkUnfitError(column=column, problem=str(kind))
    return kind


def _literal(value: str, kind: pa.DataType, column: str) -> str:
    number = pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    if not (_NUMBER if number else _HARMLESS).fullmatch(value):
        raise WatermarkUnfitError(column=column, problem="value")
    return value if number else f"'{value}'"  # MySQL compares a number with a text as floating point


def _before(value: str, overlap: int, kind: pa.DataType, column: str) -> str:
    """Return a value some seconds, or units of a number, before another."""
    if not overlap:
        return value
    try:
        if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
            return str(Decimal(value) - overlap)
        if pa.types.is_date(kind):
            return (datetime.fromisoformat(value).date() - timedelta(days=-(-overlap // _DAY))).isoformat()
        moment = datetime.fromisoformat(value) - timedelta(seconds=overlap)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise WatermarkUnfitError(column=column, problem="overlap") from error
    separator = "T" if "T" in value else " "
    return moment.isoformat(sep=separator, timespec="microseconds" if "." in value else "seconds")


def _as_written(end: str, kind: pa.DataType, like: str, column: str) -> str:
    """Return an end of a period as the source writes values of its column, such as ``like``.

    Raises:
        WatermarkUnfitError: for what is no such value.
    """
    number = bool(_NUMBER.fullmatch(end))
    if number != (pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
        raise WatermarkUnfitError(column=column, problem=f"{kind}: {end}")
    if number:
        return end
    moment = datetime.fromisoformat(end)
    if pa.types.is_date(kind):
        if moment.time() != time():
            raise WatermarkUnfitError(column=column, problem=f"{kind}: {end}")
        return moment.date().isoformat()
    if pa.types.is_string(kind):
        return end.replace("T", "T" if "T" in like else " ")
    if not (pa.types.is_timestamp(kind) and kind.tz):
        return moment.isoformat(sep=" ")
    here = moment.replace(tzinfo=BEIJING)
    written = here if _OFFSET.search(like) else here.astimezone(UTC).replace(tzinfo=None)
    return written.isoformat(sep=" ")


def since_of(order: JobOrder, position: Callable[[str], tuple[str, int]], earlier: Since | None) -> Since | None:
    """Return what of the source an order reads; None where it reads everything.

    Args:
        order: the job's.
        position: tells how far the target's earlier jobs read by a column.
        earlier: what an earlier run of this job read, if there was one.
    """
    mode = order.mode
    column = getattr(mode, "watermark", None)
    if order.period is not None:
        return _period_of(order, earlier)
    if column is None:
        return None
    after, rows = position(column)
    if earlier is not None and (earlier.column, earlier.after) == (column, after):
        return earlier
    again, overlap = isinstance(mode, MergeMode), getattr(mode, "overlap", 0)
    return Since(column=column, again=again, overlap=overlap, after=after, after_rows=rows)


def _period_of(order: JobOrder, earlier: Since | None) -> Since:
    mode = order.mode
    if not isinstance(mode, MergeMode) or mode.watermark is None:
        raise OrderUnfitError(what="时间段", found=getattr(mode, "kind", "replace"))
    if earlier is not None and (earlier.column, earlier.period) == (mode.watermark, order.period):
        return earlier
    return Since(column=mode.watermark, again=True, period=order.period)
