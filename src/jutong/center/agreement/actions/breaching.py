"""Breaches: found by measurement or by a period of the law that ran out, explained, judged."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.agreement.enums import BreachEvent, BreachState, ObligationKind, Party
from jutong.center.agreement.errors import OtherPartyError
from jutong.center.agreement.models import Agreement, Breach, Obligation
from jutong.center.agreement.rules import BREACHES
from jutong.center.audit import actions as audit
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.errors import NoAuthorityError
from jutong.center.org.models import Organisation
from jutong.center.process import admission
from jutong.center.process.table import Row
from jutong.center.sharing.actions import _common as sharing
from jutong.center.sharing.enums import Side
from jutong.center.sharing.numbers import next_number
from jutong.center.sharing.parties import sides_of

LETTERS = "WY"


def find_breach(
    *, agreement: Agreement, duty: Obligation, day: date, value: int, evidence: dict[str, Any], party: Party,
    by: Actor, now: datetime,
) -> Breach | None:  # fmt: skip
    """Write down that a duty was not kept on a day; a day that is written down already stays as it is."""
    if Breach.objects.filter(obligation=duty, day=day).exists():
        return None
    responsible = _responsible(agreement, party)
    made = Breach.objects.create(
        number=next_number(LETTERS, now), agreement=agreement, obligation=duty, day=day, value=value, bound=duty.bound,
        evidence=evidence, party=party, responsible=responsible, state=BreachState.FOUND, found_at=now,
    )  # fmt: skip
    _record("find", made, by, now, party=party.value, value=value, bound=duty.bound)
    if responsible is not None:
        sharing.notify(
            responsible, None, gettext_noop("共享协议{number}在{day}没有达到约定，请说明或改正：{kind}。"),
            f"/breaches/{made.number}", now, number=agreement.number, day=day,
            kind=ObligationKind(duty.kind).label,
        )  # fmt: skip
    return made


def _responsible(agreement: Agreement, party: Party) -> Organisation | None:
    """Return the organisation that answers: a side, or for the platform the authority that runs it."""
    if party == Party.PROVIDER:
        return agreement.provider
    if party == Party.REQUESTER:
        return agreement.requester
    try:
        return org.authority_for(agreement.provider.division_code)
    except NoAuthorityError:
        return None


@transaction.atomic
def answer_breach(*, breach: Breach, text: str, contest: bool = False, by: Actor, now: datetime) -> Breach:
    """Explain a breach and what was done about it, or contest that one answers for it, as the responsible party.

    Raises:
        OtherPartyError: for the other side.
        InvalidInputError: without a text.
    """
    event = BreachEvent.CONTEST if contest else BreachEvent.ANSWER
    locked, row = _begin(breach, event, by)
    if not _answers_for(locked, by):
        raise OtherPartyError(party=locked.get_party_display())
    clean = sharing.require_text("text", text, limit=1000, message=_("请写明情况和改正措施"))
    locked.state, locked.answer = row.next, clean
    locked.answered_by_id, locked.answered_at = sharing.user_id(by), now
    locked.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    _record(event.value, locked, by, now)
    for other in (locked.agreement.provider, locked.agreement.requester):
        if other.id != by.organisation_id:
            _tell(other, gettext_noop("{who}说明了违约{number}，请看是否认可。"), locked, by, now)
    return locked


@transaction.atomic
def judge_breach(*, breach: Breach, accept: bool, text: str = "", by: Actor, now: datetime) -> Breach:
    """Take an explanation or an objection as the other side, or hand an explanation back with a reason.

    Raises:
        OtherPartyError: for the responsible party itself.
        InvalidInputError: if handed back without a reason.
    """
    locked, row = _begin(breach, BreachEvent.ACCEPT if accept else BreachEvent.REJECT, by)
    if _answers_for(locked, by):
        raise OtherPartyError(party=_("另一方"))
    clean = text.strip()[:1000]
    if not accept:
        clean = sharing.require_text("text", text, limit=1000, message=_("不认可时请写明理由"))
    locked.state, locked.verdict = row.next, clean
    if accept:
        locked.settled_by_id, locked.settled_at = sharing.user_id(by), now
    locked.save(update_fields=["state", "verdict", "settled_by", "settled_at"])
    _record("accept" if accept else "reject", locked, by, now)
    if locked.responsible is not None:
        said = (
            gettext_noop("{who}认可了对违约{number}的说明。")
            if accept
            else gettext_noop("{who}不认可对违约{number}的说明。")
        )
        _tell(locked.responsible, said, locked, by, now)
    return locked


def _begin(breach: Breach, event: BreachEvent, by: Actor) -> tuple[Breach, Row]:
    locked = (
        Breach.objects.select_for_update(of=("self",))
        .select_related(
            "agreement__application__provider", "agreement__provider", "agreement__requester", "responsible",
            "obligation",
        )
        .get(id=breach.id)
    )  # fmt: skip
    sides = sides_of(locked.agreement.application, by)
    return locked, admission.admit(BREACHES, locked.state, event, sides=sides, label=locked.number, by=by)


def _answers_for(breach: Breach, by: Actor) -> bool:
    if breach.party == Party.PLATFORM:
        return Side.AUTHORITY in sides_of(breach.agreement.application, by)
    return breach.responsible_id == by.organisation_id


def _record(verb: str, breach: Breach, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        event=f"agreement:breach:{verb}", by=by, now=now, subject_kind="breach", subject_id=breach.id,
        subject_label=f"{breach.number} {breach.agreement.number}", state=breach.state, kind=breach.obligation.kind,
        day=breach.day.isoformat(), **details,
    )  # fmt: skip


def _tell(organisation: Organisation, text: str, breach: Breach, by: Actor, now: datetime) -> None:
    sharing.notify(
        organisation, None, text, f"/breaches/{breach.number}", now, who=by.organisation_name, number=breach.number
    )
