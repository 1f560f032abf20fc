"""Plain text for a terminal: sentences in the operator's language, and aligned columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import click

from jutong.kernel import settings as jutong_settings
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import SOURCE_LANGUAGE, translate

GAP = 2


def language() -> str:
    """Return the command line's language; the source language while the settings cannot be read."""
    try:
        return jutong_settings.load().language
    except JutongError:
        return SOURCE_LANGUAGE


def sentence(message: str, **fields: object) -> str:
    """Return a translated sentence with its fields filled in."""
    return translate(message, language()).format(**fields)


def say(message: str, **fields: object) -> None:
    """Print a translated sentence on standard output at once."""
    click.echo(sentence(message, **fields))


def width(text: str) -> int:
    """Return how many columns a text takes; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def columns(rows: Iterable[Sequence[object]]) -> list[str]:
    """Return rows as lines with aligned columns."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        return []
    widths = [max(width(row[place]) for row in cells) for place in range(len(cells[0]))]
    return [
        "".join(cell + " " * (wide - width(cell) + GAP) for cell, wide in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
