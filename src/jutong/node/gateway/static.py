"""The one static file the gateway's pages need: the stylesheet of the platform."""

from __future__ import annotations

from pathlib import Path

import jutong
from jutong.node.gateway.app import Page
from jutong.node.gateway.http import Answer, Receive, Scope, Send, send_answer

STYLESHEET = Path(jutong.__file__).parent / "web" / "static" / "jutong.css"


def stylesheet() -> Page:
    """Return the page that serves the stylesheet, read once."""
    answer = Answer(200, STYLESHEET.read_bytes(), b"text/css; charset=utf-8")

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await send_answer(send, answer)

    return page
