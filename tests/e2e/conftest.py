from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from jutong.demo.load import password_of
from tests.e2e import platform as running
from tests.e2e.platform import Platform
from tests.e2e.visitor import Visitor

QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


@pytest.fixture(scope="package")
def platform(chromium: str) -> Iterator[Platform]:
    made = running.start()
    yield made
    running.stop(made)


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture
def visit(platform: Platform, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Somebody at a browser of the own; ``username`` empty stays outside."""
    opened: list[Visitor] = []

    def enter(username: str = "", *, width: int = 1440, height: int = 900, script: bool = True) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", java_script_enabled=script
        )
        visitor = Visitor(context.new_page(), platform)
        opened.append(visitor)
        if username:
            visitor.sign_in(username, password_of(username))
        return visitor

    yield enter
    for visitor in opened:
        visitor.page.context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the platform's logs with a failure."""
    report = yield
    platform = getattr(item, "funcargs", {}).get("platform")
    if report.failed and isinstance(platform, Platform):
        report.sections.append(("platform logs", platform.logs()))
    return report
