from __future__ import annotations

from collections.abc import Iterable

from django.http import Http404, HttpResponseBase, StreamingHttpResponse

from jutong.center.catalog.out import Form, Record, document, keeper, one, searched
from jutong.center.catalog.search import FACETS
from jutong.center.org.permissions import Permission
from jutong.web.door import Visit, page

FORMS = frozenset(Form)


@page(Permission.CATALOG_ENTRY_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Write what the search in the address finds, or without one the whole catalog, as a file to keep."""
    query = visit.request.GET
    form = _form(query.get("format", Form.JSON))
    found = searched(visit.actor, query.get("q", ""), {name: query.getlist(name) for name in FACETS})
    return _sent(visit, found, form)


@page(Permission.CATALOG_ENTRY_VIEW)
def entry(visit: Visit, code: str, ending: str) -> HttpResponseBase:
    """Write one entry as a file to keep."""
    return _sent(visit, [one(visit.actor, code)], _form(ending))


def _form(ending: str) -> Form:
    if ending not in FORMS:
        raise Http404
    return Form(ending)


def _sent(visit: Visit, found: Iterable[Record], form: Form) -> HttpResponseBase:
    base = visit.request.build_absolute_uri("/").rstrip("/")
    made = document(found, form, base=base, publisher=keeper(visit.actor), now=visit.now)
    disposition = {"Content-Disposition": f'attachment; filename="{made.file_name}"'}
    return StreamingHttpResponse(made.content, content_type=made.media_type, headers=disposition)
