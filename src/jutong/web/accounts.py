"""Sign-in belongs to a library; what is ours: nobody signs up, administrators need a second factor."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth publishes no types
    """Nobody signs up here: people are appointed to posts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Send people to their workbench."""
        return "/"
