"""A list as a file, where its address asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from jutong.center.ownership.sheets import csv_bytes, workbook_bytes
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.web.door import Visit

MOST_SHEET_ROWS = 20_000
"""Rows of a workbook, which is made in memory; a CSV file has no such bound."""
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class SheetTooLongError(JutongError):
    """The list is too long for a workbook."""

    code = "web.file.too-long"
    http_status = 422
    message = gettext_noop("清单超过{limit}行，不能导出为Excel。")
    next_step = gettext_noop("请先按部门筛选，或改为导出CSV。")


def sent(
    visit: Visit, title: str, headers: Sequence[str], rows: Callable[[], Iterable[Sequence[str]]]
) -> HttpResponseBase | None:
    """Return the rows as the file that ``?format=`` asks for, ``csv`` or ``xlsx``; None where it asks for neither.

    ``rows`` is called for a file only, so that a page reads no more than it shows.

    Raises:
        SheetTooLongError: for a workbook of too many rows.
    """
    wanted = visit.request.GET.get("format")
    name = f"{title}-{civil_date(visit.now).isoformat()}.{wanted}"
    response: HttpResponseBase
    if wanted == "csv":
        response = StreamingHttpResponse(csv_bytes(headers, rows()), content_type=CSV)
    elif wanted == "xlsx":
        first = list(islice(rows(), MOST_SHEET_ROWS + 1))
        if len(first) > MOST_SHEET_ROWS:
            raise SheetTooLongError(limit=MOST_SHEET_ROWS)
        response = HttpResponse(workbook_bytes(title, headers, first), content_type=XLSX)
    else:
        return None
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
