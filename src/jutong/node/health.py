"""What the node says about itself: to the center every minute, to whoever asks ``/healthz``."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from jutong.contracts.receipts import HealthReceipt, SourceHealth
from jutong.evidence.log import EvidenceLog
from jutong.kernel.settings import Settings
from jutong.node.live.pool import Sources
from jutong.node.sources import SourceConfig, check

PROBLEM_LENGTH = 500


def _source(config: SourceConfig) -> SourceHealth:
    problem = check(config)[:PROBLEM_LENGTH]
    return SourceHealth(
        name=config.name,
        dialect=config.dialect,
        organisation_code=config.organisation_code,
        ok=not problem,
        problem=problem,
        writes=config.writes,
    )


async def report(settings: Settings, log: EvidenceLog, sources: Sources) -> HealthReceipt:
    """Return the health report; every source is signed in at, one thread each."""
    found = await asyncio.gather(*(asyncio.to_thread(_source, config) for config in sources.configs.values()))
    return HealthReceipt(
        version=version("jutong"),
        gateway_url=settings.gateway_base,
        log_origin=log.origin,
        log_key=str(log.key),
        log_size=log.size,
        sources=tuple(found),
    )
