"""Subjects of a message stream, as center and node both have to understand them."""

from __future__ import annotations

import re

_SUBJECT = re.compile(r"[^\s.*>\x00-\x1f]+(\.[^\s.*>\x00-\x1f]+)*")
LONGEST = 128


def is_subject(text: str) -> bool:
    """Tell whether rows can be published to a subject: no wildcards, and none of the server's own."""
    return len(text) <= LONGEST and bool(_SUBJECT.fullmatch(text)) and not text.startswith(("$", "_"))
