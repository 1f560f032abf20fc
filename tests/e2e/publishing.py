"""The way from drafts to publication as three people click it, many entries at a time."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.visitor import Visitor

SECONDS = 600
"""Eight hundred entries take their time on a busy machine; the page follows by itself."""


def settled(visitor: Visitor, words: str) -> None:
    """Wait until a page that follows some work says so."""
    visitor.page.locator("main", has_text=words).wait_for(timeout=SECONDS * 1000)


def run(visitor: Visitor, where: str, button: str) -> None:
    """Choose everything on a list and take the step; wait until the run over all of them has ended."""
    visitor.open(where)
    visitor.page.locator("button[name=do][value=all]").click()
    if "assess" in where:
        visitor.page.get_by_label("保密风险评估结论").fill("不涉及国家秘密、工作秘密，可以共享")
        visitor.page.get_by_label("个人信息保护影响评估结论").fill("按分级控制后风险可控")
    visitor.click(button)
    visitor.page.wait_for_url("**/manage/batches/*")
    settled(visitor, "办完")


def publish_all(visit: Callable[..., Visitor], *, steward: str, head: str, authority: str = "linyue") -> None:
    """Assess, consent, submit and publish whatever waits, each by whoever may."""
    writer = visit(steward)
    run(writer, "/manage/work/assess", "登记：两项评估都通过")
    run(visit(head), "/manage/work/consent", "同意选中的")
    run(writer, "/manage/work/submit", "提交选中的")
    run(visit(authority), "/review", "通过选中的")
