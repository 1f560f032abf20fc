"""The state machines of agreements and of breaches of them."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from jutong.center.agreement.enums import AgreementEvent as Ev
from jutong.center.agreement.enums import AgreementState as A
from jutong.center.agreement.enums import BreachEvent as Be
from jutong.center.agreement.enums import BreachState as B
from jutong.center.org.permissions import Permission as May
from jutong.center.process.sides import Side as On
from jutong.center.process.table import Machine, Row, Who

SIGNING_PERIOD = "SLA-AGR"
"""From the provider's signature on the requester has five working days; no statutory period."""


class Guard(StrEnum):
    """What must hold besides state, side and post; each is checked by the action that takes the step."""

    SAME_TEXT = "same-text"
    NO_OPEN_VERSION = "no-open-version"
    IS_CHANGE = "is-change"
    RESPONSIBLE = "responsible"
    OTHER_SIDE = "other-side"


_DRAFTERS = (Who(On.REQUESTER, May.AGREEMENT_AGREEMENT_DRAFT), Who(On.PROVIDER, May.AGREEMENT_AGREEMENT_DRAFT))
_PROVIDER_HEAD = (Who(On.PROVIDER, May.AGREEMENT_AGREEMENT_SIGN),)
_REQUESTER_HEAD = (Who(On.REQUESTER, May.AGREEMENT_AGREEMENT_SIGN),)
_HEADS = (*_REQUESTER_HEAD, *_PROVIDER_HEAD)
_PLATFORM = (Who(On.PLATFORM),)
_UNSIGNED = (A.DRAFTED, A.SENT)
_LIVING = (A.IN_FORCE, A.SUSPENDED)

AGREEMENT: tuple[Row, ...] = (
    Row(A.DRAFTED, Ev.EDIT, _DRAFTERS, A.DRAFTED, "条例 20(1)"),
    Row(A.DRAFTED, Ev.SEND, _DRAFTERS, A.SENT, "条例 20(1)"),
    *(Row(state, Ev.SIGN_PROVIDER, _PROVIDER_HEAD, A.SIGNED, "条例 20(3)", (Guard.SAME_TEXT,)) for state in _UNSIGNED),
    Row(A.SIGNED, Ev.SIGN_REQUESTER, _REQUESTER_HEAD, A.IN_FORCE, "条例 20(2)", (Guard.SAME_TEXT,)),
    Row(A.SENT, Ev.HAND_BACK, _HEADS, A.DRAFTED, "条例 20(1)"),
    Row(A.SIGNED, Ev.HAND_BACK, _REQUESTER_HEAD, A.VOID, "条例 20(1)"),
    *(Row(state, Ev.DISCARD, _DRAFTERS, A.VOID, "条例 27(3)", (Guard.IS_CHANGE,)) for state in _UNSIGNED),
    Row(A.IN_FORCE, Ev.PROPOSE, _DRAFTERS, A.IN_FORCE, "条例 27(3)", (Guard.NO_OPEN_VERSION,)),
    Row(A.ACCEPTED, Ev.TAKE_EFFECT, _PLATFORM, A.IN_FORCE, "条例 21(1)"),
    *(Row(state, Ev.SUPERSEDE, _PLATFORM, A.SUPERSEDED, "条例 27(3)") for state in _LIVING),
    Row(A.IN_FORCE, Ev.SUSPEND, _PLATFORM, A.SUSPENDED, "条例 27(2)"),
    Row(A.SUSPENDED, Ev.RESUME, _PLATFORM, A.IN_FORCE, "条例 27(2)"),
    *(Row(state, Ev.END, _PLATFORM, A.ENDED, "条例 27") for state in _LIVING),
    *(Row(state, Ev.VOID, _PLATFORM, A.VOID, "条例 27(1)") for state in (*_UNSIGNED, A.SIGNED, A.ACCEPTED)),
)  # fmt: skip
"""One version of an agreement. The provider signs what it replied, then the requester; a signed text is never edited:
handed back it is void and the next version begins."""

_ANSWERERS = (
    Who(On.REQUESTER, May.AGREEMENT_BREACH_ANSWER),
    Who(On.PROVIDER, May.AGREEMENT_BREACH_ANSWER),
    Who(On.AUTHORITY, May.AGREEMENT_BREACH_VIEW),
)
_OTHERS = (Who(On.REQUESTER, May.AGREEMENT_BREACH_ANSWER), Who(On.PROVIDER, May.AGREEMENT_BREACH_ANSWER))

BREACH: tuple[Row, ...] = (
    *(Row(state, Be.ANSWER, _ANSWERERS, B.ANSWERED, "条例 38(2)", (Guard.RESPONSIBLE,)) for state in (
        B.FOUND, B.CONTESTED,
    )),
    Row(B.FOUND, Be.CONTEST, _ANSWERERS, B.CONTESTED, "条例 28", (Guard.RESPONSIBLE,)),
    *(Row(state, Be.ACCEPT, _OTHERS, B.SETTLED, "条例 38(2)", (Guard.OTHER_SIDE,)) for state in (
        B.ANSWERED, B.CONTESTED,
    )),
    Row(B.ANSWERED, Be.REJECT, _OTHERS, B.FOUND, "条例 38(2)", (Guard.OTHER_SIDE,)),
)  # fmt: skip
"""A breach: the responsible party explains or contests, the other side takes it or not."""

AGREEMENTS = Machine(_("协议"), A, AGREEMENT, "agreement", (A.DRAFTED, A.ACCEPTED))
BREACHES = Machine(_("违约"), B, BREACH, "agreement-breach", (B.FOUND,))
