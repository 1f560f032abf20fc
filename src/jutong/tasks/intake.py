"""Work on imported batches as jobs of the queue. Import only when Django is ready.

Both may be killed at any moment and run again: they go on where the last finished chunk ended.
"""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from jutong.center.intake import actions, queue
from jutong.center.intake.enums import Outcome
from jutong.center.intake.models import Batch
from jutong.center.org.actor import platform_actor
from jutong.center.org.models import Post
from jutong.center.org.queries import actor_for
from jutong.kernel.clock import utc_now


@app.task(name=queue.CHECK)
def check_batch(batch_id: str) -> None:
    """Check the rows of a batch."""
    actions.check_batch(batch_id=UUID(batch_id), by=platform_actor("intake check"), now=utc_now())


@app.task(name=queue.DRAFT)
def draft_batch(batch_id: str, post_id: str, outcomes: list[str]) -> None:
    """Make drafts of a batch for whoever asked, in the post they asked in."""
    post = Post.objects.select_related("user", "organisation").get(id=UUID(post_id))
    batch = Batch.objects.get(id=UUID(batch_id))
    only = [Outcome(outcome) for outcome in outcomes]
    actions.make_drafts(batch=batch, only=only, by=actor_for(post), now=utc_now())
