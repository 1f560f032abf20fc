"""The nodes' door: a node asks for its orders and hands in its receipts, each under its own signature."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError

from jutong.center.fleet import queries
from jutong.center.fleet.errors import NodeDocumentError
from jutong.center.fleet.models import Node
from jutong.center.fleet.receipts import DOCUMENT_LIMIT, apply_receipt, authenticate, read_poll
from jutong.contracts.envelope import Envelope
from jutong.contracts.poll import PollAnswer
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import preferred

logger = logging.getLogger(__name__)
RULE = "node-envelope"
"""The authorisation of these views: the sealed cover of a registered node."""
View = Callable[[HttpRequest], HttpResponse]


def _envelope(request: HttpRequest) -> Envelope:
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise NodeDocumentError(reason="size", limit=DOCUMENT_LIMIT) from error
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))} {first['msg']}".strip()[:200]
        raise NodeDocumentError(reason=reason, limit=DOCUMENT_LIMIT) from error


def _door(view: Callable[[HttpRequest, Node, Envelope], HttpResponse]) -> View:
    @functools.wraps(view)
    def enter(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        try:
            envelope = _envelope(request)
            return view(request, authenticate(envelope), envelope)
        except JutongError as problem:
            logger.warning("nodes' door refused %s: %s", problem.code, json.dumps(sorted(problem.fields)))
            language = preferred(request.headers.get("Accept-Language", ""))
            return JsonResponse(problem.envelope(language), status=problem.http_status)

    enter.rule = RULE  # type: ignore[attr-defined]  # what the architecture test reads
    return csrf_exempt(enter)


@_door
def poll(request: HttpRequest, node: Node, envelope: Envelope) -> HttpResponse:
    """Answer a sealed ``poll`` with the orders that follow and a sealed heartbeat of this moment."""
    now = utc_now()
    after = read_poll(node, envelope, now)
    beat = queries.heartbeat(node, now)
    answer = PollAnswer(orders=tuple(queries.order_feed(node, after)), heartbeat=beat)
    return HttpResponse(answer.model_dump_json(), content_type="application/json")


@_door
def receipts(request: HttpRequest, node: Node, envelope: Envelope) -> HttpResponse:
    """Apply one sealed receipt. 200 means that it is kept and need not be sent again."""
    applied = apply_receipt(node=node, envelope=envelope, now=utc_now())
    return JsonResponse({"id": applied.id, "duplicate": applied.duplicate, "problem": applied.problem})


urlpatterns = [path("poll", poll, name="node-poll"), path("receipts", receipts, name="node-receipts")]
