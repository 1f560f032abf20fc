"""A person at a browser, and what is checked on every page the person opens."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, Response, ViewportSize

from tests.e2e.platform import Platform

AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
DEADLINE_SECONDS = 60.0
NARROW_RULES = (
    "target-size", "scrollable-region-focusable", "aria-hidden-focus", "button-name", "link-name", "label",
    "select-name", "empty-heading", "heading-order", "landmark-one-main", "skip-link",
)  # fmt: skip
LOOK_AGAIN_MS = 300
TELEPHONE: ViewportSize = {"width": 390, "height": 844}


class Visitor:
    def __init__(self, page: Page, platform: Platform) -> None:
        self.page = page
        self.platform = platform
        self.complaints: list[str] = []
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))

    def _hear(self, kind: str, text: str) -> None:
        # A browser reports each answer above 399 as an error of its own; the tests look at the status themselves.
        if kind in {"error", "warning"} and not text.startswith("Failed to load resource"):
            self.complaints.append(f"console {kind}: {text}")

    def open(self, address: str) -> Response:
        response = self.page.goto(self.platform.base + address)
        assert response is not None, address
        return response

    def sign_in(self, username: str, password: str) -> None:
        self.open("/login")
        self.page.get_by_label("账号", exact=True).fill(username)
        self.page.get_by_label("密码", exact=True).fill(password)
        self.page.get_by_role("button", name="登录", exact=True).click()
        self.page.wait_for_url(f"{self.platform.base}/")

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    def click(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]  # a role's name

    def reload_until(self, text: str, seconds: float = DEADLINE_SECONDS) -> None:
        """Look again until the page says it, as a person waiting would."""
        give_up = time.monotonic() + seconds
        while text not in self.page.locator("main").inner_text():
            assert time.monotonic() < give_up, f"never saw {text!r} on {self.page.url}:\n{self.text()}"
            self.page.wait_for_timeout(LOOK_AGAIN_MS)
            self.page.reload()

    def text(self) -> str:
        return self.page.locator("main").inner_text()

    def faults_at_both_widths(self) -> list[str]:
        """What is wrong with the page at a desk's width and, turned narrow as it stands, at a telephone's.

        Narrow, only what a width can change is asked again: what is shown, how large it is and how it scrolls.
        """
        wide = self.faults()
        size = self.page.viewport_size
        assert size is not None
        self.page.set_viewport_size(TELEPHONE)
        narrow = [f"narrow: {fault}" for fault in self.faults(NARROW_RULES) if fault not in wide]
        self.page.set_viewport_size(size)
        return [*wide, *narrow]

    def faults(self, rules: Sequence[str] = RULES) -> list[str]:
        """What is wrong with the page now: accessibility, width, console."""
        # Through the debugger, because the pages' own policy rightly keeps injected scripts out.
        debugger = self.page.context.new_cdp_session(self.page)
        debugger.send("Runtime.evaluate", {"expression": AXE})
        debugger.detach()
        asked = {"runOnly": list(rules), "resultTypes": ["violations"]}
        found = self.page.evaluate("asked => axe.run(document, asked)", asked)
        faults = [
            f"{row['id']}: {json.dumps([node['html'][:200] for node in row['nodes'][:3]], ensure_ascii=False)}"
            for row in found["violations"]
        ]
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return [*faults, *([f"{wide}px too wide"] if wide > 0 else []), *self.complaints]
