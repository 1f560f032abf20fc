"""Rules that find violations by looking, each with the evidence it stands on (rulebook of 条例 39-41).

What a breached clock shows needs no rule here. A rule returns what it finds now; what is on record already is left
out by the registry, so rules may run as often as they like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from jutong.center.supervision.actions.finding import Finding
from jutong.center.supervision.detectors import authorities, providers, replies, requesters, usage

Find = Callable[[datetime], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Detector:
    """A rule with a name, the violation it finds and how."""

    name: str
    code: str
    find: Find


DETECTORS: tuple[Detector, ...] = (
    Detector(providers.WITHOUT_ENTRY, "P1", providers.systems_without_entry),
    Detector(providers.CONDITIONS, "P2", providers.self_made_conditions),
    Detector(replies.REFUSING, "P2", replies.self_made_refusals),
    Detector(providers.SILENT, "P3", providers.silent_to_source),
    Detector(replies.SHORT, "P5", replies.returns_kept_short),
    Detector(providers.STOPPED, "P7", providers.services_stopped),
    Detector(providers.OUTSIDE, "P8", providers.platforms_outside),
    Detector(requesters.REPEATED, "R1", requesters.repeated_collection),
    Detector(usage.PURPOSE, "R2", usage.other_purposes),
    Detector(usage.VOLUME, "R2", usage.volume_anomalies),
    Detector(usage.AFTER_END, "R4", usage.calls_after_end),
    Detector(requesters.LEDGER, "R5", requesters.ledger_gaps),
    Detector(requesters.UNGUARDED, "R6", requesters.without_responsible),
    Detector(authorities.UNNAMED, "A1", authorities.sources_unnamed),
)
"""In the order of the law. R3 is found by a fingerprint or reported; P4, P6, A2 and A3 by clocks."""
