"""How often one address may ask outside the login wall, kept in memory and bounded.

Each process counts for itself, which is enough against a program gone wild; a flood is the business of what stands
before the platform.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class TooManyRequestsError(JutongError):
    """One address asks too often."""

    code = "web.open.too-many"
    http_status = 429
    message = gettext_noop("您打开得太快了，每分钟最多{limit}次。")
    next_step = gettext_noop("请过一分钟再试；要全部目录，可以下载一次JSON。")
    retry_after = 60


@dataclass
class _Bucket:
    left: float
    at: float


class Limiter:
    """A bucket of ``burst`` requests per address that fills again over a minute.

    Args:
        burst: requests an address may make at once, and in a minute.
        addresses: how many addresses are remembered; the one not seen for longest is forgotten first.
    """

    SPAN = 60.0
    """Seconds in which a bucket fills."""

    def __init__(self, burst: int, addresses: int = 20_000) -> None:
        self.burst = burst
        self.addresses = addresses
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, address: str, now: float) -> None:
        """Count one request of an address at a monotonic time in seconds.

        Raises:
            TooManyRequestsError: if its bucket is empty.
        """
        with self._lock:
            bucket = self._buckets.pop(address, None) or _Bucket(self.burst, now)
            bucket.left = min(self.burst, bucket.left + (now - bucket.at) * self.burst / self.SPAN)
            bucket.at = now
            self._buckets[address] = bucket
            if len(self._buckets) > self.addresses:
                self._buckets.popitem(last=False)
            if bucket.left < 1:
                raise TooManyRequestsError(limit=self.burst)
            bucket.left -= 1
