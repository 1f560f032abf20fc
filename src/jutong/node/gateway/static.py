"""The few static files the gateway's pages need: the stylesheet of the platform, and what charts are drawn by."""

from __future__ import annotations

import asyncio
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


def script(name: str) -> Page:
    """Return the page that serves a script of the platform, read when it is first asked for."""
    held: list[Answer] = []

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        if not held:
            content = await asyncio.to_thread(STYLESHEET.with_name(name).read_bytes)
            held.append(Answer(200, content, b"text/javascript; charset=utf-8"))
        await send_answer(send, held[0])

    return page
