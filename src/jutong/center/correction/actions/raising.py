"""Raising a doubt about a row (条例 26): who may, about what, and what follows at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.queries import open_binding
from jutong.center.clocks import actions as clocks
from jutong.center.constraints import constraint_errors
from jutong.center.correction.actions import materials, tracing
from jutong.center.correction.actions._common import SUBJECT, begin, moved, tell, write_step
from jutong.center.correction.actions.marking import order_mark, place
from jutong.center.correction.boxes import closed, tag
from jutong.center.correction.enums import CorrectionEvent as Ev
from jutong.center.correction.enums import DoubtKind, Origin, Urgency
from jutong.center.correction.errors import DoubtOpenError, NotReceivedError
from jutong.center.correction.models import Correction
from jutong.center.correction.parties import responsible_for
from jutong.center.correction.rules import ANSWER_PERIOD, OPEN
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.models import Grant
from jutong.center.sharing.numbers import next_number
from jutong.center.usage.models import Access
from jutong.kernel.errors import InvalidInputError, NotFoundError
from jutong.kernel.i18n import gettext_noop

LETTERS = "JH"
LONGEST_VALUE = 500
LONGEST_TEXT = 2000
LONGEST_BUSINESS = 200
MOST_ITEMS = 20
MOST_KEYS = 10
"""Columns a node looks a row up by at most."""
CLAUSE = "条例 26"
RAISED = gettext_noop("{raiser}对“{entry}”提出校核申请{number}，{days}个工作日内核实并反馈")
WITHDRAWN = gettext_noop("校核申请{number}已撤回")
_SPACE = "\x00"


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says of one row. Keys and values are by item name.

    ``claimed`` is what should stand there and may be empty text where that is not known; ``present`` what stands
    there now, as far as the raiser saw it.
    """

    key: Mapping[str, str]
    claimed: Mapping[str, str]
    kind: str
    statement: str
    present: Mapping[str, str] = field(default_factory=dict)
    evidence: str = ""
    business: str = ""
    urgency: str = Urgency.NORMAL


@dataclass(frozen=True, slots=True)
class About:
    """What the doubt comes from: a record, a grant or file, a complaint, or a comparison."""

    origin: str
    entry: Entry
    grant: Grant | None = None
    record_id: str = ""
    complaint_id: UUID | None = None


def key_names(version: EntryVersion, grant: Grant | None = None) -> list[str]:
    """Return the items a row is named by: what the grant looks up, or the entry's keys, or any item."""
    if grant is not None:
        looked_up = list(grant.items.filter(is_lookup=True).values_list("item__name", flat=True))
        if looked_up:
            return looked_up
    items = list(version.items.all())
    return [item.name for item in items if item.is_key] or [item.name for item in items]


def doubtable(version: EntryVersion, grant: Grant | None = None) -> list[str]:
    """Return the items a doubt may be about: those granted, or all of the version."""
    if grant is not None:
        return list(grant.items.order_by("item__position").values_list("item__name", flat=True))
    return [item.name for item in version.items.all()]


def _row(place: str, field: str, message: str, found: str = "") -> dict[str, str]:
    return {
        "place": place, "field": field, "found": found, "allowed": message, "message": message, "clause": CLAUSE,
    }  # fmt: skip


def _too_long(text: str, limit: int) -> bool:
    return len(text) > limit or _SPACE in text


def _check(claim: Claim, version: EntryVersion, grant: Grant | None) -> None:
    """Refuse a claim with every place that is wrong; what was typed is never repeated.

    Raises:
        InvalidInputError: naming the places.
    """
    keys, items = key_names(version, grant), doubtable(version, grant)
    wrong = [_row("key", name, gettext_noop("不是用来定位的信息项")) for name in claim.key if name not in keys]
    wrong += [
        _row("items", name, gettext_noop("不在可以提出的信息项里")) for name in claim.claimed if name not in items
    ]
    if not 1 <= sum(bool(value.strip()) for value in claim.key.values()) <= MOST_KEYS:
        wrong.append(_row("key", gettext_noop("定位哪一条数据"), gettext_noop("填1到10项，如公民身份号码")))
    if not 1 <= len(claim.claimed) <= MOST_ITEMS:
        wrong.append(_row("items", gettext_noop("哪些信息项有问题"), gettext_noop("请选1到20项")))
    for name, value in (*claim.key.items(), *claim.claimed.items(), *claim.present.items()):
        if _too_long(value, LONGEST_VALUE):
            wrong.append(_row("items", name, gettext_noop("不超过500字")))
    wrong += _check_texts(claim)
    if claim.kind not in DoubtKind.values:
        wrong.append(_row("kind", gettext_noop("问题类型"), gettext_noop("请从列出的类型里选")))
    if claim.urgency not in Urgency.values:
        wrong.append(_row("urgency", gettext_noop("紧急程度"), gettext_noop("请选一般或紧急")))
    if wrong:
        raise InvalidInputError(problems=wrong)


