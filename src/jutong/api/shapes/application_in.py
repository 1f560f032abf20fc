"""What the parties of an application send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jutong.api.shapes.entry_in import Empty, Lax
from jutong.api.types import Day, Ident, In, Line, LongText, Note, Text
from jutong.center.catalog.enums import FieldMode
from jutong.center.sharing.actions import REFUSE, Answer, Ask, Need
from jutong.center.sharing.actions.many import MOST
from jutong.center.sharing.conditions import MOST_CONDITIONS, MOST_VALUES, VALUE_LENGTH, RowCondition
from jutong.center.sharing.enums import Frequency, Operator, RefusalReason, UseWay
from jutong.center.sharing.terms import DAY_MINUTES, HIGHEST_QUOTA, HIGHEST_RATE


class AskIn(In):
    """One item of the entry, how much of it, and why when it is sensitive."""

    item_id: Ident
    mode: Annotated[FieldMode, Lax]
    reason: Annotated[str, Field(max_length=200)] = ""


class ConditionIn(In):
    """A typed condition on the rows; all of them hold together."""

    item_id: Ident
    operator: Annotated[Operator, Lax]
    values: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=VALUE_LENGTH)]], Field(min_length=1, max_length=MOST_VALUES)
    ]

    def condition(self) -> RowCondition:
        """Return the condition."""
        return RowCondition(self.item_id, self.operator.value, tuple(self.values))


Conditions = Annotated[list[ConditionIn], Field(max_length=MOST_CONDITIONS)]


class NeedIn(In):
    """The five fields of 条例 20(2), the three declarations, the items and the rows; a draft may have gaps."""

    title: Line = ""
    basis: Note = ""
    scenario: Note = ""
    scope: Note = ""
    duty_id: Ident | None = None
    share_way: Annotated[UseWay, Lax] | Empty = ""
    valid_until: Day | None = None
    frequency: Annotated[Frequency, Lax] | Empty = ""
    expected_monthly: Annotated[int, Field(ge=0, le=2_000_000_000)] = 0
    daily_quota: Annotated[int, Field(ge=1, le=HIGHEST_QUOTA)] = 1000
    per_minute: Annotated[int, Field(ge=0, le=HIGHEST_RATE)] = 0
    call_days: Annotated[str, Field(pattern=r"^[1-7]{0,7}$")] = ""
    first_minute: Annotated[int, Field(ge=0, le=DAY_MINUTES)] | None = None
    last_minute: Annotated[int, Field(ge=0, le=DAY_MINUTES)] | None = None
    division_filter: Annotated[str, Field(pattern=r"^([1-9][0-9]{1,11})?$")] = ""
    system_id: Ident | None = None
    is_true: bool = False
    is_lawful: bool = False
    is_necessary: bool = False
    items: list[AskIn] = Field(default_factory=list, max_length=500)
    conditions: Conditions = Field(default_factory=list)

    def need(self) -> Need:
        """Return what is asked for."""
        fields = self.model_dump(exclude={"items", "share_way", "frequency", "conditions"})
        asks = tuple(Ask(item_id=row.item_id, mode=row.mode.value, reason=row.reason) for row in self.items)
        return Need(
            **fields,
            share_way=str(self.share_way),
            frequency=str(self.frequency),
            items=asks,
            conditions=tuple(row.condition() for row in self.conditions),
        )


class DraftIn(In):
    """An application to begin on a published entry."""

    entry_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{1,32}/[0-9A-Z]{1,31}$")]
    need: NeedIn = NeedIn()


class LikeIn(In):
    """The entry the new application is on; empty for the same one."""

    entry_code: Annotated[str, Field(pattern=r"^([0-9A-Z]{1,32}/[0-9A-Z]{1,31})?$")] = ""


class ManyIn(In):
    """A step of consent and the applications it is taken for."""

    step: Literal["consent", "prepare", "reply"]
    numbers: Annotated[
        list[Annotated[str, Field(pattern=r"^SQ[0-9]{8}-[0-9]{4,9}$")]], Field(min_length=1, max_length=MOST)
    ]


class DecisionIn(In):
    """Consent, or handing back with a note."""

    agreed: bool
    note: Note = ""


class SupplementIn(In):
    """What is missing, told once and completely (条例 21(2))."""

    missing: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1, max_length=20)]


class SupplementAnswerIn(In):
    """What is supplied, and the application's fields anew where the notice asks for a change of them."""

    text: Annotated[LongText, Field(min_length=1)]
    need: NeedIn | None = None


class ExtensionIn(In):
    """More time for the reply: at most ten working days, once (条例 21(1))."""

    days: Annotated[int, Field(ge=1, le=10)]
    reason: Annotated[Note, Field(min_length=1)]


class ExtensionDecisionIn(In):
    """The authority's decision on more time."""

    consented: bool


class AnswerIn(In):
    """The answer to one item: a mode not wider than asked, or ``refuse``."""

    item_id: Ident
    mode: Annotated[FieldMode, Lax] | Literal["refuse"]
    note: Annotated[str, Field(max_length=200)] = ""

    def answer(self) -> Answer:
        """Return the answer."""
        return Answer(REFUSE if self.mode == REFUSE else str(self.mode), self.note)


class ReplyIn(In):
    """The reply, item by item; an item without an answer is given as asked."""

    agreed: bool
    answers: list[AnswerIn] = Field(default_factory=list, max_length=500)
    conditions: Conditions = Field(default_factory=list)
    refusal: Annotated[RefusalReason, Lax] | Empty = ""
    text: Text = ""


class MessageIn(In):
    """A message to the other side."""

    text: Annotated[Text, Field(min_length=1)]
