"""Once a night, everything that was moved is read again; what was found is one leaf in the log and one receipt.

The checks are kept in ``node/reconciled`` until they are on record, so that a crash loses no night and doubles none.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from jutong.contracts.receipts import ReconciledReceipt, TableCheck
from jutong.evidence import record as evidence_record
from jutong.evidence.errors import RecordNotFoundError
from jutong.evidence.log import EvidenceLog
from jutong.kernel.clock import BEIJING, Clock
from jutong.kernel.errors import JutongError
from jutong.node.agent.center import Center
from jutong.node.exchange.jobs import JobFolder, write_whole
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.live.pool import Sources
from jutong.node.state import State

LOGGER = logging.getLogger(__name__)
FOLDER = "node/reconciled"
NOTED = "node/noted"
FROM_HOUR = 2
"""In Beijing. A node that is off at that hour looks when it is on again."""

IDLE_SECONDS = 60.0
MOST_CHECKS = 2_000
"""Tables one receipt tells of."""


class Nightly:
    """See the module.

    Args:
        home: the instance's data folder.
        state: takes receipts.
        center: seals them.
        sources: the configured sources, to ask for their counts.
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

    async def look_once(self) -> float:
        """Look when it is time, and put what was found on record; return the seconds until the next time."""
        for path in await asyncio.to_thread(lambda: sorted((self._home / FOLDER).glob("*.json"))):
            await self._put(path)
        await self._put_noted()
        if not self._due(self._clock()):
            return IDLE_SECONDS
        started = self._clock()
        checks = await self._checks()
        for start in range(0, len(checks), MOST_CHECKS):
            await asyncio.to_thread(self._keep, checks[start : start + MOST_CHECKS], started)
        await asyncio.to_thread(self._done, started)
        return 0.0

    def _due(self, now: datetime) -> bool:
        here = now.astimezone(BEIJING)
        if here.hour < FROM_HOUR or not ((self._home / "library").is_dir() or self._fills()):
            return False
        try:
            return (self._home / FOLDER / "last").read_text("ascii") != here.date().isoformat()
        except FileNotFoundError:
            self._done(now)  # what came by day is looked at in its first night
            return False

    def _fills(self) -> bool:
        return any(config.writes for config in self._sources.configs.values())

    def _done(self, now: datetime) -> None:
        folder = self._home / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / "last", now.astimezone(BEIJING).date().isoformat(), durable=True)

    async def _checks(self) -> list[TableCheck]:
        command = (sys.executable, "-P", "-m", "jutong.node.exchange.modes.reconcile", str(self._home))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=os.environ)
        try:
            said, _ = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        checks = [TableCheck.model_validate_json(line) for line in said.splitlines()]
        if process.returncode:
            # What was not looked at must not pass for looked at.
            problem = f"the look ended with status {process.returncode}"
            checks.append(TableCheck(job_id="", organisation_code="-", target="*", state="unreadable", problem=problem))
        return [await asyncio.to_thread(self._counted, check) for check in checks]

    def _counted(self, check: TableCheck) -> TableCheck:
        """Add what the source counts now, where that is cheap."""
        from jutong.node.connectors.profile import MOST_COUNTED  # noqa: PLC0415 - the drivers are heavy
        from jutong.node.connectors.tables import opened  # noqa: PLC0415
        from jutong.node.sources import pick  # noqa: PLC0415

        try:
            order = JobFolder(self._home, check.job_id).order()
            with opened(pick(self._sources.configs, order.source), order.schema_name, order.table) as table:
                return check.model_copy(update={"source_rows": table.count(MOST_COUNTED)})
        except Exception as error:  # noqa: BLE001 - a count that cannot be had decides nothing
            LOGGER.info("no count for %s: %s", check.target, type(error).__name__)
            return check

    def _keep(self, checks: list[TableCheck], started: datetime) -> None:
        receipt = ReconciledReceipt(
            run_id=str(uuid4()),
            started_ms=int(started.timestamp() * 1000),
            finished_ms=int(self._clock().timestamp() * 1000),
            checks=tuple(checks),
        )
        folder = self._home / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / f"{receipt.run_id}.json", receipt.model_dump_json(), durable=True)

    async def _put(self, path: Path) -> None:
        """Put a look on record and take its file away."""
        receipt = ReconciledReceipt.model_validate_json(await asyncio.to_thread(path.read_bytes))
        try:
            index = await asyncio.to_thread(self._known, receipt.run_id)
            if index is None:
                record = _record(receipt)
                index = await self._sequencer.append(*evidence_record.build(record, self._clock()))
                self._reports.note(index, record)
        except JutongError as error:
            LOGGER.warning("the nightly look is not on record yet: %s", error)
            return
        sealed = self._center.seal("reconciled", receipt.model_copy(update={"leaf_index": index}), self._clock())
        await asyncio.to_thread(self._state.queue, sealed)
        await asyncio.to_thread(path.unlink)

    async def _put_noted(self) -> None:
        """Put on record what the operator did on the library, or read out of it, at the node itself."""
        for path in await asyncio.to_thread(lambda: sorted((self._home / NOTED).glob("*.json"))):
            record = json.loads(await asyncio.to_thread(path.read_bytes))
            try:
                if await asyncio.to_thread(self._known, record["record_id"]) is None:
                    index = await self._sequencer.append(*evidence_record.build(record, self._clock()))
                    self._reports.note(index, record)
            except JutongError as error:
                LOGGER.warning("what was noted is not on record yet: %s", error)
                return
            await asyncio.to_thread(path.unlink)

    def _known(self, record_id: str) -> int | None:
        try:
            return self._log.find_record(record_id)[0]
        except RecordNotFoundError:
            return None


def _record(receipt: ReconciledReceipt) -> dict[str, object]:
    return {
        "record_id": receipt.run_id,
        "kind": "reconciled",
        "agreement_id": receipt.run_id,
        "actor_dept": "library",
        "provider_dept": "library",
        "rows": sum(max(check.rows, 0) for check in receipt.checks),
        "tables": len(receipt.checks),
        "wrong": [f"{check.organisation_code}/{check.target}" for check in receipt.checks if check.state != "same"],
        "checks": [
            f"{check.organisation_code}/{check.target} {check.delta_version} {check.state} {check.digest or '-'}"
            for check in receipt.checks
        ],
    }
