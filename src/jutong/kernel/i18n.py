"""Two languages from one catalogue, without Django, because the node speaks to people too.

The source wording is Chinese; ``locale/en/LC_MESSAGES/django.po`` holds the English. Django reads the same
files for pages and forms, so a sentence is translated once.
"""

from __future__ import annotations

import gettext as _gettext
from functools import lru_cache
from pathlib import Path

LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"
SOURCE_LANGUAGE = "zh-hans"
LANGUAGES = (("zh-hans", "简体中文"), ("en", "English"))


def gettext_noop(message: str) -> str:
    """Mark a message for translation and return it as it is."""
    return message


@lru_cache(maxsize=8)
def _messages(language: str) -> _gettext.NullTranslations:
    return _gettext.translation("django", LOCALE_DIR, languages=[language], fallback=True)


def translate(message: str, language: str = SOURCE_LANGUAGE) -> str:
    """Return ``message`` in ``language`` (``zh-hans`` or ``en``); unknown languages read the source wording."""
    if not message or language.lower().startswith("zh"):
        return message
    return _messages(language.split("-", maxsplit=1)[0].lower()).gettext(message)


def preferred(accept_language: str) -> str:
    """Return the supported language a caller's ``Accept-Language`` header asks for first."""
    for part in accept_language.split(","):
        tag = part.split(";", maxsplit=1)[0].strip().lower()
        if tag.startswith("en"):
            return "en"
        if tag.startswith("zh"):
            return SOURCE_LANGUAGE
    return SOURCE_LANGUAGE
