"""What two people outside brought before departments; the codes they follow their cases by are shown to nobody."""

from __future__ import annotations

from jutong.center.complaint import actions
from jutong.center.complaint.actions import Words
from jutong.center.complaint.models import Complaint
from jutong.demo.stage import Stage


def load(stage: Stage) -> None:
    """Take both in; one is answered, the other late."""
    late = _received(
        stage, "education", "error",
        "孩子小学入学时系统显示的家庭住址是五年前的旧址，学区因此分错，请核对后更正。", name="程女士", days=18,
    )  # fmt: skip
    actions.accept(complaint=late, by=stage.head("education"), now=stage.ago(15))
    text = "收到短信说我的户籍信息被查询过，我当天没有办理任何业务，请说明是谁因什么事查询。"
    asked = _received(stage, "police", "doubt", text, name="", days=9)
    head = stage.head("police")
    actions.accept(complaint=asked, by=head, now=stage.ago(8))
    answer = (
        "经查，当日市卫生健康委因老年人健康管理对象核对批量查询了六十五岁以上人员信息，"
        "依据为基本医疗卫生与健康促进法第二十五条，没有用于其他用途。"
    )
    actions.answer(complaint=asked, text=answer, by=head, now=stage.ago(5))


def _received(stage: Stage, receiver: str, kind: str, text: str, *, name: str, days: int) -> Complaint:
    words = Words(kind=kind, receiver_code=stage.organisation(receiver).code, text=text, name=name)
    made, _code = actions.receive_complaint(words=words, now=stage.ago(days))
    return made
