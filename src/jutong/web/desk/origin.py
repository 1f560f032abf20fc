"""Where a form stood: a row of the inbox, to which its step leads back.

What the form says is taken apart and put together anew from what is known here, so that it can name no other page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.http import QueryDict

ROW, BACK, NEXT = "inbox-row", "inbox-back", "inbox-next"
"""Names of the unseen fields of a row's form."""
PLACES = {"/": (), "/inbox": ("tab", "kind", "q", "page")}
"""The pages that have rows, with the parts of their address that say which."""
LONGEST = 400
_ROW = re.compile(r"[a-z-]{3,40}:[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class Origin:
    """A row as ``Task.row`` names it, and the page it is on."""

    row: str
    path: str
    query: str
    next_row: str = ""

    @property
    def anchor(self) -> str:
        """The row's place on its page."""
        return anchor(self.row)

    @property
    def address(self) -> str:
        """The page to lead back to: where the row stood, or the one after it."""
        place = anchor(self.next_row) if self.next_row else "queue"
        return f"{self.path}{'?' if self.query else ''}{self.query}#{place}"


def anchor(row: str) -> str:
    """Return the id of a row in its page."""
    return "t-" + row.replace(":", "-")


def origin_of(typed: QueryDict) -> Origin | None:
    """Return the row a form stood in; None where it stood on a page of its own."""
    row, after = typed.get(ROW, ""), typed.get(NEXT, "")
    if not _ROW.fullmatch(row):
        return None
    try:
        asked = urlsplit(typed.get(BACK, "")[:LONGEST])
    except ValueError:
        asked = urlsplit("")
    is_ours = asked.path in PLACES and not asked.scheme and not asked.netloc
    path, said = (asked.path, QueryDict(asked.query)) if is_ours else ("/inbox", QueryDict())
    kept = [(name, said[name]) for name in PLACES[path] if said.get(name)]
    return Origin(row, path, urlencode(kept), after if _ROW.fullmatch(after) else "")
