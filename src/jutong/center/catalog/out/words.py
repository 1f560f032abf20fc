from __future__ import annotations

from functools import lru_cache

from django.db.models import TextChoices
from django.utils import translation

from jutong.kernel.i18n import SOURCE_LANGUAGE


@lru_cache(maxsize=256)
def label(choices: type[TextChoices], code: str) -> str:
    """Return what a code is called in the source language, whatever language the writer is asked in."""
    with translation.override(SOURCE_LANGUAGE):
        return str(choices(code).label) if code in choices.values else code
