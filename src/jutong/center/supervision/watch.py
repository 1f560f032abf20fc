"""Running the rules that look for violations; one that fails is logged and keeps none of the others from running."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from jutong.center.org.actor import platform_actor
from jutong.center.supervision import actions
from jutong.center.supervision.detectors import DETECTORS, Detector

logger = logging.getLogger(__name__)


def look(now: datetime) -> int:
    """Run every rule and put on record what is new. Returns how many."""
    return sum(_run(detector, now) for detector in DETECTORS)


def catch_up(now: datetime) -> int:
    """Open the cases of older records and offer what waits for a judge. Returns how many."""
    by = platform_actor("violations")
    return actions.adopt(now=now, by=by) + actions.offer_waiting(now=now)


def _run(detector: Detector, now: datetime) -> int:
    by, count = platform_actor(detector.name), 0
    try:
        with transaction.atomic():
            findings = list(detector.find(now))
    except Exception:
        logger.exception("the rule %s failed", detector.name)
        return 0
    for finding in findings:
        count += actions.record(finding=finding, by=by, now=now) is not None
    return count
