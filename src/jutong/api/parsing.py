"""Reads what comes in and writes what goes out: exact JSON, in UTF-8, bounded."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from jutong.api.envelope import plain
from jutong.api.errors import BodyUnreadableError
from jutong.kernel.i18n import gettext_noop

LARGEST_BODY = 1024 * 1024
"""Bytes of the longest body the API takes."""


def has_nul(value: Any) -> bool:
    """Tell whether any text inside holds U+0000, which no column can keep."""
    pending = [value]
    while pending:
        found = pending.pop()
        if isinstance(found, str):
            if "\x00" in found:
                return True
        elif isinstance(found, dict):
            pending += [*found, *found.values()]
        elif isinstance(found, list):
            pending += found
    return False


class JsonParser(Parser):
    """Reads bodies strictly: UTF-8 only, no NaN, no lone surrogate, no NUL, no endless nesting."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body.

        Raises:
            BodyUnreadableError: if it is no such JSON.
        """
        try:
            found = orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise BodyUnreadableError(reason=str(error)) from error
        if has_nul(found):
            raise BodyUnreadableError(reason=gettext_noop("含空字符"))
        return found


class JsonRenderer(BaseRenderer):
    """Writes answers as UTF-8, Chinese as Chinese."""

    media_type = "application/json"
    charset = "utf-8"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """Return the answer's bytes."""
        return orjson.dumps(data, default=plain, option=orjson.OPT_UTC_Z)
