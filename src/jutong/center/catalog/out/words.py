from __future__ import annotations

import re
from functools import lru_cache

from django.db.models import TextChoices
from django.utils import translation

from jutong.kernel.i18n import SOURCE_LANGUAGE

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Return text without the characters that XML 1.0 and UTF-8 cannot hold."""
    return _FORBIDDEN.sub("", text)


@lru_cache(maxsize=256)
def label(choices: type[TextChoices], code: str) -> str:
    """Return what a code is called in the source language, whatever language the writer is asked in."""
    with translation.override(SOURCE_LANGUAGE):
        return str(choices(code).label) if code in choices.values else code
