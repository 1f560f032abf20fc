"""Makes a sheet of rows that are already in memory: workbooks and delimited text share it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from jutong.center.intake.reading import headers
from jutong.center.intake.reading.cells import checked, fitted, too_big
from jutong.center.intake.reading.limits import Limits
from jutong.center.intake.reading.listing import Format, Remark, RemarkKind, Sheet, SourceRow, letters
from jutong.kernel.i18n import gettext_noop

Line = tuple[int, tuple[str, ...]]
"""A line's number, as people count, and its cells."""


def sheet_of(
    lines: Callable[[], Iterable[Line]],
    *,
    file: str,
    name: str,
    format_: Format,
    limits: Limits,
    merges: Sequence[headers.Merge] = (),
    remarks: Mapping[int, tuple[Remark, ...]] | None = None,
    hidden: bool = False,
) -> Sheet | None:
    """Return the sheet under the header that is found among the first lines; None where none is.

    Args:
        lines: yields the lines anew each time it is called.
        file: name of the file, for errors.
        name: name of the sheet.
        format_: what the file is.
        limits: how much is read.
        merges: merged cells, counted from 0.
        remarks: what was noticed, by line.
        hidden: whether the sheet is hidden from people.

    Raises:
        FileTooBigError: if the header is wider than is read; later also for too many rows or too long cells.
    """
    first = _first_lines(lines(), limits.header_search_rows)
    is_text = format_ is Format.CSV
    found = headers.find([cells for _, cells in first], merges, single=is_text or len(first) > 1, ragged=is_text)
    if found is None:
        return None
    if len(found.headers) > limits.columns:
        raise too_big(file, gettext_noop("列数"), limits.columns, len(found.headers), f" ({name})")
    after = first[found.last][0]
    return Sheet(
        name=name,
        headers=found.headers,
        header_line=after,
        source=lambda: _rows(lines(), after, len(found.headers), file=file, limits=limits, remarks=remarks or {}),
        hidden=hidden,
        remarks=found.remarks,
        format=format_,
    )


def _first_lines(lines: Iterable[Line], wanted: int) -> list[Line]:
    """Return lines up to the ``wanted``-th that has something in it."""
    taken: list[Line] = []
    filled = 0
    for line in lines:
        taken.append(line)
        filled += any(line[1])
        if filled >= wanted:
            break
    return taken


def _rows(
    lines: Iterable[Line],
    after: int,
    width: int,
    *,
    file: str,
    limits: Limits,
    remarks: Mapping[int, tuple[Remark, ...]],
) -> Iterator[SourceRow]:
    count = 0
    for line, cells in lines:
        if line <= after or not any(cells):
            continue
        count += 1
        if count > limits.rows:
            raise too_big(file, gettext_noop("行数"), limits.rows, count)
        checked(cells, name=file, line=line, limits=limits)
        noticed = remarks.get(line, ()) + _extra(line, cells, width)
        yield SourceRow(line, fitted(cells, width), noticed)


def _extra(line: int, cells: tuple[str, ...], width: int) -> tuple[Remark, ...]:
    over = [at for at in range(width, len(cells)) if cells[at]]
    if not over:
        return ()
    text = "、".join(cells[at] for at in over)
    return (Remark(RemarkKind.EXTRA_CELLS, line, over[0], f"{letters(over[0])}{line}: {text}"),)