def _check_texts(claim: Claim) -> list[dict[str, str]]:
    wrong = []
    if not claim.statement.strip():
        wrong.append(_row("statement", gettext_noop("问题说明"), gettext_noop("必须填写")))
    for spot, label, text, limit in (
        ("statement", gettext_noop("问题说明"), claim.statement, LONGEST_TEXT),
        ("evidence", gettext_noop("佐证"), claim.evidence, LONGEST_TEXT),
        ("business", gettext_noop("影响的业务"), claim.business, LONGEST_BUSINESS),
    ):
        if _too_long(text, limit):
            wrong.append(_row(spot, label, gettext_noop("太长，或含有不能用的字符")))
    return wrong


def _check_standing(about: About, by: Actor) -> None:
    """Refuse a doubt about what the department did not receive.

    Raises:
        NotReceivedError: if record or grant are another's.
    """
    if about.origin in {Origin.GRANT, Origin.FILE}:
        if about.grant is None or about.grant.requester_id != by.organisation_id:
            raise NotReceivedError
    elif about.origin == Origin.RECORD:
        call = Access.objects.filter(record_id=about.record_id, requester_code=by.organisation_code).first()
        if call is None or call.entry_code != about.entry.code:
            raise NotReceivedError
    elif about.origin == Origin.CITIZEN and about.complaint_id is None:
        raise NotReceivedError


def _open_number(about: About, key_tag: str, by: Actor) -> str:
    found = Correction.objects.filter(
        entry=about.entry, key_tag=key_tag, raiser_id=by.organisation_id, state__in=OPEN
    ).values_list("number", flat=True)
    return found.first() or ""


@transaction.atomic
def raise_correction(
    *, about: About, claim: Claim, by: Actor, now: datetime, files: Sequence[materials.File] = ()
) -> Correction:
    """Raise a doubt: the node is ordered to mark the row and to trace who had received it, and the clock starts.

    Raises:
        NotReceivedError: for what the department did not receive.
        InvalidInputError: naming every wrong place.
        DoubtOpenError: if the department has an open case about the same row.
        MaterialRefusedError: for files that are no evidence.
        CalendarYearMissingError: if the last day lies in a year without calendar.
    """
    org.require(by, Permission.CORRECTION_CASE_RAISE)
    raiser = org.own_organisation(by)
    _check_standing(about, by)
    version = about.entry.published
    if version is None:
        raise NotFoundError(what=about.entry.code)
    _check(claim, version, about.grant)
    number = next_number(LETTERS, now)
    made = _made(about, claim, version=version, number=number, by=by, now=now)
    made.raiser, made.responsible = raiser, responsible_for(about.entry, version, made.items)
    place(made, open_binding(about.entry))
    taken = DoubtOpenError(entry=version.name, number=_open_number(about, made.key_tag, by))
    with constraint_errors(one_open_correction_per_row=taken):
        made.save(force_insert=True)
    materials.keep(made, files)
    clock = clocks.start(
        period=ANSWER_PERIOD, subject_kind=SUBJECT, subject_id=made.id, subject_label=f"{number} {version.name}",
        organisation=made.responsible, by=by, now=now,
    )  # fmt: skip
    _ask_node(made, claim, by, now)
    write_step(made, "", by, now)
    for side in {made.responsible_id: made.responsible, made.provider_id: made.provider}.values():
        tell(side, RAISED, made, now, raiser=raiser.short_name, entry=version.name, days=clock.length)
    return made


def _ask_node(made: Correction, claim: Claim, by: Actor, now: datetime) -> None:
    """Order the mark, and the search for who had read the row."""
    order_mark(made, by, now)
    made.save(update_fields=["mark", "mark_problem"])
    if made.node is not None:
        values = [value.strip() for value in claim.key.values() if value.strip()]
        tracing.ask(
            node=made.node, subject_kind=SUBJECT, subject_id=made.id, values=values, since_ms=0,
            entry_code=made.entry.code, by=by, now=now,
        )  # fmt: skip


def _made(about: About, claim: Claim, *, version: EntryVersion, number: str, by: Actor, now: datetime) -> Correction:
    key = {name: value.strip() for name, value in claim.key.items() if value.strip()}
    content = {
        "key": key,
        "claimed": {name: value.strip() for name, value in claim.claimed.items()},
        "present": {name: value.strip() for name, value in claim.present.items() if name in claim.claimed},
        "statement": claim.statement.strip(),
        "evidence": claim.evidence.strip(),
    }
    return Correction(
        number=number, entry=about.entry, version=version, provider=about.entry.organisation, origin=about.origin,
        grant=about.grant, record_id=about.record_id, complaint_id=about.complaint_id, kind=claim.kind,
        urgency=claim.urgency, business=claim.business.strip(), items=list(claim.claimed), key_items=list(key),
        key_tag=tag("correction.key", key), claim=closed(content, about=f"{number} claim"),
        created_by_id=by.user_id or org.NOBODY, created_at=now,
    )  # fmt: skip


@transaction.atomic
def withdraw(*, correction: Correction, by: Actor, now: datetime) -> Correction:
    """Take a doubt back before it is answered; the mark goes."""
    found = begin(correction, Ev.WITHDRAW, by)
    moved(found, Ev.WITHDRAW)
    found.closed_at = now
    order_mark(found, by, now)
    found.save(update_fields=["state", "closed_at", "mark", "mark_problem"])
    clocks.cancel(subject_kind=SUBJECT, subject_id=found.id, by=by, now=now)
    write_step(found, Ev.WITHDRAW, by, now)
    tell(found.responsible, WITHDRAWN, found, now)
    return found
