"""待我办理: what waits is grouped and decided in its row, by the very steps of the pages."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from jutong.center.org.enums import Role
from jutong.center.sharing import actions
from jutong.center.sharing.models import Application
from jutong.center.sharing.queries.tasks import TaskKind
from jutong.web.desk.acts import ACTS
from jutong.web.door import PUBLIC
from tests import sharing_steps as steps
from tests.inbox_rows import press, rows
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, World, at, person
from tests.unit.web.conftest import SignIn, Watch


def test_a_head_decides_in_the_row_and_comes_back_to_it(world: World, enter: SignIn) -> None:
    first, second = steps.awaiting(world), steps.awaiting(world, title="第二份")
    head = enter("requester_head")
    page = head.get("/inbox").content.decode()
    for said in ("其余", "2件", "婚姻登记信息", "3项", "小学入学报名核验监护关系", "义务教育法第十二条", "2027-08-31"):
        assert said in page
    refused = press(head, TaskKind.APPLICATION_CONSENT, "退回经办人")
    assert refused.status_code == 422
    page = refused.content.decode()
    assert '<details class="act" open>' in page
    assert 'role="alert"' in page
    assert fresh(first).state == "awaiting-consent"
    sent = press(head, TaskKind.APPLICATION_CONSENT, "同意并提交申请", "已核")
    assert sent.status_code == 302
    assert sent.headers["Location"] == f"/inbox#t-application-consent-{second.id}"
    assert fresh(first).state == "submitted"
    assert fresh(first).consents.get().note == "已核"
    assert "已同意，申请已送达提供方" in head.get("/inbox").content.decode()
    back = press(head, TaskKind.APPLICATION_CONSENT, "退回经办人", "缺依据", page="/")
    assert back.headers["Location"] == "/#queue"
    assert fresh(second).state == "draft"


def test_what_somebody_else_decided_first_says_so_and_keeps_what_was_written(world: World, enter: SignIn) -> None:
    person(world.education, Role.OFFICE_HEAD, "second-head", "孙立")
    application = steps.awaiting(world)
    head = enter("requester_head")
    (form,) = rows(head, "/inbox?kind=application-consent")[f"t-application-consent-{application.id}"]
    said = form.hidden | {"agreed": "0", "note": "理由已经写好"}
    assert said["inbox-back"] == "/inbox?kind=application-consent"
    actions.consent_request(application=application, agreed=True, by=world.actors["requester_head"], now=NOW)
    late = head.post(form.action, said)
    assert late.status_code == 409
    for words in ("这一件已经不在您的待办里", "理由已经写好"):
        assert words in late.content.decode()
    part = head.post(form.action, said, headers={"HX-Request": "true"})
    assert part.status_code == 409
    assert part.content.decode().strip().startswith(f'<li id="t-application-consent-{application.id}"')
    assert "理由已经写好" in part.content.decode()
    wrong = enter("stranger").post(form.action, said)
    assert wrong.status_code == 404
    assert "这一件已经不在您的待办里" in wrong.content.decode()


def test_with_script_the_row_alone_is_exchanged(world: World, enter: SignIn) -> None:
    application = steps.awaiting(world)
    head, place = enter("requester_head"), f'<li id="t-application-consent-{application.id}"'
    refused = press(head, TaskKind.APPLICATION_CONSENT, "退回经办人", " ", script=True)
    assert refused.status_code == 422
    assert refused.content.decode().strip().startswith(place)
    assert "<html" not in refused.content.decode()
    done = press(head, TaskKind.APPLICATION_CONSENT, "同意并提交申请", script=True)
    assert done.content.decode().strip().startswith(place)
    assert "已同意，申请已送达提供方" in done.content.decode()
    assert "已同意" not in head.get("/inbox").content.decode()


def test_a_form_leads_back_to_the_inbox_and_nowhere_else(world: World, enter: SignIn) -> None:
    head = enter("requester_head")
    for back, leads_to in (
        ("https://other.example/inbox", "/inbox#queue"), ("//other.example/inbox?tab=over", "/inbox#queue"),
        ("/admin/users", "/inbox#queue"), ("http://[", "/inbox#queue"), ("", "/inbox#queue"), ("/?x=1", "/#queue"),
        ("/inbox?tab=over&next=//other.example&page=2", "/inbox?tab=over&page=2#queue"),
        ("javascript:alert(1)", "/inbox#queue"),
    ):  # fmt: skip
        application = steps.awaiting(world)
        row = f"application-consent:{application.id}"
        typed = {"agreed": "1", "inbox-row": row, "inbox-back": back, "inbox-next": '"><script>'}
        sent = head.post(f"/applications/{application.number}/consent", typed)
        assert sent.headers["Location"].replace("%2F", "/") == leads_to, back
    odd = steps.awaiting(world)
    sent = head.post(f"/applications/{odd.number}/consent", {"agreed": "1", "inbox-row": "x:<b>"})
    assert sent.headers["Location"] == f"/applications/{odd.number}"


def test_the_inbox_is_grouped_by_how_pressing_it_is(world: World, enter: SignIn, watch: Watch) -> None:
    late, soon, rest = (steps.submitted(world, at(day), title=f"第{day}天的申请") for day in (0, 4, 16))
    watch.now = at(16)
    steward = enter("steward")
    page = steward.get("/inbox").content.decode()
    places = [page.index(words) for words in ('id="g-over"', late.title, 'id="g-soon"', soon.title, 'id="g-rest"')]
    assert places == sorted(places)
    assert page.index(rest.title) > places[-1]
    assert "已超2个工作日" in page
    only = steward.get("/inbox?tab=over&kind=application-answer&q=第0天").content.decode()
    assert late.title in only
    assert soon.title not in only
    assert 'id="g-rest"' not in only
    assert "没有符合条件的待办" in steward.get("/inbox?kind=grant-idle").content.decode()
    assert steward.get("/inbox?page=99999999999&tab=x&kind=%00").status_code == 200


def test_pages_of_the_inbox_cost_the_same_however_much_waits(world: World, enter: SignIn) -> None:
    head = enter("requester_head")

    def cost(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert head.get(address).status_code == 200
        return len(asked)

    for _each in range(3):
        steps.awaiting(world)
    cost("/inbox")
    few = cost("/inbox")
    for _each in range(22):
        steps.awaiting(world)
    many = cost("/inbox")
    assert many == few
    assert "第1–20项，共25项" in head.get("/inbox").content.decode()
    rest = rows(head, "/inbox?page=2")
    assert len(rest) == 5
    assert {form.hidden["inbox-back"] for forms in rest.values() for form in forms} == {"/inbox?page=2"}


def test_what_only_verifies_is_led_to_the_batch(world: World, enter: SignIn) -> None:
    steps.awaiting(world)
    head = enter("requester_head")
    assert "/applications/batch" not in head.get("/inbox").content.decode().partition("<main")[2]
    steps.awaiting(world, items=(actions.Ask(world.items["公民身份号码"].id, "verify"),))
    assert "批量办理只要核验的申请 1件" in head.get("/inbox").content.decode()


def test_every_step_of_a_row_is_one_of_a_page_and_asks_for_the_post(world: World, enter: SignIn) -> None:
    """A row's forms lead to the steps of the pages, each behind its own rule; administrators have none of them."""
    for kind, acts in ACTS.items():
        for act in acts:
            view = resolve(act.to.format(number="SQ20260101-0001", id=Application().id, note="2026Q4")).func
            assert getattr(view, "rule", PUBLIC) != PUBLIC, kind
    steps.awaiting(world)
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR):
        username = f"only-{role.value}"
        person(world.bigdata, role, username, "管理员")
        assert rows(enter(username)) == {}, role
