"""Who used my data (个人信息保护法 45): identity at the counter, a trace at every node, a code for the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.complaint import codes
from jutong.center.complaint.actions._common import begin_inquiry, lock_inquiry, record_inquiry, wrong
from jutong.center.complaint.enums import DocumentKind
from jutong.center.complaint.enums import InquiryEvent as Ev
from jutong.center.complaint.enums import InquiryState as S
from jutong.center.complaint.errors import NodesAnsweredError
from jutong.center.complaint.models import Inquiry
from jutong.center.complaint.queries import INQUIRY, silent_nodes
from jutong.center.complaint.rules import INQUIRIES, TELL_PERIOD
from jutong.center.correction.actions import tracing
from jutong.center.correction.boxes import closed, opened
from jutong.center.correction.models import Trace
from jutong.center.fleet.models import Node
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.numbers import next_number
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

LETTERS = "CX"
CLAUSE = "个人信息保护法 45"
VALID = timedelta(days=30)
"""How long the person may look; then who asked is erased, and whoever wants to know again asks again."""
YEARS = 3
"""How far back records are kept (条例 29(2))."""
SHORTEST, LONGEST = 4, 32


@dataclass(frozen=True, slots=True)
class Identity:
    """Who stands at the counter: the number on the document, and the name on it."""

    document: str
    number: str
    name: str
    is_agent: bool = False
    checked: bool = False
    """The clerk has compared the document with the person, or the mandate with both."""


def _check(identity: Identity) -> None:
    rows = []
    if identity.document not in DocumentKind.values:
        rows.append(wrong("document", gettext_noop("出示的证件"), gettext_noop("请从列出的证件里选"), CLAUSE))
    number = identity.number.strip()
    if not (SHORTEST <= len(number) <= LONGEST and number.isascii() and number.isalnum()):
        rows.append(wrong("number", gettext_noop("证件号码"), gettext_noop("4到32位字母和数字"), CLAUSE))
    if not 1 <= len(identity.name.strip()) <= 2 * LONGEST or "\x00" in identity.name:
        rows.append(wrong("name", gettext_noop("姓名"), gettext_noop("必须填写，不超过64字"), CLAUSE))
    if not identity.checked:
        message = gettext_noop("核对原件和本人（代办的核对委托书）后再登记")
        rows.append(wrong("checked", gettext_noop("身份核对"), message, CLAUSE))
    if rows:
        raise InvalidInputError(problems=rows)


@transaction.atomic
def open_inquiry(*, identity: Identity, by: Actor, now: datetime) -> tuple[Inquiry, str]:
    """Register an inquiry after the identity was checked, ask every node, and return the code, shown once.

    Raises:
        InvalidInputError: naming every wrong place.
    """
    org.require(by, Permission.COMPLAINT_INQUIRY_CHECK)
    receiver = org.own_organisation(by)
    _check(identity)
    number = next_number(LETTERS, now)
    code, digest = codes.new_code(number)
    person = {"number": identity.number.strip().upper(), "name": identity.name.strip()}
    made = Inquiry.objects.create(
        number=number, receiver=receiver, document=identity.document, is_agent=identity.is_agent,
        person=closed(person, about=f"{number} person"), code_digest=digest, checked_by_id=by.user_id or org.NOBODY,
        checked_at=now, valid_until=now + VALID,
    )  # fmt: skip
    clocks.start(
        period=TELL_PERIOD, subject_kind=INQUIRY, subject_id=made.id, subject_label=number, organisation=receiver,
        by=by, now=now,
    )  # fmt: skip
    nodes = list(Node.objects.order_by("name"))
    for node in nodes:
        _ask(made, node, by, now)
    record_inquiry(made, "open", by, now, document=made.document, is_agent=made.is_agent, nodes=len(nodes))
    _complete_if_done(made, now)
    return made, code


def _ask(inquiry: Inquiry, node: Node, by: Actor, now: datetime) -> None:
    person = opened(inquiry.person, about=f"{inquiry.number} person")
    since = int((now - timedelta(days=366 * YEARS)).timestamp() * 1000)
    tracing.ask(
        node=node, subject_kind=INQUIRY, subject_id=inquiry.id, values=[person["number"]], since_ms=since, by=by,
        now=now,
    )  # fmt: skip


def answered(trace: Trace, by: Actor, now: datetime) -> None:
    """Take a node's answer; called when the trace is kept. A late answer to a closed inquiry changes nothing."""
    found = lock_inquiry(trace.subject_id)
    if found.state == S.CLOSED:
        trace.hits.all().delete()
        return
    begin_inquiry(found, Ev.REPORT, by)
    record_inquiry(found, "report", by, now, node=trace.node_id, complete=trace.is_complete)
    _complete_if_done(found, now)


