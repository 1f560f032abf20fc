"""What people outside bring and do with the code of their case (条例 37)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from jutong.center.catalog.models import Entry
from jutong.center.clocks import actions as clocks
from jutong.center.complaint import codes
from jutong.center.complaint.actions._common import LONGEST, begin, record_complaint, wrong
from jutong.center.complaint.enums import ComplaintEvent as Ev
from jutong.center.complaint.enums import ComplaintKind
from jutong.center.complaint.models import Complaint
from jutong.center.complaint.parties import citizen
from jutong.center.complaint.rules import HANDLE_PERIOD
from jutong.center.correction.boxes import closed
from jutong.center.org.models import Organisation
from jutong.center.sharing.actions._common import notify
from jutong.center.sharing.numbers import next_number
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

LETTERS = "TS"
CLAUSE = "条例 37"
LONGEST_NAME = 64
LONGEST_CONTACT = 128
RECEIVED = gettext_noop("收到{kind}{number}，请受理")
REVIEW_ASKED = gettext_noop("{number}的提出人申请复核，由另一人办理")
WITHDRAWN = gettext_noop("{number}已由提出人撤回")


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody outside says; name and contact may be left out, the code is enough to follow the case."""

    kind: str
    receiver_code: str
    text: str
    name: str = ""
    contact: str = ""
    entry_code: str = ""
    record_id: str = ""


def _checked(words: Words) -> tuple[Organisation, Entry | None]:
    receiver = Organisation.objects.filter(code=words.receiver_code[:18], closed_at=None).first()
    entry = None
    rows = []
    if words.kind not in ComplaintKind.values:
        rows.append(wrong("kind", gettext_noop("要办什么"), gettext_noop("请从列出的事项里选"), CLAUSE))
    if receiver is None:
        rows.append(wrong("receiver", gettext_noop("哪个部门"), gettext_noop("请从列出的部门里选"), CLAUSE))
    if not 1 <= len(words.text.strip()) <= LONGEST:
        rows.append(wrong("text", gettext_noop("说明"), gettext_noop("必须填写，不超过2000字"), CLAUSE))
    if len(words.name) > LONGEST_NAME:
        rows.append(wrong("name", gettext_noop("怎么称呼您"), gettext_noop("不超过64字"), CLAUSE))
    if len(words.contact) > LONGEST_CONTACT:
        rows.append(wrong("contact", gettext_noop("联系方式"), gettext_noop("不超过128字"), CLAUSE))
    if "\x00" in f"{words.text}{words.name}{words.contact}{words.entry_code}":
        rows.append(wrong("text", gettext_noop("说明"), gettext_noop("含有不能用的字符"), CLAUSE))
    elif words.entry_code.strip():
        entry = Entry.objects.filter(code=words.entry_code.strip()[:64], published__isnull=False).first()
        if entry is None:
            rows.append(wrong("entry", gettext_noop("目录代码"), gettext_noop("没有这个目录；不知道可以不填"), CLAUSE))
    if rows or receiver is None:
        raise InvalidInputError(problems=rows)
    return receiver, entry


@transaction.atomic
def receive_complaint(*, words: Words, now: datetime) -> tuple[Complaint, str]:
    """Take a complaint from outside and return it with the code its author follows it by, shown once.

    Raises:
        InvalidInputError: naming every wrong place.
    """
    receiver, entry = _checked(words)
    number = next_number(LETTERS, now)
    code, digest = codes.new_code(number)
    content = {"text": words.text.strip(), "name": words.name.strip(), "contact": words.contact.strip()}
    made = Complaint.objects.create(
        number=number, kind=words.kind, receiver=receiver, entry=entry, record_id=words.record_id[:36],
        words=closed(content, about=f"{number} words"), code_digest=digest, received_at=now,
    )  # fmt: skip
    by = citizen(number)
    clocks.start(
        period=HANDLE_PERIOD, subject_kind="complaint", subject_id=made.id, subject_label=number,
        organisation=receiver, by=by, now=now,
    )  # fmt: skip
    record_complaint(made, "", by, now)
    notify(receiver, None, RECEIVED, link(made), now, number=number, kind=ComplaintKind(made.kind).label)
    return made, code


def link(complaint: Complaint) -> str:
    """Return where the receiving department finds the case."""
    return f"/manage/complaints/{complaint.number}"


@transaction.atomic
def ask_review(*, complaint: Complaint, now: datetime) -> Complaint:
    """Ask for the answer to be looked at by somebody else; a new clock starts."""
    by = citizen(complaint.number)
    found = begin(complaint, Ev.REVIEW, by)
    found.save(update_fields=["state"])
    clocks.start(
        period=HANDLE_PERIOD, subject_kind="complaint", subject_id=found.id, subject_label=found.number,
        organisation=found.receiver, by=by, now=now,
    )  # fmt: skip
    record_complaint(found, Ev.REVIEW, by, now)
    notify(found.receiver, None, REVIEW_ASKED, link(found), now, number=found.number)
    return found


@transaction.atomic
def settle(*, complaint: Complaint, now: datetime) -> Complaint:
    """Take the answer as it is."""
    by = citizen(complaint.number)
    found = begin(complaint, Ev.SETTLE, by)
    found.closed_at = now
    found.save(update_fields=["state", "closed_at"])
    record_complaint(found, Ev.SETTLE, by, now)
    return found


@transaction.atomic
def withdraw(*, complaint: Complaint, now: datetime) -> Complaint:
    """Take the complaint back before it is answered."""
    by = citizen(complaint.number)
    found = begin(complaint, Ev.WITHDRAW, by)
    found.closed_at = now
    found.save(update_fields=["state", "closed_at"])
    clocks.cancel(subject_kind="complaint", subject_id=found.id, by=by, now=now)
    record_complaint(found, Ev.WITHDRAW, by, now)
    notify(found.receiver, None, WITHDRAWN, link(found), now, number=found.number)
    return found
