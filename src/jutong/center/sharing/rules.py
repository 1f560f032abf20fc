"""The state machine of applications and grants: one table, which actions ask and tests are generated from.

Pure: no database, no clock. A pair of state and event without a row is refused, and the refusal names what is
allowed. Overdue is not an event: the law knows no tacit consent, so lateness changes no state (条例 39(4)).
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.enums import ShareAttribute
from jutong.center.org.permissions import Permission as May
from jutong.center.process.table import Machine, Row, Who, joined, standing
from jutong.center.sharing.enums import ApplicationState as A
from jutong.center.sharing.enums import Event as Ev
from jutong.center.sharing.enums import GrantState as G
from jutong.center.sharing.enums import Side as On

__all__ = [
    "APPLICATIONS",
    "GRANTS",
    "MACHINES",
    "MAX_YEARS",
    "SUPPLY_PERIOD",
    "Guard",
    "Machine",
    "Row",
    "Who",
    "joined",
    "listed",
    "reply_period",
    "standing",
]
MAX_YEARS = 3
"""Longest time of use one application may ask for; the law sets none (rulebook 1.7 #6), renewal is a new one."""


class Guard(StrEnum):
    """What must hold besides state, side and post; each is checked by the action that takes the step."""

    COMPLETE = "complete"
    ENTRY_CURRENT = "entry-current"
    NOT_DRAFTER = "not-drafter"
    NO_SUPPLEMENT_YET = "no-supplement-yet"
    NO_EXTENSION_YET = "no-extension-yet"
    EXTENSION_AT_MOST_TEN = "extension-at-most-ten"
    EXTENSION_OPEN = "extension-open"
    UNCONDITIONAL_NOT_REFUSED = "unconditional-not-refused"
    NOT_PREPARER = "not-preparer"
    BOTH_CONSENTS = "both-consents"
    NOT_SUSPENDER = "not-suspender"
    PAST_END = "past-end"
    NODE_RECEIPT = "node-receipt"
    BOUND = "bound"
    AGREEMENT_IN_FORCE = "agreement-in-force"


_DRAFTER = (Who(On.REQUESTER, May.SHARING_APPLICATION_DRAFT),)
_REQUESTER_HEAD = (Who(On.REQUESTER, May.SHARING_APPLICATION_CONSENT),)
_WITHDRAWER = (Who(On.REQUESTER, May.SHARING_APPLICATION_WITHDRAW),)
_ASKER = (Who(On.PROVIDER, May.SHARING_SUPPLEMENT_ASK),)
_ANSWERER = (Who(On.REQUESTER, May.SHARING_SUPPLEMENT_ANSWER),)
_EXTENDER = (Who(On.PROVIDER, May.SHARING_EXTENSION_ASK),)
_STEWARD = (Who(On.PROVIDER, May.SHARING_REPLY_PREPARE),)
_PROVIDER_HEAD = (Who(On.PROVIDER, May.SHARING_REPLY_CONSENT),)
_AUTHORITY = (Who(On.AUTHORITY, May.SHARING_EXTENSION_DECIDE),)
_SUPPLIER = (Who(On.PLATFORM), Who(On.PROVIDER, May.CATALOG_ENTRY_BIND))
_NODE = (Who(On.NODE),)
_PLATFORM = (Who(On.PLATFORM),)
_WRITERS = (Who(On.REQUESTER, May.SHARING_MESSAGE_SEND), Who(On.PROVIDER, May.SHARING_MESSAGE_SEND))
_REMINDER = (Who(On.REQUESTER, May.SHARING_REMINDER_SEND),)
_STOPPER = (Who(On.PROVIDER, May.SHARING_GRANT_SUSPEND), Who(On.AUTHORITY, May.SHARING_GRANT_SUSPEND))
_LIFTER = (Who(On.PROVIDER, May.SHARING_SUSPENSION_LIFT), Who(On.AUTHORITY, May.SHARING_SUSPENSION_LIFT))
_REVOKER = (Who(On.PROVIDER, May.SHARING_GRANT_REVOKE), Who(On.AUTHORITY, May.SHARING_GRANT_REVOKE))
_HOLDER = (Who(On.REQUESTER, May.SHARING_GRANT_REVOKE),)
_CALLER = (Who(On.REQUESTER, May.SHARING_GRANT_CALL),)

_UNSENT = (A.DRAFT, A.AWAITING_CONSENT)
_ASKED = (A.SUBMITTED, A.SUPPLEMENTING, A.REPLY_PREPARED)
_GRANTED = (A.SUPPLYING, A.SHARING, A.SUSPENDED)

APPLICATION: tuple[Row, ...] = (
    Row(A.DRAFT, Ev.EDIT, _DRAFTER, A.DRAFT, "条例 20(2)"),
    Row(A.DRAFT, Ev.REQUEST_CONSENT, _DRAFTER, A.AWAITING_CONSENT, "条例 20(2)", (Guard.COMPLETE, Guard.ENTRY_CURRENT)),
    Row(A.AWAITING_CONSENT, Ev.CONSENT, _REQUESTER_HEAD, A.SUBMITTED, "条例 20(2)", (
        Guard.NOT_DRAFTER, Guard.ENTRY_CURRENT,
    )),
    Row(A.AWAITING_CONSENT, Ev.DECLINE, _REQUESTER_HEAD, A.DRAFT, "条例 20(2)", (Guard.NOT_DRAFTER,)),
    *(Row(state, Ev.WITHDRAW, _WITHDRAWER, A.WITHDRAWN, "条例 20") for state in (*_UNSENT, *_ASKED)),
    Row(A.SUBMITTED, Ev.ASK_SUPPLEMENT, _ASKER, A.SUPPLEMENTING, "条例 21(2)", (Guard.NO_SUPPLEMENT_YET,)),
    Row(A.SUPPLEMENTING, Ev.ANSWER_SUPPLEMENT, _ANSWERER, A.SUBMITTED, "条例 21(2)"),
    Row(A.SUBMITTED, Ev.ASK_EXTENSION, _EXTENDER, A.SUBMITTED, "条例 21(1)", (
        Guard.NO_EXTENSION_YET, Guard.EXTENSION_AT_MOST_TEN,
    )),
    *(Row(state, Ev.DECIDE_EXTENSION, _AUTHORITY, state, "条例 21(1)", (Guard.EXTENSION_OPEN,)) for state in _ASKED),
    Row(A.SUBMITTED, Ev.PREPARE_REPLY, _STEWARD, A.REPLY_PREPARED, "条例 20(3)", (Guard.UNCONDITIONAL_NOT_REFUSED,)),
    Row(A.REPLY_PREPARED, Ev.RETURN_REPLY, _PROVIDER_HEAD, A.SUBMITTED, "条例 20(3)", (Guard.NOT_PREPARER,)),
    Row(A.REPLY_PREPARED, Ev.AGREE, _PROVIDER_HEAD, A.SUPPLYING, "条例 20(3), 21(1)", (
        Guard.NOT_PREPARER, Guard.BOTH_CONSENTS,
    )),
    Row(A.REPLY_PREPARED, Ev.REFUSE, _PROVIDER_HEAD, A.REFUSED, "条例 20(3), 21(2)", (
        Guard.NOT_PREPARER, Guard.UNCONDITIONAL_NOT_REFUSED,
    )),
    *(Row(state, Ev.MESSAGE, _WRITERS, state, "条例 20(1)") for state in (*_ASKED, *_GRANTED)),
    *(Row(state, Ev.REMIND, _REMINDER, state, "条例 21, 22") for state in (A.SUBMITTED, A.REPLY_PREPARED, A.SUPPLYING)),
    *(Row(state, Ev.SUPPLY, _NODE, A.SHARING, "条例 22", (Guard.NODE_RECEIPT,)) for state in (A.SUPPLYING, A.SHARING)),
    *(Row(state, Ev.FAIL_SUPPLY, _NODE, A.SUPPLYING, "条例 22", (Guard.NODE_RECEIPT,)) for state in (
        A.SUPPLYING, A.SHARING,
    )),
    *(Row(state, Ev.SUSPEND, _STOPPER, A.SUSPENDED, "条例 27(2)") for state in (A.SUPPLYING, A.SHARING)),
    Row(A.SUSPENDED, Ev.LIFT, _LIFTER, A.SUPPLYING, "条例 27(2)", (Guard.NOT_SUSPENDER,)),
    Row(A.SUSPENDED, Ev.REVOKE, _REVOKER, A.TERMINATED, "条例 27(2)"),
    *(Row(state, Ev.RELINQUISH, _HOLDER, A.TERMINATED, "条例 27(1)") for state in _GRANTED),
    *(Row(state, Ev.EXPIRE, _PLATFORM, A.EXPIRED, "条例 20(2), 27(1)", (Guard.PAST_END,)) for state in _GRANTED),
)  # fmt: skip
"""Applications. ``provider`` may end a service only after suspending it (条例 27(2), 27(3))."""

_RUNNING = (G.AWAITING_AGREEMENT, G.AWAITING_BINDING, G.ORDERED, G.ACTIVE, G.FAILED)
_ORDERED = (G.ORDERED, G.ACTIVE, G.FAILED)
_ENDED = (G.REVOKED, G.EXPIRED)

GRANT: tuple[Row, ...] = (
    *(Row(state, Ev.HOLD, _PLATFORM, G.AWAITING_AGREEMENT, "条例 20(3), 22") for state in (
        G.AWAITING_BINDING, G.ORDERED,
    )),
    *(Row(state, Ev.LACK, _PLATFORM, G.AWAITING_BINDING, "条例 22") for state in _RUNNING),
    *(Row(state, Ev.ORDER, _SUPPLIER, G.ORDERED, "条例 22", (Guard.AGREEMENT_IN_FORCE, Guard.BOUND)) for state in (
        G.AWAITING_AGREEMENT, G.AWAITING_BINDING, G.ORDERED, G.FAILED,
    )),
    Row(G.ACTIVE, Ev.ORDER, _SUPPLIER, G.ACTIVE, "条例 22", (Guard.AGREEMENT_IN_FORCE, Guard.BOUND)),
    *(Row(state, Ev.SUPPLY, _NODE, G.ACTIVE, "条例 22", (Guard.NODE_RECEIPT,)) for state in _ORDERED),
    *(Row(state, Ev.FAIL_SUPPLY, _NODE, G.FAILED, "条例 22", (Guard.NODE_RECEIPT,)) for state in _ORDERED),
    *(Row(state, Ev.SUSPEND, _STOPPER, G.SUSPENDED, "条例 27(2)") for state in _RUNNING),
    Row(G.SUSPENDED, Ev.CONFIRM_SUSPENSION, _NODE, G.SUSPENDED, "条例 27(2)", (Guard.NODE_RECEIPT,)),
    Row(G.SUSPENDED, Ev.LIFT, _LIFTER, G.ORDERED, "条例 27(2)", (Guard.NOT_SUSPENDER,)),
    Row(G.SUSPENDED, Ev.REVOKE, _REVOKER, G.REVOKED, "条例 27(2)"),
    *(Row(state, Ev.RELINQUISH, _HOLDER, G.REVOKED, "条例 27(1)") for state in (*_RUNNING, G.SUSPENDED)),
    *(Row(state, Ev.EXPIRE, _PLATFORM, G.EXPIRED, "条例 20(2), 27(1)", (Guard.PAST_END,)) for state in (
        *_RUNNING, G.SUSPENDED,
    )),
    *(Row(state, Ev.CONFIRM_END, _NODE, state, "条例 27", (Guard.NODE_RECEIPT,)) for state in _ENDED),
    Row(G.ACTIVE, Ev.TRY, _CALLER, G.ACTIVE, "条例 29(2)"),
)  # fmt: skip
"""Grants. None is ordered before its agreement is in force, and only the node's receipt makes one usable."""


def _list(parts: Collection[str | Promise]) -> str:
    return "，".join(map(str, parts))


listed = lazy(_list, str)
"""Joins parts of a sentence when somebody reads them."""


def reply_period(share_attribute: str) -> str:
    """Return the period within which a reply is due (条例 21(1)): 1 working day, or 10."""
    return "SLA-REP-U" if share_attribute == ShareAttribute.UNCONDITIONAL else "SLA-REP-C"


SUPPLY_PERIOD = "SLA-SUP"
"""条例 22: 20 working days from the agreeing reply."""

APPLICATIONS = Machine(_("申请"), A, APPLICATION, "application", (A.DRAFT,))
GRANTS = Machine(_("授权"), G, GRANT, "grant", (G.AWAITING_BINDING,))
MACHINES = (APPLICATIONS, GRANTS)
