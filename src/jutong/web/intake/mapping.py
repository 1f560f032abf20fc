"""Which header of a foreign file is which field, and what holds for every row."""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from jutong.center.intake import actions, queries
from jutong.center.intake.columns import choices_of, label_of
from jutong.center.intake.enums import BatchKind
from jutong.center.intake.mapping import KEPT_FIELDS, REASON_LABELS, MatchReason, known_fields
from jutong.center.intake.models import Batch
from jutong.center.intake.reading import Listing, letters
from jutong.center.intake.source_rows import listing_of, sheet_of
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, form_page

_SAMPLES = 3
ASKED = (
    "classification", "domain", "data_format", "update_cycle", "share_attribute", "share_way", "share_scope",
    "share_purpose", "grade", "not_secret",
)  # fmt: skip
"""What a page may ask once for all rows."""
_KEPT_LABELS = {"published_on", "updated_on", "created_on"}


@form_page(Permission.INTAKE_BATCH_MAKE)
def detail(visit: Visit, batch_id: UUID) -> HttpResponseBase:
    """Show the proposed mapping with its reasons and samples, and take what the person decides."""
    batch = queries.batch(visit.actor, batch_id)
    if batch.kind != BatchKind.FILE:
        raise NotFoundError(what=str(batch_id))
    problem: JutongError | None = None
    typed = visit.request.POST
    if visit.is_post:
        columns = batch.mapping["columns"]
        choices = {row["header"]: typed.get(f"m_{row['column']}", row["field"]) for row in columns}
        choices = {header: field for header, field in choices.items() if field != _now(batch, header)}
        try:
            actions.set_mapping(
                batch=batch,
                choices=choices,
                defaults={name: typed.get(f"d_{name}", "") for name in ASKED},
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as error:
            problem = error
        else:
            return HttpResponseRedirect(f"/manage/imports/{batch.id}")
    listing = listing_of(batch)
    context = {
        "batch": batch,
        "here": f"/manage/imports/{batch.id}",
        "rows": _rows(visit, batch, listing),
        "fields": _fields(),
        "asked": asked(visit, batch.defaults),
        "problem": problem,
        "own": batch.mapping.get("own", False),
    }
    return visit.render("intake/mapping.html", context, status=problem.http_status if problem else 200)


def _now(batch: Batch, header: str) -> str:
    return next((str(row["field"]) for row in batch.mapping["columns"] if row["header"] == header), "")


def _rows(visit: Visit, batch: Batch, listing: Listing) -> list[dict[str, Any]]:
    sheet = sheet_of(listing, batch.mapping["sheet"])
    samples = list(islice(sheet.rows(), _SAMPLES))
    return [
        {
            "letter": letters(row["column"]),
            "header": row["header"],
            "name": f"m_{row['column']}",
            "field": visit.request.POST.get(f"m_{row['column']}", row["field"]),
            "percent": round(row["confidence"] * 100),
            "is_sure": row["confidence"] >= _SURE,
            "reason": _(REASON_LABELS[MatchReason(row["reason"])]),
            "samples": [sample.cells[row["column"]][:60] for sample in samples if row["column"] < len(sample.cells)],
        }
        for row in batch.mapping["columns"]
    ]


_SURE = 0.8


def _fields() -> list[tuple[str, str]]:
    """Return what a column may be: the fields of an entry, then those of an item."""
    plain = [field for field in known_fields() if field not in KEPT_FIELDS]
    entry = [(field, _(label_of(field))) for field in plain if not field.startswith("item.")]
    items = [
        (field, _("信息项：%(label)s") % {"label": _(label_of(f"items.0.{field.removeprefix('item.')}"))})
        for field in plain
        if field.startswith("item.")
    ]
    return [("", _("不导入这一列")), *entry, *items]


def asked(visit: Visit, known: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the controls of what is asked once for all rows."""
    return [
        {
            "name": f"d_{name}",
            "label": _(label_of(name)),
            "choices": [("", _("不统一填")), *((code, _(label)) for code, label in choices_of(name).items())]
            if choices_of(name)
            else [],
            "value": visit.request.POST.get(f"d_{name}", _text(known.get(name, ""))),
        }
        for name in ASKED
    ]


def _text(value: Any) -> str:
    return ("1" if value else "") if isinstance(value, bool) else str(value)
