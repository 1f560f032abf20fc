"""Puts replays on record: one leaf in the log and one receipt each, whoever ran them and whatever was killed since."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from pydantic import ValidationError

from jutong.contracts.receipts import ReplayedReceipt
from jutong.evidence import record as evidence_record
from jutong.evidence.errors import RecordNotFoundError
from jutong.evidence.log import EvidenceLog
from jutong.kernel.clock import Clock
from jutong.kernel.errors import JutongError
from jutong.node.agent.center import Center
from jutong.node.exchange.jobs import REPLAYS, JobFolder
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.live.pool import Sources
from jutong.node.state import State

LOGGER = logging.getLogger(__name__)
SWEEP_SECONDS = 2.0


class Replays:
    """See the module.

    Args:
        home: the instance's data folder.
        state: takes receipts.
        center: seals them.
        sources: the configured sources.
        log: the evidence log, to find a leaf that a crash left without its receipt.
        sequencer: appends to it.
        reports: told that a leaf is no call.
        clock: the present instant.
    """

    def __init__(
        self,
        home: Path,
        state: State,
        center: Center,
        sources: Sources,
        *,
        log: EvidenceLog,
        sequencer: Appends,
        reports: Reports,
        clock: Clock,
    ) -> None:
        self._home = home
        self._state = state
        self._center = center
        self._sources = sources
        self._log = log
        self._sequencer = sequencer
        self._reports = reports
        self._clock = clock
        self._alone = asyncio.Lock()

    async def sweep_once(self) -> float:
        """Put what waits on record; return the seconds until the next time."""
        async with self._alone:
            for path in await asyncio.to_thread(lambda: sorted((self._home / REPLAYS).glob("*.json"))):
                try:
                    await self._put(path)
                except (JutongError, ValidationError, OSError) as error:
                    LOGGER.warning("replay %s is not on record yet: %s", path.stem, error)
        return SWEEP_SECONDS

    async def _put(self, path: Path) -> None:
        receipt = ReplayedReceipt.model_validate_json(await asyncio.to_thread(path.read_bytes))
        index = await asyncio.to_thread(self._known, path.stem)
        if index is None:
            record = await asyncio.to_thread(self._record, path.stem, receipt)
            index = await self._sequencer.append(*evidence_record.build(record, self._clock()))
            self._reports.note(index, record)
        sealed = self._center.seal("replayed", receipt.model_copy(update={"leaf_index": index}), self._clock())
        await asyncio.to_thread(self._state.queue, sealed)
        await asyncio.to_thread(path.unlink)

    def _known(self, record_id: str) -> int | None:
        try:
            return self._log.find_record(record_id)[0]
        except RecordNotFoundError:
            return None

    def _record(self, record_id: str, receipt: ReplayedReceipt) -> dict[str, object]:
        order = JobFolder(self._home, receipt.job_id).order()
        config = self._sources.configs.get(order.source)
        provider = config.organisation_code if config else "-"
        return {
            "record_id": record_id,
            "kind": "replayed",
            "agreement_id": receipt.job_id,
            "actor_dept": provider,
            "provider_dept": provider,
            "official": receipt.official,
            "source": order.source,
            "table": f"{order.schema_name}.{order.table}",
            "target": order.target,
            "number": receipt.number,
            "rows": receipt.rows,
            "digest": receipt.digest,
            "delta_version": receipt.delta_version,
            "left": receipt.left,
            "dropped": receipt.dropped,
        }
