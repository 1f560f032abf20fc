"""The department's batches, and the door by which a file comes in."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from jutong.center.fleet import queries as fleet
from jutong.center.intake import actions, queries
from jutong.center.intake.enums import BatchState
from jutong.center.intake.reading import shipped_limits
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.web.door import Visit, form_page
from jutong.web.paging import paged

_MB = 1024 * 1024


@form_page(Permission.INTAKE_BATCH_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the batches, the newest first, and take a file in."""
    problem: JutongError | None = None
    if visit.is_post:
        try:
            made = actions.receive(
                file=_upload(visit), name=_upload(visit).name or "file", by=visit.actor, now=visit.now
            )
        except JutongError as error:
            problem = error
        else:
            to = "/mapping" if made.state == BatchState.RECEIVED else ""
            return HttpResponseRedirect(f"/manage/imports/{made.id}{to}")
    may_make = has(visit.actor, Permission.INTAKE_BATCH_MAKE)
    context = {
        "page": paged(visit, queries.batches(visit.actor)),
        "problem": problem,
        "may_make": may_make,
        "sources": fleet.sources(visit.actor) if may_make else [],
        "limit": shipped_limits().file_bytes // _MB,
    }
    return visit.render("intake/listing.html", context, status=problem.http_status if problem else 200)


def _upload(visit: Visit) -> UploadedFile[Any]:
    found = visit.request.FILES.get("file")
    if not isinstance(found, UploadedFile):
        row = {"field": _("文件"), "place": "file", "message": _("没有选文件"), "way_out": "", "clause": ""}
        raise InvalidInputError(problems=[row])
    return found
