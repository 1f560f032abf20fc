"""Raising a doubt: from a call, a grant, a file, a complaint or a comparison; no value ever stands in an address."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _

from jutong.center.catalog.queries import published_entry
from jutong.center.clocks.rules import period_for
from jutong.center.complaint import actions as handling
from jutong.center.complaint import queries as complaints
from jutong.center.correction import actions
from jutong.center.correction.actions import About, Claim, File
from jutong.center.correction.actions.materials import LARGEST, MOST
from jutong.center.correction.enums import DoubtKind, Origin, Urgency
from jutong.center.correction.models import Correction
from jutong.center.correction.rules import ANSWER_PERIOD
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries as sharing
from jutong.center.sharing.enums import Side
from jutong.center.usage import queries as usage
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, form_page

MOST_GRANTS = 50


@dataclass(frozen=True)
class Start:
    """What the form is about: the source of the doubt and the items to choose from."""

    about: About
    keys: list[str]
    items: list[str]


def start_of(actor: Actor, asked: QueryDict) -> Start | None:
    """Return what an address asks to doubt; None where it names nothing.

    Raises:
        NotFoundError: if the actor may not see it.
    """
    about = _about(actor, asked)
    if about is None:
        return None
    version = about.entry.published
    if version is None:
        raise NotFoundError(what=about.entry.code)
    return Start(about, actions.key_names(version, about.grant), actions.doubtable(version, about.grant))


def _about(actor: Actor, asked: QueryDict) -> About | None:
    if number := asked.get("grant", ""):
        grant = sharing.grant(actor, number).grant
        origin = Origin.FILE if asked.get("from") == Origin.FILE else Origin.GRANT
        return About(origin, grant.entry, grant)
    if record := asked.get("record", ""):
        call = usage.access(actor, record)
        found = sharing.grant(actor, call.grant_number).grant
        return About(Origin.RECORD, found.entry, found, record_id=call.record_id)
    code = asked.get("entry", "")
    if number := asked.get("complaint", ""):
        complaint = complaints.complaint_of(actor, number)
        entry = published_entry(actor, code) if code else complaint.entry
        return About(Origin.CITIZEN, entry, complaint_id=complaint.id) if entry is not None else None
    if code:
        return About(Origin.COMPARISON, published_entry(actor, code))
    return None


@form_page(Permission.CORRECTION_CASE_RAISE)
def create(visit: Visit) -> HttpResponseBase:
    """Choose what to doubt, then say what is wrong."""
    start = start_of(visit.actor, visit.request.GET)
    if start is None:
        held = sharing.grants(visit.actor, side=Side.REQUESTER, limit=MOST_GRANTS)
        return visit.render(
            "correction/choose.html", {"grants": held.rows, "complaint": visit.request.GET.get("complaint", "")}
        )
    if not visit.is_post:
        return _form(visit, start)
    try:
        made = _raised(visit, start)
    except JutongError as problem:
        return _form(visit, start, problem)
    days = period_for(ANSWER_PERIOD, made.responsible.division_code, on=civil_date(visit.now)).period.length
    said = _("已提交，责任部门%(n)s个工作日内反馈；业务不必等待") % {"n": days}
    return visit.done(said, f"/corrections/{made.number}")


def _raised(visit: Visit, start: Start) -> Correction:
    claim, files = claim_of(visit.request.POST, start), files_of(visit)
    if start.about.origin == Origin.CITIZEN:
        complaint = complaints.complaint_of(visit.actor, visit.request.GET["complaint"])
        return handling.correct(
            complaint=complaint, entry=start.about.entry, claim=claim, files=files, by=visit.actor, now=visit.now
        )
    return actions.raise_correction(about=start.about, claim=claim, files=files, by=visit.actor, now=visit.now)


def claim_of(typed: QueryDict, start: Start) -> Claim:
    """Return what was typed; controls are numbered, so that no item's name becomes one."""
    chosen = [(at, name) for at, name in enumerate(start.items) if typed.get(f"item-{at}")]
    return Claim(
        key={name: typed.get(f"key-{at}", "") for at, name in enumerate(start.keys) if typed.get(f"key-{at}")},
        claimed={name: typed.get(f"claimed-{at}", "") for at, name in chosen},
        present={name: typed.get(f"present-{at}", "") for at, name in chosen},
        kind=typed.get("kind", ""),
        statement=typed.get("statement", ""),
        evidence=typed.get("evidence", ""),
        business=typed.get("business", ""),
        urgency=typed.get("urgency", Urgency.NORMAL),
    )


def files_of(visit: Visit) -> list[File]:
    """Return the files that came in, read no further than they may be.

    Raises:
        MaterialRefusedError: see ``actions.materials``.
    """
    found = visit.request.FILES.getlist("files")[: MOST + 1]
    return [File(file.name or "", file.read(LARGEST + 1)) for file in found]


def _form(visit: Visit, start: Start, problem: JutongError | None = None) -> HttpResponse:
    typed = visit.request.POST
    context = {
        "start": start,
        "version": start.about.entry.published,
        "keys": [(at, name, typed.get(f"key-{at}", "")) for at, name in enumerate(start.keys)],
        "items": [
            (at, name, bool(typed.get(f"item-{at}")), typed.get(f"present-{at}", ""), typed.get(f"claimed-{at}", ""))
            for at, name in enumerate(start.items)
        ],
        "kinds": [("", _("请选择")), *DoubtKind.choices],
        "urgencies": Urgency.choices,
        "most": MOST,
        "largest": LARGEST // 1024,
        "typed": typed,
        "problem": problem,
    }
    return visit.render("correction/new.html", context, status=problem.http_status if problem else 200)
