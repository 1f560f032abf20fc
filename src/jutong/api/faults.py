"""Every exception an operation may end with, as the one error envelope."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from jutong.api.envelope import language_of, refusal
from jutong.api.errors import (
    BodyTooLargeError,
    BodyUnreadableError,
    FieldUnknownError,
    PathUnknownError,
    RegistryDownError,
    RequestFaultError,
)
from jutong.api.parsing import LARGEST_BODY
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.kernel.i18n import gettext_noop, translate
from jutong.kernel.ids import uuid7

logger = logging.getLogger(__name__)
UNKNOWN_FIELD = "extra_forbidden"
_BODY = "body"
_MESSAGES = {
    "missing": gettext_noop("必须填写"),
    "string_type": gettext_noop("应为文字"),
    "string_too_long": gettext_noop("最多{max_length}个字"),
    "string_too_short": gettext_noop("至少{min_length}个字"),
    "string_pattern_mismatch": gettext_noop("不符合格式{pattern}"),
    "int_type": gettext_noop("应为整数"),
    "int_parsing": gettext_noop("应为整数"),
    "int_from_float": gettext_noop("应为整数"),
    "bool_type": gettext_noop("应为true或false"),
    "greater_than_equal": gettext_noop("应不小于{ge}"),
    "less_than_equal": gettext_noop("应不大于{le}"),
    "too_long": gettext_noop("最多{max_length}项"),
    "too_short": gettext_noop("至少{min_length}项"),
    "list_type": gettext_noop("应为列表"),
    "tuple_type": gettext_noop("应为列表"),
    "dict_type": gettext_noop("应为对象"),
    "model_type": gettext_noop("应为对象"),
    "model_attributes_type": gettext_noop("应为对象"),
    "enum": gettext_noop("应为其中之一：{expected}"),
    "literal_error": gettext_noop("应为其中之一：{expected}"),
    "value_error": gettext_noop("应为{error}"),
}


def place_of(error: Mapping[str, Any]) -> str:
    """Return the field a validation error is about, without the name our own code gives the body."""
    source, *rest = (str(part) for part in error["loc"])
    return ".".join(rest[1:] if source == _BODY else rest) or source


def _row(error: Mapping[str, Any], language: str) -> dict[str, str]:
    template = _MESSAGES.get(error["type"], "")
    message = translate(template, language).format(**error.get("ctx", {})) if template else str(error["msg"])
    return {"field": place_of(error), "found": "", "allowed": message, "message": message, "clause": ""}


def invalid(request: HttpRequest, problem: ValidationError) -> HttpResponse:
    """Refuse values of another type or size with 422, fields nobody knows with 400."""
    unknown = [place_of(error) for error in problem.errors if error["type"] == UNKNOWN_FIELD]
    if unknown:
        return refusal(request, FieldUnknownError(names="、".join(name[:64] for name in unknown[:10])))
    language = language_of(request)
    return refusal(request, InvalidInputError(problems=[_row(error, language) for error in problem.errors[:20]]))


def _http(request: HttpRequest, problem: HttpError) -> HttpResponse:
    cause = problem.__cause__
    known = cause if isinstance(cause, JutongError) else BodyUnreadableError(reason=str(problem))
    return refusal(request, known)


def fault(request: HttpRequest, problem: Exception) -> HttpResponse:
    """Log what nobody foresaw and answer with its number."""
    incident = str(uuid7())[-12:]
    logger.error("request failed, incident %s", incident, exc_info=problem)
    return refusal(request, RequestFaultError(incident=incident))


def _down(request: HttpRequest, problem: Exception) -> HttpResponse:
    logger.error("registry does not answer", exc_info=problem)
    return refusal(request, RegistryDownError())


def install(api: NinjaAPI) -> None:
    """Hand every kind of exception to its answer."""
    handlers: tuple[tuple[type[Exception], Any], ...] = (
        (JutongError, refusal),
        (ValidationError, invalid),
        (HttpError, _http),
        (Http404, lambda request, _: refusal(request, PathUnknownError(path=request.path))),
        (RequestDataTooBig, lambda request, _: refusal(request, BodyTooLargeError(found="?", limit=LARGEST_BODY))),
        (OperationalError, _down),
        (InterfaceError, _down),
        (Exception, fault),
    )
    for kind, handler in handlers:
        api.add_exception_handler(kind, handler)
