"""The presumed holder's steps: say whether it holds the data, make the entry, name the entry that has it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.catalog.actions import create_entry
from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.demand.actions import _common as common
from jutong.center.demand.actions.docking import back_to_authority
from jutong.center.demand.enums import DemandEvent, HolderAnswer
from jutong.center.demand.errors import EntryNotOfHolderError
from jutong.center.demand.models import Assignment, Demand
from jutong.center.demand.need import CLAUSE
from jutong.center.demand.rules import ANSWER_PERIOD, CATALOG_PERIOD
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.queries import authority_for
from jutong.center.ownership.texts import problem, required
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

_EVENTS = {
    HolderAnswer.HELD: DemandEvent.ANSWER_HELD,
    HolderAnswer.NOT_HELD: DemandEvent.ANSWER_NOT_HELD,
    HolderAnswer.NOT_COLLECTED: DemandEvent.ANSWER_NOT_COLLECTED,
}
_TOLD = {
    HolderAnswer.HELD: gettext_noop("{holder}认领了需求{number}“{title}”，将在期限内编目。"),
    HolderAnswer.NOT_HELD: gettext_noop("{holder}答复不持有需求{number}“{title}”要的数据。"),
    HolderAnswer.NOT_COLLECTED: gettext_noop("{holder}答复没有采集需求{number}“{title}”要的数据。"),
}
_GONE = {VersionState.DISCARDED, VersionState.REMOVED}


@transaction.atomic
def answer_demand(*, demand: Demand, answer: str, basis: str, by: Actor, now: datetime) -> Demand:
    """Answer as the presumed holder: 持有, 不持有 or 未采集, each with its basis.

    持有 starts the 15 working days to catalog it (上海市数据条例 39); the others give the need back to the authority.

    Raises:
        InvalidInputError: for another answer, or without its basis.
        WrongSideError: for anybody but the department that was asked.
        CalendarYearMissingError: if the next clock cannot be counted; then nothing is answered.
    """
    if answer not in HolderAnswer.values:
        message = gettext_noop("请选持有、不持有或未采集")
        raise InvalidInputError(problems=[problem("answer", gettext_noop("答复"), CLAUSE, message, found=answer[:20])])
    said = HolderAnswer(answer)
    locked, row = common.begin(demand, _EVENTS[said], by)
    clean = required(basis, "basis", gettext_noop("依据"), CLAUSE)
    Assignment.objects.filter(demand=locked, ended_at=None).update(
        answer=said, basis=clean, answered_by=common.user_id(by), answered_at=now, ended_at=now
    )
    common.stop_clock(ANSWER_PERIOD, locked, by, now)
    holder = locked.holder
    assert holder is not None  # noqa: S101 - the table admits only the holder
    if said == HolderAnswer.HELD:
        common.moved(locked, row, now)
        common.start_clock(CATALOG_PERIOD, locked, holder, by, now)
    else:
        locked.holder = None
        common.moved(locked, row, now, "holder")
        back_to_authority(locked, by, now)
        common.tell(authority_for(locked.division_code), Role.AUTHORITY, _TOLD[said], locked, now,
                    holder=holder.short_name)  # fmt: skip
    common.record("answer", locked, by, now, answer=said.value, holder=holder.code)
    common.tell_participants(_TOLD[said], locked, now, holder=holder.short_name)
    return locked


@transaction.atomic
def begin_catalog(*, demand: Demand, classification: str, by: Actor, now: datetime) -> EntryVersion:
    """Start an entry from what the need says; the rest is the catalog's own path (条例 13, 16).

    A draft that is being made already is returned as it is.

    Raises:
        InvalidInputError: for a classification of another shape.
        WrongSideError: for anybody but the holder.
        ForbiddenError: if the post does not compile the catalog.
    """
    locked, row = common.begin(demand, DemandEvent.BEGIN_CATALOG, by)
    if locked.draft is not None and locked.draft.state not in _GONE:
        return locked.draft
    fields = EntryFields(
        name=locked.title, classification=classification.strip(), summary=locked.scenario,
        update_cycle=locked.frequency, share_way=locked.share_way,
    )  # fmt: skip
    items = [ItemFields(name=item.name, note=item.meaning) for item in locked.items.all()]
    made = create_entry(fields=fields, items=items, by=by, now=now)
    locked.draft = made
    common.moved(locked, row, now, "draft")
    common.record("begin-catalog", locked, by, now, entry=made.entry.code)
    return made


@transaction.atomic
def name_entry(*, demand: Demand, entry: Entry, by: Actor, now: datetime) -> Demand:
    """Say as the holder which of its published entries has the data.

    Raises:
        EntryNotOfHolderError: for one that is not its own or not published.
    """
    locked, row = common.begin(demand, DemandEvent.CATALOG, by)
    fresh = Entry.objects.get(id=entry.id)
    if fresh.organisation_id != locked.holder_id or fresh.published_id is None:
        raise EntryNotOfHolderError(entry=str(fresh), number=locked.number)
    return cataloged(locked, row.next, fresh, by=by, now=now)


def cataloged(demand: Demand, state: str, entry: Entry, *, by: Actor, now: datetime) -> Demand:
    """Let an entry stand for a locked need, stop its clock and tell everybody who has it."""
    common.stop_clock(CATALOG_PERIOD, demand, by, now)
    demand.entry, demand.state, demand.changed_at = entry, state, now
    demand.save(update_fields=["entry", "state", "changed_at"])
    common.record("catalog", demand, by, now, entry=entry.code)
    text = gettext_noop("需求{number}“{title}”已编目为“{entry}”，可以申请了。")
    common.tell_participants(text, demand, now, entry=str(entry))
    return demand
