from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """Return the blank-separated words of a list written out in one text."""
    return tuple(text.split())
