"""Orders about the logs that sources keep for jobs of changes."""

from __future__ import annotations

from jutong.contracts.envelope import Document


class ReleaseLogOrder(Document):
    """Kind ``release-log``: what followed a source's log was given up, so the source need not keep its log for it.

    The node drops what keeps the log as soon as no job uses it. A later job into the same target begins anew.
    """

    source: str
    target: str
