"""Bands of the quality score by which entries are found."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

BANDS: Final = (("90", 90, _("90分以上")), ("75", 75, _("75–89分")), ("0", 0, _("75分以下")))
"""Value, least score and label, the best first. An entry without a score is in none."""


def quality_band(score: int | None) -> str:
    """Return the value of the band a score of 0 to 100 lies in, empty without a score."""
    if score is None:
        return ""
    return next(value for value, least, _label in BANDS if score >= least)
