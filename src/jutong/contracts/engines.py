"""Work ``try-engine``: find out whether the engine a node is set to, or one at an address, carries out our SQL."""

from __future__ import annotations

from pydantic import Field

from jutong.contracts.envelope import Document


class TryEngineOrder(Document):
    """Try an engine. Without an ``address`` it is the one the node is set to; else one over Spark Connect."""

    address: str = Field(default="", pattern=r"^(sc://[A-Za-z0-9.\-\[\]:]{1,200})?$")


class TryEngineResult(Document):
    """What came of a trial: which engine answered, and whether it counts and writes as it must."""

    engine: str
    rows: int
    digest: str
    took_ms: int
