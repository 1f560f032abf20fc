from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.agreement import queries
from jutong.center.agreement.enums import AgreementState
from jutong.center.agreement.queries import AgreementView
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.web.agreements.wording import kept_rows, term_rows
from jutong.web.door import Visit, page

TONES = {
    AgreementState.DRAFTED: "wait", AgreementState.SENT: "wait", AgreementState.SIGNED: "wait",
    AgreementState.ACCEPTED: "wait", AgreementState.IN_FORCE: "ok", AgreementState.SUSPENDED: "warn",
    AgreementState.SUPERSEDED: "idle", AgreementState.ENDED: "idle", AgreementState.VOID: "idle",
}  # fmt: skip


@page(Permission.AGREEMENT_AGREEMENT_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the agreements either side may see, the newest first."""
    chosen = visit.request.GET.get("state", "")
    states = (chosen,) if chosen in AgreementState.values else ()
    found = queries.agreements(visit.actor, states=states, after=visit.request.GET.get("after", ""))
    context = {
        "rows": [{"agreement": row, "tone": TONES[AgreementState(row.state)]} for row in found.rows],
        "older": visit.query(after=found.next) if found.next else "",
        "state": chosen,
        "states": [("", _("全部")), *AgreementState.choices],
    }
    return visit.render("agreements/listing.html", context)


def asked_version(visit: Visit) -> int | None:
    """Return the version the address asks for, or None for the one that counts."""
    asked = visit.request.GET.get("version", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < len("10000") else None


@page(Permission.AGREEMENT_AGREEMENT_VIEW)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show one version, its text and what this person may do on it now."""
    return show(visit, queries.agreement(visit.actor, number, version=asked_version(visit), now=visit.now))


def show(visit: Visit, view: AgreementView, problem: JutongError | None = None) -> HttpResponse:
    """Render the page of a version, with the error of a step that was refused."""
    found = view.agreement
    context: dict[str, Any] = {
        "here": f"/agreements/{found.number}",
        "agreement": found,
        "document": found.document,
        "shared_items": found.document["items"],
        "tone": TONES[AgreementState(found.state)],
        "signatures": view.signatures,
        "kept": kept_rows(queries.kept(visit.actor, found)),
        "versions": view.versions,
        "open_version": view.open_version if view.open_version != found else None,
        "clock": view.clock,
        "can": {event.value.replace("-", "_") for event in view.events},
        "terms": term_rows(found.terms, found.previous.terms if found.version > 1 and found.previous else None),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("agreements/detail.html", context, status=problem.http_status if problem else 200)
