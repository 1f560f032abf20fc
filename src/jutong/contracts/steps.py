"""What is done to the columns of a move before its rules are asked, as data: a closed, typed list, no expressions.

Steps are carried out in their order, whole columns at a time; a later one sees what an earlier one made. A null stays
a null unless a step says otherwise. A value a step cannot do (a code without a successor, an hour that never was)
breaks the step as it would a rule: it is counted, and set aside with the row as it was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from jutong.contracts.envelope import Document
from jutong.contracts.rules import MOST_VALUES, Amount, Cast, Column, RuleBase, RuleId, Value

MOST_STEPS = 300
MOST_COLUMNS = 16
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

Day = Annotated[str, Field(pattern=_DAY)]
Columns = Annotated[tuple[Column, ...], Field(min_length=1, max_length=MOST_COLUMNS, strict=False)]
Pair = Annotated[tuple[Value, Value], Field(strict=False)]


class StepBase(Document):
    """What every step has. ``id`` is unique among steps and rules: counts and refused rows name it."""

    id: RuleId


class Fallible(RuleBase):
    """A step some values may not take; their rows are counted, limited and refused as those that break a rule."""


class Standardise(StepBase):
    """One way of writing a text: nothing is done that makes another name or number of it.

    ``width`` makes full-width letters and digits (``all``: punctuation too) half-width. ``spaces`` takes blanks of any
    kind away at both ends (``trim``), also makes one of several (``single``), or takes away all (``none``).
    ``variants`` puts the character itself in the place of a radical, a compatibility ideograph or a private code of
    GBK that stands for it; no other character is put for a variant form, which may be somebody's lawful name.
    ``dots`` writes the dot within a name as U+00B7. ``invisible`` takes away control and zero-width characters.
    """

    kind: Literal["standardise"] = "standardise"
    column: Column
    width: Literal["keep", "letters", "all"] = "letters"
    spaces: Literal["keep", "trim", "single", "none"] = "trim"
    variants: bool = False
    dots: bool = False
    invisible: bool = True
    letters: Literal["keep", "upper", "lower"] = "keep"


class AsText(StepBase):
    """A number, date or instant as text, numbers with zeros in front up to ``pad`` characters."""

    kind: Literal["as-text"] = "as-text"
    column: Column
    pad: Annotated[int, Field(ge=0, le=64)] = 0


class Translate(Fallible):
    """A code in place of another, by one's own pairs first, then by a shipped table.

    With ``table``, codes (or names) in force on ``from_day`` become codes (or names) in force on ``to_day``, as far as
    the changes between are at least so certain and lead to one code; without the days they only turn from codes into
    names or back, whenever they were in force. A value that has no translation breaks the step (``refuse``), stays
    (``keep``), or becomes null.
    """

    kind: Literal["translate"] = "translate"
    into: Column | None = None
    pairs: Annotated[tuple[Pair, ...], Field(max_length=MOST_VALUES, strict=False)] = ()
    table: Annotated[str, Field(max_length=64, pattern=r"^([a-z0-9][a-z0-9._-]*)?$")] = ""
    reads: Literal["code", "name"] = "code"
    gives: Literal["code", "name"] = "code"
    from_day: Day | None = None
    to_day: Day | None = None
    certainty: Literal["sure", "likely"] = "sure"
    otherwise: Literal["refuse", "keep", "null"] = "refuse"

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if not self.pairs and not self.table:
            raise ValueError("a translation has pairs or a table")
        if (self.from_day is None) != (self.to_day is None):
            raise ValueError("from_day and to_day come together")
        if self.from_day and self.to_day and date.fromisoformat(self.from_day) > date.fromisoformat(self.to_day):
            raise ValueError("from_day is not after to_day")
        if self.table and self.from_day is None and self.reads == self.gives:
            raise ValueError("a table translates from one day to another, or between codes and names")
        return self


class TimeZone(Fallible):
    """Instants out of date and time without a zone, which were meant in this one.

    An hour that came twice is taken as the earlier; one that never was breaks the step.
    """

    kind: Literal["time-zone"] = "time-zone"
    zone: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")] = "Asia/Shanghai"


class Concat(StepBase):
    """Texts one behind the other. A null makes the whole null, or is left out with its separator (``skip``)."""

    kind: Literal["concat"] = "concat"
    columns: Columns
    into: Column
    separator: Annotated[str, Field(max_length=16, pattern=r"^[^\x00]*$")] = ""
    nulls: Literal["null", "skip"] = "null"


class Substring(StepBase):
    """So many characters of a text from the ``start``-th on, which is 1 for the first."""

    kind: Literal["substring"] = "substring"
    column: Column
    into: Column
    start: Annotated[int, Field(ge=1, le=100_000)] = 1
    length: Annotated[int, Field(ge=1, le=100_000)]


class Coalesce(StepBase):
    """The first of several columns of one type that has a value."""

    kind: Literal["coalesce"] = "coalesce"
    columns: Columns
    into: Column


class DatePart(StepBase):
    """A whole number out of a date or instant (instants in Beijing time); Monday is weekday 1."""

    kind: Literal["date-part"] = "date-part"
    column: Column
    into: Column
    part: Literal["year", "quarter", "month", "day", "weekday", "hour"]


class IdentityPart(Fallible):
    """What an identity number tells: the date of birth, the sex (GB/T 2261.1: 1 or 2), the division of its issue."""

    kind: Literal["identity-part"] = "identity-part"
    into: Column
    part: Literal["birth-date", "sex", "division"]


class Arithmetic(Fallible):
    """Sum, difference or product of two numbers, in decimals; ``other`` is a column or else ``amount`` a number.

    A result with more places than ``scale`` breaks the step unless it is rounded half away from zero; one that does
    not fit breaks it always.
    """

    kind: Literal["arithmetic"] = "arithmetic"
    operator: Literal["add", "subtract", "multiply"]
    other: Column | None = None
    amount: Amount | None = None
    into: Column
    precision: Annotated[int, Field(ge=1, le=38)] = 18
    scale: Annotated[int, Field(ge=0, le=38)] = 2
    rounds: bool = False

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if (self.other is None) == (self.amount is None):
            raise ValueError("either other or amount")
        if self.scale > self.precision:
            raise ValueError("scale is at most precision")
        return self


class Constant(StepBase):
    """The same text in every row."""

    kind: Literal["constant"] = "constant"
    into: Column
    value: Value


class Rename(StepBase):
    """Another name."""

    kind: Literal["rename"] = "rename"
    column: Column
    to: Column


class Drop(StepBase):
    """A column that was read for others to be made of, and does not land."""

    kind: Literal["drop"] = "drop"
    column: Column


Step = Annotated[
    Standardise
    | AsText
    | Translate
    | TimeZone
    | Concat
    | Substring
    | Coalesce
    | DatePart
    | IdentityPart
    | Arithmetic
    | Constant
    | Rename
    | Drop
    | Cast,
    Field(discriminator="kind"),
]


Fallen = Translate | TimeZone | IdentityPart | Arithmetic | Cast
"""The steps some values may not take."""


class StepUnfit(ValueError):  # noqa: N818 - tells a step; the caller makes the named error of it
    """The first step that names a column that is not there, or makes one that is."""

    def __init__(self, step: str, column: str) -> None:
        super().__init__(step, column)
        self.step, self.column = step, column


def counted(steps: Sequence[Step]) -> tuple[Fallen, ...]:
    """Return the steps some values may not take, which a receipt counts in front of the rules."""
    return tuple(step for step in steps if isinstance(step, Fallen))


def read_by(step: Step) -> tuple[str, ...]:
    """Return the columns a step reads."""
    if isinstance(step, Concat | Coalesce):
        return step.columns
    if isinstance(step, Constant):
        return ()
    if isinstance(step, Arithmetic) and step.other is not None:
        return (step.column, step.other)
    return (step.column,)


def made_by(step: Step) -> str | None:
    """Return the column a step makes, or None for one that changes a column where it stands or takes it away."""
    return step.to if isinstance(step, Rename) else getattr(step, "into", None)


def origins(columns: Sequence[str], steps: Sequence[Step]) -> dict[str, tuple[str, ...]]:
    """Return every column after the steps, in order, with the columns of the source it was made of.

    Raises:
        StepUnfit: naming the first step that names a column that is not there, or makes one that is.
    """
    found: dict[str, tuple[str, ...]] = {name: (name,) for name in columns}
    for step in steps:
        read, made = read_by(step), made_by(step)
        if missing := next((name for name in read if name not in found), None):
            raise StepUnfit(step.id, missing)
        if made in found:
            raise StepUnfit(step.id, str(made))
        if isinstance(step, Rename):
            found = {step.to if name == step.column else name: source for name, source in found.items()}
        elif isinstance(step, Drop):
            del found[step.column]
        elif made is not None:
            found[made] = tuple(dict.fromkeys(source for name in read for source in found[name]))
    return found
