"""The API of version 1: every router, the description made from them, and the addresses."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, re_path
from ninja import NinjaAPI

import jutong
from jutong.api import faults
from jutong.api.door import PUBLIC
from jutong.api.envelope import JSON, language_of, refusal
from jutong.api.errors import PathUnknownError
from jutong.api.gate import View, gate, not_allowed, strict
from jutong.api.parsing import JsonParser, JsonRenderer
from jutong.api.v1 import (
    accesses,
    agreements,
    applications,
    batches,
    bindings,
    calendars,
    catalog,
    changes,
    checks,
    clocks,
    complaints,
    corrections,
    demands,
    disposals,
    disputes,
    entries,
    exports,
    grants,
    imports,
    inbox,
    inventories,
    jobs,
    ledgers,
    library,
    life,
    me,
    norms,
    office,
    organisations,
    ownership,
    rectifications,
    returns,
    service_changes,
    sources,
    systems,
    templates,
    tokens,
    transfers,
    violations,
)

PREFIX = "/api/v1/"
DESCRIPTION = (
    "政务数据共享平台的接口。每次调用带Authorization: Bearer，用POST /api/v1/tokens换取。"
    "出错时一律返回同一种结构：code、message、next_step、fields；语言由Accept-Language决定。"
    "不认识的参数和字段、超过1 MiB的正文返回400，取值不对返回422，地址不接受的方法返回405。\n\n"
    "REST API of the sharing platform. Every refusal has the one envelope; its language follows Accept-Language. "
    "Unknown parameters, unknown fields and bodies over 1 MiB are refused with 400, wrong values with 422."
)

api = NinjaAPI(
    title="聚通 Jutong",
    version=jutong.__version__,
    description=DESCRIPTION,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api-v1",
    renderer=JsonRenderer(),
    parser=JsonParser(),
)
api.add_decorator(strict, mode="view")
faults.install(api)
for prefix, router in (
    ("tokens", tokens.router),
    ("me", me.router),
    ("organisations", organisations.router),
    ("systems", systems.router),
    ("catalog", catalog.router),
    ("catalog", entries.router),
    ("catalog", life.router),
    ("catalog", batches.router),
    ("", templates.router),
    ("", exports.router),
    ("", changes.router),
    ("", ownership.router),
    ("", inventories.router),
    ("corrections", corrections.router),
    ("", complaints.router),
    ("", norms.router),
    ("", bindings.router),
    ("sources", sources.router),
    ("imports", imports.router),
    ("applications", applications.router),
    ("demands", demands.router),
    ("disputes", disputes.router),
    ("returns", returns.router),
    ("", inbox.router),
    ("grants", grants.router),
    ("", office.router),
    ("agreements", agreements.router),
    ("breaches", agreements.breaches_router),
    ("", accesses.router),
    ("", rectifications.router),
    ("", disposals.router),
    ("", ledgers.router),
    ("", service_changes.router),
    ("jobs", jobs.router),
    ("target-checks", checks.router),
    ("transfers", transfers.router),
    ("library", library.router),
    ("calendar", calendars.router),
    ("clocks", clocks.router),
    ("violations", violations.router),
):
    api.add_router(prefix, router)


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description, made from the code once."""
    made = orjson.dumps(api.get_openapi_schema(path_prefix=PREFIX.lstrip("/")), option=orjson.OPT_NON_STR_KEYS)
    found: dict[str, Any] = orjson.loads(made)
    return found


def _read_only(view: View) -> View:
    def enter(request: HttpRequest) -> Any:
        if request.method not in {"GET", "HEAD"}:
            return not_allowed(request, "GET, HEAD")
        return view(request)

    enter.rule = PUBLIC  # type: ignore[attr-defined]  # what the architecture test reads
    return gate(enter)


@_read_only
def openapi(request: HttpRequest) -> HttpResponse:
    """Answer with the description."""
    return HttpResponse(orjson.dumps(description()), content_type=JSON)


@_read_only
def docs(request: HttpRequest) -> HttpResponse:
    """Show the operations to a person."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for address, methods in description()["paths"].items():
        for method, operation in methods.items():
            row = {**operation, "address": address, "method": method.upper(), "rule": operation["x-permission"]}
            groups.setdefault(operation["tags"][0], []).append(row)
    shown = {"groups": groups, "text": DESCRIPTION, "version": jutong.__version__, "language": language_of(request)}
    return render(request, "api/docs.html", shown)


def unknown(request: HttpRequest) -> HttpResponse:
    """Answer where nothing is."""
    return refusal(request, PathUnknownError(path=request.path))


unknown.rule = PUBLIC  # type: ignore[attr-defined]  # what the architecture test reads


def _gated() -> list[URLPattern]:
    patterns, _, _ = api.urls
    found = [pattern for pattern in patterns if isinstance(pattern, URLPattern) and pattern.name != "api-root"]
    for pattern in found:
        pattern.callback = gate(pattern.callback)
    return found


urlpatterns = [
    path("openapi.json", openapi, name="api-openapi"),
    path("docs", docs, name="api-docs"),
    *_gated(),
    re_path(r"^.*$", unknown),
]
