"""Every write of returns. Each is one transaction with its audit event inside."""

from __future__ import annotations

from jutong.center.returns.actions.asking import ask_return, confirm_return, withdraw_return
from jutong.center.returns.actions.comparing import compare_return, count_return, end_return

__all__ = ["ask_return", "compare_return", "confirm_return", "count_return", "end_return", "withdraw_return"]
