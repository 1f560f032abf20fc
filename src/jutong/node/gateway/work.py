"""The door for people at work at the node: forms come in, pages go out, every step belongs to a visit."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Generic

from typing_extensions import override

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import SOURCE_LANGUAGE, gettext_noop
from jutong.node.errors import GatewayFaultError
from jutong.node.gateway.http import (
    LARGEST_BATCH,
    Answer,
    HungUpError,
    Receive,
    Scope,
    Send,
    form_of,
    headers_of,
    language_of,
    read_body,
    send_answer,
)
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.pages import Page
from jutong.node.gateway.tickets import HTML, SECURITY
from jutong.node.gateway.visits import Order, Visit, Visits

LOGGER = logging.getLogger(__name__)
MOST_FIELDS = 2_000
LANGUAGES = {"zh-hans": SOURCE_LANGUAGE, "en": "en"}


class WorkPage(Page):
    """Pages of a visit. ``path`` is where its forms go."""

    def __init__(self, language: str, path: str) -> None:
        super().__init__(language)
        self._path = path

    @override
    def problem(self, error: JutongError, record_id: str = "", token: str = "") -> bytes:
        """Return the page of a step that was refused, with the way back into the visit."""
        title = self.say(gettext_noop("没有办成"))
        back = self.button(token, self.say(gettext_noop("返回")), {}) if token else ""
        return self.whole(
            title,
            '<section class="card"><div class="card-body stack-sm" role="alert">'
            f"<p><b>{escape(error.explain(self._language))}</b></p><p>{escape(error.advise(self._language))}</p>"
            f'<p class="note">{self.say(gettext_noop("错误号"))} <span class="mono">{escape(error.code)}</span></p>'
            f"{back}</div></section>",
        )

    def explain(self, error: JutongError) -> tuple[str, str]:
        """Return what is wrong and what can be done, escaped."""
        return escape(error.explain(self._language)), escape(error.advise(self._language))

    def form(self, token: str, content: str, *, css: str = "stack", **hidden: str) -> str:  # type: ignore[override]
        """Return a form of the visit around escaped content."""
        fields = hidden_fields({"visit": token, **hidden})
        return f'<form method="post" action="{self._path}" autocomplete="off" class="{css}">{fields}{content}</form>'

    def button(self, token: str, label: str, values: Mapping[str, str], css: str = "btn btn-sm") -> str:
        """Return a form that is only a button; the label is escaped already."""
        return self.form(token, f'<button class="{css}">{label}</button>', css="actions", **values)

    def notice(self, text: str, tone: str = "ok") -> str:
        """Return a line that says what happened; the text is escaped already."""
        return f'<div class="alert" data-tone="{tone}" role="status"><p>{text}</p></div>' if text else ""


def hidden_fields(values: Mapping[str, str]) -> str:
    """Return hidden inputs."""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
    )


@dataclass
class WorkDoor(Generic[Order]):
    """One address of the gateway for one kind of visit.

    Attributes:
        path: the address.
        visits: the visits of this kind.
        opened: called when a visit begins, before anything is shown.
        act: takes a step and returns the page that follows.
        clock: seconds since 1970 UTC.
    """

    path: str
    visits: Visits[Order]
    opened: Callable[[Visit[Order]], Awaitable[None]]
    act: Callable[[Visit[Order], dict[str, str], WorkPage], Awaitable[bytes]]
    clock: Callable[[], float]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        page, token = WorkPage(SOURCE_LANGUAGE, self.path), ""
        try:
            headers = headers_of(scope)
            page = WorkPage(language_of(headers), self.path)
            form = form_of(headers, await read_body(receive, LARGEST_BATCH), MOST_FIELDS)
            visit = await self._visit(form)
            token = visit.token
            page = WorkPage(visit.kept.get("language") or language_of(headers), self.path)
            answer = Answer(200, await self.act(visit, form, page), HTML)
        except HungUpError:
            return
        except JutongError as error:
            answer = Answer(error.http_status, page.problem(error, token=token), HTML)
        except Exception:
            incident = new_id(int(self.clock() * 1000))[-12:]
            LOGGER.exception("step of a visit failed, incident %s", incident)
            fault = GatewayFaultError(incident=incident)
            answer = Answer(fault.http_status, page.problem(fault, token=token), HTML)
        await send_answer(send, answer, SECURITY)

    async def _visit(self, form: dict[str, str]) -> Visit[Order]:
        now, ticket = self.clock(), form.pop("ticket", "")
        if not ticket:
            return self.visits.find(form.pop("visit", ""), now)
        visit = self.visits.begin(ticket, now)
        visit.kept["language"] = LANGUAGES.get(form.pop("language", ""), "")
        try:
            await self.opened(visit)
        except BaseException:
            self.visits.end(visit.token)
            raise
        return visit
