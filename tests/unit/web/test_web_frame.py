"""What every page shares: policy, switches, languages, errors, and how days and clocks are written."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.test import Client
from django.utils import translation

from jutong.center.clocks.queries import ClockView
from jutong.kernel.errors import InvalidInputError
from jutong.web import problems
from jutong.web.labels import problem_rows
from jutong.web.templatetags import ui
from tests.sharing_world import World
from tests.unit.web.conftest import SignIn


def clock(**changes: Any) -> ClockView:
    usual: dict[str, Any] = {
        "total": 10, "used": 4, "remaining": 6, "state": "ok", "due_on": date(2026, 11, 24), "provisional": False,
        "clause": "条例 21(1)",
    }  # fmt: skip
    names = ClockView.__dataclass_fields__
    return ClockView(**{name: value for name, value in (usual | changes).items() if name in names})


def test_every_answer_carries_the_policy(world: World, enter: SignIn) -> None:
    response = enter("steward").get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    text = response.content.decode()
    assert " style=" not in text
    assert "<style" not in text
    assert "onclick" not in text


@pytest.mark.parametrize(
    ("query", "cookie", "value"),
    [
        ("?lang=en&q=x", "django_language", "en"),
        ("?size=large", "jutong_size", "large"),
        ("?theme=dark", "jutong_theme", "dark"),
    ],
)
def test_switches_are_links_that_clean_the_address(db, client: Client, query: str, cookie: str, value: str) -> None:
    response = client.get("/login" + query)
    assert response.status_code == 302
    assert response.cookies[cookie].value == value
    assert response.headers["Location"] == ("/login?q=x" if "q=x" in query else "/login")
    page = client.get("/login").content.decode()
    assert {"en": 'lang="en"', "large": 'data-size="large"', "dark": 'data-theme="dark"'}[value] in page


def test_an_unknown_switch_changes_nothing(db, client: Client) -> None:
    assert client.get("/login?lang=xx&size=huge").status_code == 200


def test_pages_speak_chinese_until_somebody_switches(db, client: Client) -> None:
    response = client.get("/login", headers={"Accept-Language": "en-US,en;q=0.9"})
    assert 'lang="zh-Hans"' in response.content.decode()
    assert response.headers["Content-Language"].startswith("zh")


def test_an_unknown_address_is_a_page_inside_the_frame(world: World, enter: SignIn) -> None:
    response = enter("steward").get("/nowhere")
    assert response.status_code == 404
    text = response.content.decode()
    assert "web.page.not-found" in text
    assert "sidenav" in text


def test_an_address_that_takes_forms_only_says_so(world: World, enter: SignIn) -> None:
    response = enter("steward").get("/post")
    assert response.status_code == 405
    assert "web.page.method-refused" in response.content.decode()


@pytest.mark.parametrize(
    ("handler", "status"), [(problems.denied, 403), (problems.bad_request, 400), (problems.not_found, 404)]
)
def test_handlers_answer_pages_and_programs(db, rf, handler: Any, status: int) -> None:
    from django.contrib.auth.models import AnonymousUser

    for path in ("/x", "/api/v1/x"):
        request: HttpRequest = rf.get(path)
        request.user = AnonymousUser()
        response = handler(request, ValueError("x"))
        assert response.status_code == status
        assert ("json" in response.headers["Content-Type"]) is path.startswith("/api/")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_unexpected_is_numbered_and_shows_nothing_of_itself(
    rf, caplog: pytest.LogCaptureFixture, language: str
) -> None:
    with translation.override(language), caplog.at_level(logging.ERROR):
        try:
            int("机密")
        except ValueError:
            response: Any = problems.failed(rf.get("/x"))
            answer: Any = problems.failed(rf.get("/api/v1/x"))
    text = response.content.decode()
    assert response.status_code == answer.status_code == 500
    assert "机密" not in text
    number = caplog.records[0].getMessage().split()[-1]
    assert number in text
    assert caplog.records[0].exc_info


def test_days_and_times_are_written_as_people_say_them() -> None:
    this_year = datetime.now(UTC).year
    assert ui.day(None) == ui.moment(None) == ""
    assert ui.day(date(2020, 11, 24)) == "2020年11月24日周二"
    assert ui.day(date(this_year, 6, 1)).startswith("6月1日周")
    assert ui.moment(datetime(2020, 11, 24, 2, 31, tzinfo=UTC)) == "2020年11月24日周二 10:31"
    with translation.override("en"):
        assert ui.day(date(2020, 11, 24)) == "24 Nov 2020"


@pytest.mark.parametrize(
    ("changes", "words", "marks"),
    [
        ({}, "剩6个工作日", ["u"] * 4 + [""] * 6),
        ({"remaining": 0, "used": 10, "state": "soon"}, "今天到期", ["u"] * 10),
        ({"remaining": -2, "used": 10, "state": "over"}, "已超2个工作日", ["u"] * 10 + ["x"]),
        ({"state": "paused"}, "计时已暂停", ["u"] * 4 + ["p"] * 6),
        ({"state": "done", "used": 3}, "用时3个工作日", ["u"] * 3 + [""] * 7),
        ({"total": 40, "used": 20}, "剩6个工作日", ["u"] * 10 + [""] * 10),
    ],
)
def test_a_clock_is_said_in_words_and_drawn_in_cells(changes: dict[str, Any], words: str, marks: list[str]) -> None:
    assert ui.deadline_text(clock(**changes)) == words
    assert ui.cells(clock(**changes)) == marks
    assert ui.deadline(clock(**changes))["verb"] == "答复"


def test_lookup_of_what_is_not_there_is_empty() -> None:
    assert ui.lookup({"a": 1}, "a") == 1
    assert ui.lookup({}, "a") == ""


def test_findings_lead_to_their_controls() -> None:
    rows = problem_rows(
        InvalidInputError(
            problems=[
                {"field": "basis", "message": "必须填写", "clause": "条例 20(2)"},
                {"field": "姓名", "message": "只能按申请给"},
                {"field": "摘要", "place": "summary", "message": "太短", "way_out": "写满10个字"},
                {"field": "", "message": "整张表"},
            ]
        )
    )
    assert [(row.label, row.anchor) for row in rows] == [
        ("使用依据", "basis"), ("姓名", ""), ("摘要", "summary"), ("", ""),
    ]  # fmt: skip
    assert rows[2].message == "太短 写满10个字"


@pytest.mark.parametrize(("typed", "number"), [("3", 3), ("0", 1), ("-1", 1), ("x", 1), ("9" * 30, 1)])
def test_a_page_number_nobody_can_read_is_the_first(rf, typed: str, number: int) -> None:
    from jutong.web.door import Visit
    from jutong.web.paging import page_number

    visit = Visit(rf.get("/", {"page": typed}), None, None, datetime.now(UTC))  # type: ignore[arg-type]
    assert page_number(visit) == number


def test_an_address_keeps_its_other_values(rf) -> None:
    from jutong.web.door import Visit

    visit = Visit(rf.get("/x?a=1&a=2&page=3&after=z"), None, None, datetime.now(UTC))  # type: ignore[arg-type]
    assert QueryDict(visit.query(page=4, after=None)[1:]).dict() == {"a": "2", "page": "4"}


@pytest.mark.parametrize("address", ["/", "/catalog", "/inbox", "/admin/nodes", "/grants", "/jobs"])
def test_a_page_to_read_takes_no_form(world: World, enter: SignIn, address: str) -> None:
    response = enter("system_admin").post(address)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"


def test_every_page_states_its_rule() -> None:
    from django.urls import URLPattern, URLResolver, get_resolver

    def views(patterns: list[Any], prefix: str = "") -> Any:
        for found in patterns:
            if isinstance(found, URLResolver):
                yield from views(found.url_patterns, prefix + str(found.pattern))
            elif isinstance(found, URLPattern):
                yield prefix + str(found.pattern), found.callback

    pages = list(views(get_resolver("jutong.web.urls").url_patterns))
    assert len(pages) > 70
    assert [address for address, view in pages if not hasattr(view, "rule")] == []


def test_forms_may_lead_to_the_gateway_and_the_unified_service_only(settings) -> None:
    from dataclasses import replace

    from jutong.web.middleware import PageMiddleware

    settings.JUTONG = replace(settings.JUTONG, oidc_server="https://sso.example/realms/city")
    policy = PageMiddleware(lambda _: HttpResponse()).policy
    assert policy.endswith(f"form-action 'self' {settings.JUTONG.gateway_base} https://sso.example")
