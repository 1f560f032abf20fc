"""Whether and when a call is made again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from jutong.client.errors import GatewayUnreachableError, RefusedError

BUSY = (429, 503)


@dataclass(frozen=True)
class Retry:
    """How often a call is tried and how long is waited in between, in seconds.

    A call that was told to come back (429 or 503) is signed anew and made again when the gateway said, or after a
    growing, random wait. A call that got no answer is sent again exactly as it was: should it have arrived the first
    time, the gateway refuses the copy, so no call is answered twice. Who is told to wait longer than ``longest``, for
    tomorrow's quota say, is not kept waiting.
    """

    attempts: int = 4
    first: float = 0.2
    longest: float = 10.0

    def wait(self, attempt: int, problem: RefusedError | GatewayUnreachableError) -> float | None:
        """Return seconds to wait before the next try, or None to give up.

        Args:
            attempt: how many tries were made, from one.
            problem: how the last one ended.
        """
        if attempt >= self.attempts:
            return None
        growing = min(self.first * 2 ** (attempt - 1), self.longest)
        chosen = random.uniform(growing / 2, growing)  # noqa: S311 - spreads callers, keeps no secret
        if isinstance(problem, GatewayUnreachableError):
            return chosen
        if problem.http_status not in BUSY:
            return None
        asked = problem.retry_after or 0
        return max(float(asked), chosen) if asked <= self.longest else None


NEVER = Retry(attempts=1)
"""Every problem is the caller's at once."""
