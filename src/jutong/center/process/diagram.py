"""Draws each process from its table, as a Mermaid state diagram and as rows of Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from jutong.center.process.table import Machine, Row

HEAD = (
    "| state | event | by | with | leads to | guards | clause |\n"
    "|---|---|---|---|---|---|---|"
)  # fmt: skip


def mermaid(machine: Machine) -> str:
    """Return the diagram of a process: an arrow per change of state, named by its events."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in machine.rows:
        if row.state != row.next:
            labels = arrows.setdefault((row.state, row.next), [])
            if str(row.event.label) not in labels:
                labels.append(str(row.event.label))
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{machine.states(state).label}" as {_name(state)}' for state in machine.states.values]
    lines += [f"    [*] --> {_name(state)}" for state in machine.initial]
    lines += [
        f"    {_name(state)} --> {_name(following)}: {'、'.join(labels)}"
        for (state, following), labels in arrows.items()
    ]
    left = {row.state for row in machine.rows if row.state != row.next}
    lines += [f"    {_name(state)} --> [*]" for state in machine.states.values if state not in left]
    return "\n".join(lines)


def table(machine: Machine) -> str:
    """Return the rows of a process as a Markdown table."""
    return "\n".join((HEAD, *(_line(row) for row in machine.rows)))


def page(machines: Iterable[Machine]) -> str:
    """Return the chapter of every process, in the order of their keys."""
    parts = []
    for machine in sorted(machines, key=lambda one: one.key):
        parts += [
            f"## {machine.key}: {machine.what}",
            "",
            "```mermaid",
            mermaid(machine),
            "```",
            "",
            table(machine),
            "",
        ]
    return "\n".join(parts)


def _name(state: str) -> str:
    return state.replace("-", "_")


def _line(row: Row) -> str:
    by = ", ".join(sorted({who.side.value for who in row.who}))
    rights = ", ".join(sorted({f"`{who.permission.value}`" for who in row.who if who.permission is not None})) or "-"
    guards = ", ".join(guard.value for guard in row.guards) or "-"
    return f"| {row.state} | {row.event.value} | {by} | {rights} | {row.next} | {guards} | {row.clause} |"
