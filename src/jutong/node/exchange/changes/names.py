"""By what name a target reads a source's log."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jutong.contracts.orders import JobOrder
from jutong.node.exchange.rules.means import Means


def name_of(order: JobOrder, means: Means) -> str:
    """Return the name of an order's target as a reader of logs: of this node only, wherever its folder lies."""
    department = means.department or Path()
    secret = means.secret.read_bytes() if means.secret and means.secret.is_file() else str(department).encode()
    parts = (secret, department.name.encode(), order.target.encode())
    return f"jutong_{order.target[:30]}_{hashlib.sha256(b'/'.join(parts)).hexdigest()[:12]}"
