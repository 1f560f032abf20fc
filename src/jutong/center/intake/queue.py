"""Putting work on batches into the queue, in the transaction of the decision that causes it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from procrastinate.contrib.django import app

CHECK, DRAFT = "check-batch", "draft-batch"
"""Names of the jobs; the worker's own modules say what each does."""


def ask_check(batch_id: UUID) -> None:
    """Have a batch checked by the worker."""
    app.configure_task(CHECK, lock=f"batch-{batch_id}").defer(batch_id=str(batch_id))


def ask_drafts(batch_id: UUID, *, post_id: UUID | None, outcomes: Sequence[str]) -> None:
    """Have drafts made by the worker, on behalf of the post that asked for them."""
    app.configure_task(DRAFT, lock=f"batch-{batch_id}").defer(
        batch_id=str(batch_id), post_id=str(post_id), outcomes=list(outcomes)
    )