def _complete_if_done(found: Inquiry, now: datetime) -> None:
    if found.state != S.TRACING or silent_nodes(found):
        return
    by = platform_actor("inquiry")
    _ready(begin_inquiry(found, Ev.COMPLETE, by), "complete", by, now)


def _ready(found: Inquiry, verb: str, by: Actor, now: datetime) -> None:
    found.ready_at = now
    found.save(update_fields=["state", "ready_at"])
    if StatutoryClock.objects.filter(subject_kind=INQUIRY, subject_id=str(found.id), state="running").exists():
        clocks.stop(subject_kind=INQUIRY, subject_id=found.id, period=TELL_PERIOD, by=by, now=now)
    record_inquiry(found, verb, by, now, silent=len(silent_nodes(found)))


@transaction.atomic
def deliver(*, inquiry: Inquiry, by: Actor, now: datetime) -> Inquiry:
    """Let the person see what is known although nodes are silent; the page says which.

    Raises:
        NodesAnsweredError: if none is.
    """
    found = begin_inquiry(inquiry, Ev.DELIVER, by)
    if not silent_nodes(found):
        raise NodesAnsweredError(number=found.number)
    _ready(found, "deliver", by, now)
    return found


@transaction.atomic
def retry(*, inquiry: Inquiry, by: Actor, now: datetime) -> Inquiry:
    """Ask the nodes again that have not answered whole.

    Raises:
        NodesAnsweredError: if all have.
    """
    found = begin_inquiry(inquiry, Ev.RETRY, by)
    silent = silent_nodes(found)
    if not silent:
        raise NodesAnsweredError(number=found.number)
    for node in silent:
        _ask(found, node, by, now)
    record_inquiry(found, "retry", by, now, nodes=len(silent))
    return found


@transaction.atomic
def renew_code(*, inquiry: Inquiry, by: Actor, now: datetime) -> tuple[Inquiry, str]:
    """Give the person, who is at the counter again, a new code; the former one is void."""
    found = begin_inquiry(inquiry, Ev.RENEW, by)
    code, found.code_digest = codes.new_code(found.number)
    found.wrong_codes, found.locked_until = 0, None
    found.save(update_fields=["code_digest", "wrong_codes", "locked_until"])
    record_inquiry(found, "renew", by, now)
    return found, code


@transaction.atomic
def close_over(*, now: datetime) -> int:
    """Close the inquiries whose time is over and erase who asked and what was found. Returns how many."""
    by = platform_actor("inquiries")
    over = Inquiry.objects.exclude(state=S.CLOSED).filter(valid_until__lte=now)
    closed_rows = list(over.values_list("id", flat=True)[:500])
    for inquiry_id in closed_rows:
        found = begin_inquiry(lock_inquiry(inquiry_id), Ev.CLOSE, by)
        found.person, found.closed_at = None, now
        found.save(update_fields=["state", "person", "closed_at"])
        clocks.cancel(subject_kind=INQUIRY, subject_id=found.id, by=by, now=now)
        Trace.objects.filter(subject_kind=INQUIRY, subject_id=found.id).delete()
        record_inquiry(found, "close", by, now)
    return len(closed_rows)


__all__ = [
    "INQUIRIES",
    "Identity",
    "answered",
    "close_over",
    "deliver",
    "open_inquiry",
    "renew_code",
    "retry",
]
