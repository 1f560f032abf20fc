"""What a move does besides naming its table: the optional part of an order, kept as data with transfers and jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field

from jutong.contracts.care import Care
from jutong.contracts.envelope import Document
from jutong.contracts.fingerprint import Fingerprint
from jutong.contracts.landing import Landing
from jutong.contracts.modes import Mode
from jutong.contracts.rules import MOST_RULES, ColumnMask, Rule
from jutong.contracts.steps import MOST_STEPS, Step, origins

NAME = r"^([a-z][a-z0-9_]{0,62})?$"


class Work(Document):
    """What is done with every row, and where it goes.

    ``target`` is the name of the library's table; empty, it is made from the entry's code. Every other field is the one
    of the same name in ``contracts.orders.JobOrder``.
    """

    target: Annotated[str, Field(pattern=NAME)] = ""
    steps: Annotated[tuple[Step, ...], Field(max_length=MOST_STEPS, strict=False)] = ()
    rules: Annotated[tuple[Rule, ...], Field(max_length=MOST_RULES, strict=False)] = ()
    masks: Annotated[tuple[ColumnMask, ...], Field(max_length=MOST_RULES, strict=False)] = ()
    mode: Mode | None = None
    into: Landing | None = None
    care: Care | None = None
    fingerprint: Fingerprint | None = None

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Work:
        """Return what :meth:`kept` wrote."""
        return cls.model_validate(kept, strict=False)

    def kept(self) -> dict[str, Any]:
        """Return it as JSON, without what is not used."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value}

    @property
    def ordered(self) -> dict[str, Any]:
        """The optional fields of an order."""
        return {name: value for name in type(self).model_fields if name != "target" and (value := getattr(self, name))}

    def unfit(self, columns: Sequence[str]) -> list[str]:
        """Return every column that is named and not there, once.

        Args:
            columns: of the source.

        Raises:
            StepUnfit: naming the first step that names a column that is not there, or makes one that is.
        """
        there = origins(columns, self.steps)
        named = [*_named((*self.rules, *self.masks)), *getattr(self.mode, "keys", ())]
        if self.fingerprint is not None and self.fingerprint.column:
            named.append(self.fingerprint.column)
        if self.into is not None:
            named += [name for name, _ in self.into.columns]
        missing = [name for name in named if name not in there]
        watermark = getattr(self.mode, "watermark", None)
        if watermark and watermark not in columns:
            missing.append(watermark)
        return list(dict.fromkeys(missing))


def _named(parts: Iterable[Any]) -> Iterable[str]:
    for part in parts:
        yield part.column
        yield from getattr(part, "with_columns", ())
        if getattr(part, "other", ""):
            yield part.other
