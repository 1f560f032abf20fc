"""What an order's care asks of the session that reads: batches no larger than a second's worth, and time limits."""

from __future__ import annotations

from jutong.contracts.care import Care
from jutong.contracts.orders import JobOrder

ROW_BYTES = 256
"""What a row is taken to have before any was seen."""

FEWEST_BYTES = 64 * 1024
PATIENT_SECONDS = 600
"""How long a MySQL server waits for a reader that keeps its pace."""

TOO_LONG = "statement timeout"
LOCKED = "lock timeout"


def batch_rows(order: JobOrder, usual: int) -> int:
    """Return how many rows to read at once."""
    return min(usual, order.care.rows_per_second or usual) if order.care else usual


def batch_bytes(order: JobOrder, usual: int) -> int:
    """Return how many bytes to read at once, about."""
    if order.care is None:
        return usual
    wanted = min(order.care.bytes_per_second or usual, order.care.rows_per_second * ROW_BYTES or usual)
    return max(FEWEST_BYTES, min(usual, wanted))


def postgresql(order: JobOrder) -> tuple[str, ...]:
    """Return the statements that bound a session of PostgreSQL."""
    care = order.care or Care()
    bounds = (("statement_timeout", care.statement_seconds), ("lock_timeout", care.lock_seconds))
    return tuple(f"SET LOCAL {name} = '{seconds:d}s'" for name, seconds in bounds if seconds)


def mysql(order: JobOrder, server: str) -> tuple[str, ...]:
    """Return the statements that bound a session of MariaDB or MySQL.

    Args:
        order: the job's.
        server: its version as it says it.
    """
    if order.care is None:
        return ()
    found = [f"SET SESSION net_write_timeout = {PATIENT_SECONDS:d}"]
    if seconds := order.care.statement_seconds:
        maria = "mariadb" in server.lower()
        found.append(
            f"SET SESSION max_{'statement_time' if maria else 'execution_time'} = {seconds * (1 if maria else 1_000):d}"
        )
    if seconds := order.care.lock_seconds:
        found.append(f"SET SESSION lock_wait_timeout = {seconds:d}, innodb_lock_wait_timeout = {seconds:d}")
    return tuple(found)
