"""What rectifications, disposals, ledgers and service changes say where they are listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.remedy.enums import LedgerPart, RectificationState
from jutong.center.remedy.models import (
    Consultation,
    Disposal,
    LedgerAsk,
    LedgerEntry,
    Rectification,
    RectificationReport,
    ServiceChange,
)
from jutong.center.sharing.queries.briefs import Brief, describe_with, stated
from jutong.center.sharing.queries.tasks import Task, TaskKind, Text


def connect() -> None:
    """Let the inbox tell these; called when the app is ready."""
    describe_with((TaskKind.RECTIFICATION_CHECK,), to_judge)
    describe_with((TaskKind.DISPOSAL_VERIFY,), to_verify)
    describe_with((TaskKind.LEDGER_FILL,), to_fill)
    describe_with((TaskKind.CHANGE_CONSULT,), to_consult)
    describe_with((TaskKind.CHANGE_DECIDE,), to_decide)


def _ids(tasks: Sequence[Task]) -> list[str]:
    return [task.subject_id for task in tasks]


def _own(actor: Actor) -> UUID:
    return actor.organisation_id or org.NOBODY


def to_judge(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what was to be put right and what was reported; a result that was found wanting has its own page."""
    rows = Rectification.objects.filter(id__in=_ids(tasks), ordered_by_office_id=_own(actor))
    latest: dict[UUID, str] = {}
    for report in RectificationReport.objects.filter(rectification__in=rows).order_by("at"):
        latest[report.rectification_id] = report.text
    return {
        str(row.id): Brief(
            stated((_("问题"), row.finding), (_("要求"), row.demand_text), (_("整改结果"), latest.get(row.id, ""))),
            frozenset({"judge"} if row.state == RectificationState.REPORTED else ()),
        )
        for row in rows
    }


def to_verify(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return how each copy was done away with."""
    rows = Disposal.objects.filter(id__in=_ids(tasks), grant__provider_id=_own(actor)).prefetch_related("copies")
    found = {}
    for row in rows:
        copies = [f"{copy.place} {copy.get_method_display()} {copy.done_on or ''}".strip() for copy in row.copies.all()]
        facts = stated((_("处置情况"), "；".join(copies) or _("报告没有留存")), (_("原因"), row.reason))
        found[str(row.id)] = Brief(facts, frozenset({"verify"}))
    return found


def to_fill(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return where the data is kept as the ledger says; who has nothing there yet writes it on the ledger's page."""
    asks = LedgerAsk.objects.filter(id__in=_ids(tasks), grant__requester_id=_own(actor))
    rows = list(asks.select_related("grant__application"))
    kept: dict[UUID, LedgerEntry] = {}
    stands = LedgerEntry.objects.filter(
        grant__in=[row.grant_id for row in rows], part=LedgerPart.STORAGE, corrected=None
    )
    for entry in stands.order_by("at", "id"):
        kept[entry.grant_id] = entry
    found = {}
    for row in rows:
        last = kept.get(row.grant_id)
        facts = stated(
            (_("用途"), row.grant.application.scenario), (_("存储情况，与上次相同"), last.text if last else "")
        )
        carried = _storage(last) if last else ()
        found[str(row.id)] = Brief(facts, frozenset({"fill"} if carried else ()), carried=carried)
    return found


def _storage(last: LedgerEntry) -> tuple[tuple[str, str], ...]:
    copies = [(copy["kind"], copy["place"]) for copy in last.facts.get("copies", ())]
    pairs = (pair for kind, place in copies for pair in (("kind", kind), ("place", place)))
    return (("storage", last.text), *pairs) if last.text else ()


def to_consult(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what would change from when, and how its users go on."""
    rows = Consultation.objects.filter(id__in=_ids(tasks), organisation_id=_own(actor), stance="")
    return {
        str(row.id): Brief(_changed(row.change), frozenset({"answer"})) for row in rows.select_related("change__entry")
    }


def to_decide(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what every department said to a change, silence included."""
    rows = ServiceChange.objects.filter(id__in=_ids(tasks), entry__organisation_id=_own(actor))
    found = {}
    for row in rows.prefetch_related("consultations__organisation"):
        said: list[Text] = []
        for one in row.consultations.all():
            answer = one.get_stance_display() if one.stance else _("到期没有答复")
            said.append(f"{one.organisation.short_name}：{answer}{' ' if one.text else ''}{one.text}")
        facts = (*_changed(row), *stated((_("协商结果"), "；".join(map(str, said)))))
        found[str(row.id)] = Brief(facts, frozenset({"file", "withdraw"}))
    return found


def _changed(row: ServiceChange) -> tuple[tuple[Text, Text], ...]:
    return stated(
        (_("变更"), row.get_kind_display()),
        (_("涉及的信息项"), "、".join(row.items)),
        (_("生效"), format_lazy(_("{day}起"), day=row.effective_on.isoformat())),
        (_("怎样过渡"), row.plan),
    )
