"""开放数据: the part of the catalog that is open to everybody, outside the login wall."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from jutong.center.catalog.out.as_dcat import MEDIA_TYPES, About, Syntax, to_dcat
from jutong.center.catalog.out.as_json import to_json
from jutong.center.ownership import open_data
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import NotFoundError
from jutong.web.open.door import FILES, PAGES, open_page

LONGEST = 100
"""Characters of a search that are read."""
_LONGEST_PAGE = 4
JSON = "json"


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < _LONGEST_PAGE else 1


@open_page(PAGES)
def listing(request: HttpRequest) -> HttpResponseBase:
    """Find open entries by word, provider and domain."""
    asked = {name: request.GET.get(name, "")[:LONGEST].replace("\x00", "") for name in ("q", "organisation", "domain")}
    found = open_data.search(
        asked["q"].strip(),
        organisation=asked["organisation"],
        domain=asked["domain"],
        page=_number(request.GET.get("page", "1")),
    )
    kept = {name: value for name, value in asked.items() if value}
    context = {
        "found": found,
        "asked": asked,
        "filters": [
            ("organisation", _("提供部门"), found.filters["organisation"]),
            ("domain", _("领域"), found.filters["domain"]),
        ],
        "newer": f"?{urlencode({**kept, 'page': found.page - 1})}" if found.page > 1 else "",
        "older": f"?{urlencode({**kept, 'page': found.page + 1})}" if found.page < found.pages else "",
    }
    return render(request, "open/listing.html", context)


@open_page(PAGES)
def detail(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show one open entry with its open items."""
    return render(request, "open/entry.html", {"entry": open_data.entry(code)})


@open_page(FILES)
def whole(request: HttpRequest, form: str) -> HttpResponseBase:
    """Send all open entries: JSON, or DCAT in one of its syntaxes."""
    now = utc_now()
    if form == JSON:
        return StreamingHttpResponse(to_json(open_data.every(), now=now), content_type="application/json")
    if form not in set(Syntax):
        raise NotFoundError(what=f"catalog.{form}")
    title = _("%(city)s政务开放数据目录") % {"city": settings.JUTONG.city}
    about = About(
        base=request.build_absolute_uri("/").rstrip("/"),
        title=title,
        description=_("向社会开放的政务数据目录和数据项"),
        publisher=settings.JUTONG.city,
        page="/open",
    )
    syntax = Syntax(form)
    return StreamingHttpResponse(to_dcat(open_data.every(), about, syntax), content_type=MEDIA_TYPES[syntax])
