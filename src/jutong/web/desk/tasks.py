from __future__ import annotations

from jutong.center.sharing.queries import Task, TaskKind


def task_link(task: Task) -> str:
    """Return the page where a task is done."""
    if task.kind in {TaskKind.CATALOG_REVIEW, TaskKind.CATALOG_CONSENT}:
        return f"/review/{task.subject_id}"
    if task.is_catalog:
        return f"/manage/entries/{task.number}"
    return f"/applications/{task.number}"
