"""By what name a target reads a source's log."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jutong.node.exchange.rules.means import Means


def name_of(target: str, means: Means) -> str:
    """Return the name of a library table as a reader of logs: of this node only, wherever its folder lies."""
    department = means.department or Path()
    secret = means.secret.read_bytes() if means.secret and means.secret.is_file() else str(department).encode()
    parts = (secret, department.name.encode(), target.encode())
    return f"jutong_{target[:30]}_{hashlib.sha256(b'/'.join(parts)).hexdigest()[:12]}"
