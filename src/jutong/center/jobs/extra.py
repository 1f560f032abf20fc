"""What makes a job none of its transfer's turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jutong.center.jobs.transfer import Transfer
from jutong.contracts.dry import Dry
from jutong.contracts.modes import Period


@dataclass(frozen=True)
class Extra:
    """A dry run, or a back-fill of a period, beside a transfer."""

    beside: Transfer | None
    cause: str
    dry: Dry | None = None
    period: Period | None = None

    @property
    def of_order(self) -> dict[str, Any]:
        """The fields of the order."""
        return {name: value for name in ("dry", "period") if (value := getattr(self, name)) is not None}

    @property
    def of_job(self) -> dict[str, Any]:
        """The fields of the job."""
        period = self.period.model_dump() if self.period else {}
        return {"beside": self.beside, "cause": self.cause, "is_dry": self.dry is not None, "period": period}

    @property
    def of_event(self) -> dict[str, Any]:
        """What the audit trail says of it."""
        told = {"transfer": str(self.beside.id)} if self.beside else {}
        return {**told, "cause": self.cause, **({"period": self.period.model_dump()} if self.period else {})}
