"""Files that go out: the empty template, the department's entries, a person's own file with comments."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog.template import edition_in_force
from jutong.center.intake import queries, storage
from jutong.center.intake.workbook import own
from jutong.center.intake.workbook.marked import marked as marked_workbook
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError
from jutong.web.door import Visit, page

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WRITERS: dict[str, tuple[Callable[..., bytes], str]] = {
    "xlsx": (own.workbook, _WORKBOOK),
    "zip": (own.zipped_csv, "application/zip"),
    "json": (own.json, "application/json"),
}


@page(Permission.INTAKE_BATCH_VIEW)
def template(visit: Visit, ext: str) -> HttpResponseBase:
    """Give the template of the edition in force."""
    return _written(visit, ext, _("目录模板"), empty=True)


@page(Permission.INTAKE_BATCH_VIEW)
def entries(visit: Visit, ext: str) -> HttpResponseBase:
    """Give the department's entries in the template's form, to be changed and imported again."""
    return _written(visit, ext, _("本部门目录"), empty=False)


def _written(visit: Visit, ext: str, name: str, *, empty: bool) -> HttpResponse:
    if ext not in _WRITERS:
        raise NotFoundError(what=ext)
    write, kind = _WRITERS[ext]
    edition = edition_in_force(civil_date(visit.now), visit.actor.division_code)
    contents = [] if empty else queries.own_contents(visit.actor)
    provider = "" if empty else visit.actor.organisation_name
    return _download(write(contents, edition=edition, provider=provider), f"{name}.{ext}", kind)


@page(Permission.INTAKE_BATCH_VIEW)
def marked(visit: Visit, batch_id: UUID) -> HttpResponseBase:
    """Give the person's own file back with comments on the cells to change."""
    batch = queries.batch(visit.actor, batch_id)
    rows = queries.proposals(visit.actor, batch, outcomes=("error", "new", "changed"))
    content = marked_workbook(batch, rows, storage.content_of(batch.id))
    stem = batch.name.rpartition(".")[0] or batch.name
    marked = _("带批注")
    return _download(content, f"{stem}-{marked}.xlsx", _WORKBOOK)


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
