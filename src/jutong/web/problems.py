"""Whole-page errors outside a view: no such page, wrong method, an expired form, the unexpected.

An unexpected error carries a number that is also in the log, so that a person can name it on the telephone.
"""

from __future__ import annotations

import logging
import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.ids import uuid7
from jutong.web.door import problem_page

logger = logging.getLogger(__name__)
API = "/api/"


class PageNotFoundError(JutongError):
    """No page has this address."""

    code = "web.page.not-found"
    http_status = 404
    message = gettext_noop("没有这个页面。")
    next_step = gettext_noop("地址可能抄错了，也可能已经改名；可以从左边的菜单或上面的搜索找。")


class MethodRefusedError(JutongError):
    """The address takes forms only, or is for reading only."""

    code = "web.page.method-refused"
    http_status = 405
    message = gettext_noop("这个地址不能这样打开，它只接受{allowed}。")
    next_step = gettext_noop("请回到上一页，用页面上的按钮办理。")


class FormExpiredError(JutongError):
    """The form's token does not fit the session."""

    code = "web.form.expired"
    http_status = 403
    message = gettext_noop("这张表单已经过期，没有提交成功。")
    next_step = gettext_noop("多半是中途重新登录过，或浏览器不接受Cookie。请返回、刷新页面后再提交一次。")


class RequestRefusedError(JutongError):
    """The request is malformed or too large."""

    code = "web.request.refused"
    http_status = 400
    message = gettext_noop("这次提交的内容太大或格式不对，没有处理。")
    next_step = gettext_noop("请返回，减少一次提交的内容后再试。")


class PageDeniedError(JutongError):
    """A library refused the request."""

    code = "web.page.denied"
    http_status = 403
    message = gettext_noop("这一步没有被允许。")
    next_step = gettext_noop("请从工作台重新开始；仍然不行，请把错误号告诉平台管理员。")


class PageFailedError(JutongError):
    """Something nobody foresaw; the log has it under the same number."""

    code = "web.page.failed"
    http_status = 500
    message = gettext_noop("出了意外的问题，这一步没有做成。")
    next_step = gettext_noop("已经存下的内容都在。请稍后再试；仍然不行，请把错误号{number}告诉平台管理员。")


def _answer(request: HttpRequest, problem: JutongError) -> HttpResponseBase:
    if request.path.startswith(API):
        return JsonResponse(problem.envelope(get_language() or "zh-hans"), status=problem.http_status)
    return problem_page(request, problem)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer an unknown address."""
    return _answer(request, PageNotFoundError())


def denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what a library refuses."""
    return _answer(request, PageDeniedError())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer a malformed or oversize request."""
    return _answer(request, RequestRefusedError())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form whose token does not fit."""
    logger.warning("form refused: %s", reason)
    return _answer(request, FormExpiredError())


def method_refused(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Answer a method the address does not take."""
    allowed = response.headers.get("Allow", "")
    page = _answer(request, MethodRefusedError(allowed=allowed))
    page.headers["Allow"] = allowed
    return page


def failed(request: HttpRequest) -> HttpResponseBase:
    """Answer the unexpected, without the registry: it may be what failed."""
    problem = PageFailedError(number=str(uuid7()))
    logger.error("%s %s", problem.code, problem.fields["number"], exc_info=sys.exc_info())
    if request.path.startswith(API):
        return _answer(request, problem)
    language = get_language() or "zh-hans"
    english = language.startswith("en")
    context = {
        "problem": problem, "text": problem.explain(language), "advice": problem.advise(language), "back": "/",
        "kind": "problem", "shell": "entrance.html", "city": settings.JUTONG.city, "demo": settings.JUTONG.demo,
        "LANGUAGE_CODE_HTML": "en" if english else "zh-Hans", "LANGUAGE_CODE": "en" if english else "zh-hans",
    }  # fmt: skip
    return HttpResponse(render_to_string("errors/problem.html", context), status=problem.http_status)
