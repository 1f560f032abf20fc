"""The document of an agreement to keep: a page to print, a PDF, and the signed file that is checked offline."""

from __future__ import annotations

import json

from django.http import HttpResponse, HttpResponseBase

from jutong.center.agreement import queries
from jutong.center.agreement.enums import AgreementKind
from jutong.center.agreement.export import signed_file
from jutong.center.agreement.paper import content_digest, leads_to_one, preview
from jutong.center.agreement.pdf import pdf_bytes
from jutong.center.agreement.queries import AgreementView
from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries as sharing
from jutong.center.sharing.enums import Event
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.agreements.pages import asked_version
from jutong.web.door import Visit, page


def _view(visit: Visit, number: str) -> AgreementView:
    return queries.agreement(visit.actor, number, version=asked_version(visit), now=visit.now)


def _file(view: AgreementView, content: bytes, kind: str, ending: str) -> HttpResponse:
    name = f"{view.agreement.number}-v{view.agreement.version}.{ending}"
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@page(Permission.AGREEMENT_AGREEMENT_VIEW)
def as_html(visit: Visit, number: str) -> HttpResponseBase:
    """Show the document by itself, to be read and printed."""
    view = _view(visit, number)
    document = view.agreement.document
    context = {
        "document": document,
        "shared_items": document["items"],
        "agreement": view.agreement,
        "signatures": view.signatures,
        "back": f"/agreements/{number}?version={view.agreement.version}",
    }
    return visit.render("agreements/paper.html", context)


@page(Permission.SHARING_APPLICATION_VIEW)
def draft(visit: Visit, number: str) -> HttpResponseBase:
    """Show whoever may let the reply go out the agreement it leads to, to be signed at once."""
    return show_draft(visit, number)


def show_draft(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    """Render the agreement a reply leads to, with the error of a refused signature.

    Raises:
        NotFoundError: for anybody else, and where the reply leads to none.
    """
    application = sharing.application(visit.actor, number)
    if Event.AGREE not in sharing.events_for(application, visit.actor, visit.now) or not leads_to_one(application):
        if problem is not None:
            return visit.refuse(problem, back=f"/applications/{number}")
        raise NotFoundError(what=number)
    made = preview(application, now=visit.now, kind=AgreementKind.AGREEMENT)
    context = {
        "application": application,
        "document": made.document,
        "shared_items": made.document["items"],
        "content": content_digest(made.document),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("agreements/draft.html", context, status=problem.http_status if problem else 200)


@page(Permission.SHARING_APPLICATION_VIEW)
def undertaking(visit: Visit, number: str) -> HttpResponseBase:
    """Show the undertaking a head confirms by submitting an application for data shared without conditions."""
    application = sharing.application(visit.actor, number)
    draft = preview(application, now=visit.now)
    context = {
        "document": draft.document,
        "shared_items": draft.document["items"],
        "agreement": draft,
        "signatures": [],
        "back": f"/applications/{number}",
    }
    return visit.render("agreements/paper.html", context)


@page(Permission.AGREEMENT_AGREEMENT_VIEW)
def as_pdf(visit: Visit, number: str) -> HttpResponseBase:
    """Send the document as PDF."""
    view = _view(visit, number)
    return _file(view, pdf_bytes(view.agreement, view.signatures), "application/pdf", "pdf")


@page(Permission.AGREEMENT_AGREEMENT_VIEW)
def as_json(visit: Visit, number: str) -> HttpResponseBase:
    """Send the signed file."""
    view = _view(visit, number)
    content = json.dumps(signed_file(view.agreement), ensure_ascii=False, indent=1, sort_keys=True).encode()
    return _file(view, content, "application/json", "json")
