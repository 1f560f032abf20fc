"""What stands before every operation: the caller's language, the body's size and kind, and nothing unknown."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from ninja import Status
from ninja.operation import Operation

from jutong.api.envelope import JSON, language_of, refusal
from jutong.api.errors import (
    BodyTooLargeError,
    BodyUnexpectedError,
    MediaTypeError,
    MethodRefusedError,
    ParameterRepeatedError,
    ParameterUnknownError,
    PathUnknownError,
    TextUnreadableError,
)
from jutong.api.parsing import LARGEST_BODY
from jutong.kernel.errors import JutongError

View = Callable[..., HttpResponseBase]
NOT_ALLOWED = 405
NOTHING = "—"


def gate(view: View) -> View:
    """Wrap an address: answer in the caller's language, and a method it does not know with the envelope."""

    @functools.wraps(view)
    def enter(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override(language_of(request)):
            try:
                _check_size(request)
                response = view(request, *args, **kwargs)
            except JutongError as problem:
                return refusal(request, problem)
            except Http404:
                return refusal(request, PathUnknownError(path=request.path))
            if response.status_code == NOT_ALLOWED:
                return not_allowed(request, response["Allow"])
            return response

    return enter


def not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """Refuse a method."""
    response = refusal(request, MethodRefusedError(path=request.path, method=request.method, allowed=allowed))
    response["Allow"] = allowed
    return response


def _check_size(request: HttpRequest) -> None:
    text = request.META.get("CONTENT_LENGTH") or "0"
    found = int(text) if text.isascii() and text.isdigit() else 0
    if found > LARGEST_BODY:
        raise BodyTooLargeError(found=found, limit=LARGEST_BODY)


def strict(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap an operation: refuse parameters it does not have, and a body where it takes none."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]  # the decorator gets a bound method
    _answer_with_own_status(operation)
    parameters, lists = _parameters(operation)
    takes_body = any(model.__ninja_param_source__ == "body" for model in operation.models)

    @functools.wraps(run)
    def enter(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            _check_parameters(request, parameters, lists)
            if any("\x00" in str(value) for value in kwargs.values()):
                raise TextUnreadableError
            _check_body(request, takes_body=takes_body)
        except JutongError as problem:
            return refusal(request, problem)
        return run(request, **kwargs)

    return enter


def _answer_with_own_status(operation: Operation) -> None:
    """Let an operation return the answer alone; its status is the one declared below 300."""
    status = min(operation.response_models)
    view = operation.view_func

    @functools.wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Status[Any] | HttpResponseBase:
        found = view(*args, **kwargs)
        return found if isinstance(found, HttpResponseBase) else Status(status, found)

    operation.view_func = answer


def _parameters(operation: Operation) -> tuple[frozenset[str], frozenset[str]]:
    names: set[str] = set()
    lists: set[str] = set()
    for model in operation.models:
        if model.__ninja_param_source__ == "query":
            names |= set(model.__ninja_flatten_map__)
            lists |= set(model.__ninja_collection_fields__)
    return frozenset(names), frozenset(lists)


def _check_parameters(request: HttpRequest, names: frozenset[str], lists: frozenset[str]) -> None:
    unknown = sorted(set(request.GET) - names)
    if unknown:
        shown = "、".join(name[:64] for name in unknown[:10])
        raise ParameterUnknownError(names=shown, allowed="、".join(sorted(names)) or NOTHING)
    repeated = [name for name in sorted(names - lists) if len(request.GET.getlist(name)) > 1]
    if repeated:
        raise ParameterRepeatedError(names="、".join(repeated))
    if any("\x00" in value for name in request.GET for value in request.GET.getlist(name)):
        raise TextUnreadableError


def _check_body(request: HttpRequest, *, takes_body: bool) -> None:
    if not request.body:
        return
    if not takes_body:
        raise BodyUnexpectedError
    if request.content_type != JSON:
        raise MediaTypeError(found=(request.content_type or "")[:100])
