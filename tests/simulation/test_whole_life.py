"""One need from the day it is stated to the day its data is destroyed, by the people who may take each step.

Everything is done through pages, on a calendar set by hand, with a real node beside the provider's own database.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

from jutong.kernel.keys import Ed25519Signer
from tests.simulation.calendar_run import Life

TITLE = "低收入家庭人口信息"


def state_demand(world: Life) -> str:
    """教育局: the catalog has nothing, so the need is stated."""
    clerk = world.person("requester")
    clerk.open("/catalog?q=低收入")
    clerk.sees("0条")
    clerk.open("/demands/new")
    wanted = {
        "数据名称": TITLE,
        "数据项，每行一个": "公民身份号码\n姓名\n困难类型\n月人均收入\n行政区划",
        "应用场景": "学生资助审核时核对家庭经济困难情形，家长不再交低保证复印件",
        "法定依据": "学生资助资金管理办法第十条",
        "更新频率": "每月",
        "共享方式": "服务接口",
        "需求真实": True,
        "使用合规，在职责范围之内": True,
        "有安全措施，不给第三方": True,
    }
    clerk.press("比对后提出", **wanted)
    if not clerk.has("已提出"):
        clerk.press("都不合用，提出需求", **wanted)
    number = clerk.address.rsplit("/", 1)[1]
    clerk.sees(TITLE, "学生资助")
    return number


def find_holder(world: Life, number: str) -> str:
    """主管部门 asks the presumed holder, which says that it holds the data and drafts the entry."""
    world.next_workday(2)
    authority = world.person("authority")
    authority.open(f"/demands/{number}")
    authority.press("派发", 部门="市民政局")
    world.next_workday()
    steward = world.person("steward")
    steward.open("/inbox")
    steward.sees("认领需求")
    steward.open(f"/demands/{number}")
    steward.press("答复", answer="held", 依据="社会救助暂行办法第三条，三定规定")
    steward.open(f"/demands/{number}")
    steward.press("按需求起草目录", 信息资源分类="307010")
    steward.open(f"/demands/{number}")
    found = re.search(r"/manage/entries/([^\"/]+/[^\"/]+)", " ".join(href for _text, href in steward.read.links))
    assert found is not None, steward.read.links
    return found[1]


ITEMS = {
    "公民身份号码": ("id_number", "C", {"is_key": True, "is_personal": True, "grade": "general-3", "mask": "identity"}),
    "姓名": ("name", "C", {"is_personal": True, "grade": "general-2", "mask": "name"}),
    "困难类型": ("kind", "C", {"is_personal": True, "grade": "general-2"}),
    "月人均收入": ("monthly", "N", {"is_personal": True, "grade": "general-2"}),
    "行政区划": ("division", "C", {}),
}


def catalog_it(world: Life, code: str, number: str) -> None:
    """民政局 describes, assesses and submits; its head consents; the authority publishes; the table is bound."""
    steward = world.person("steward")
    steward.open(f"/manage/entries/{code}/edit")
    steward.press(
        "存草稿，下一步", 摘要="低收入家庭成员的困难类型、收入和区划", 数据格式="database", update_cycle="daily"
    )
    typed: dict[str, object] = {}
    for at, (_name, (_column, kind, more)) in enumerate(ITEMS.items()):
        typed |= {f"items.{at}.data_type": kind, f"items.{at}.length": "60"}
        typed |= {f"items.{at}.{field}": value for field, value in more.items()}
    steward.press("存草稿，下一步", **typed)
    steward.press("存草稿，下一步", 共享属性="conditional", 共享范围="本市各部门", 使用用途="核对家庭经济困难情形")
    steward.press("存草稿，下一步", 数据分类分级="general-3", 不涉密声明=True)
    for kind in ("secrecy", "personal"):
        steward.open(f"/manage/entries/{code}")
        steward.press("登记评估", kind=kind, conclusion="不涉密，按分级控制后风险可控", passed=True)
    head = world.person("department-head")
    head.open("/inbox")
    head.follow(TITLE)
    head.press("同意")
    steward.open(f"/manage/entries/{code}")
    steward.press("提交审核")
    world.next_workday()
    authority = world.person("authority")
    authority.open("/inbox")
    authority.follow(TITLE)
    authority.press("通过并发布")
    steward = world.person("steward")
    steward.open(f"/manage/entries/{code}/bind")
    steward.press("选这张表")
    columns = {f"{name}对应的列": column for name, (column, _kind, _more) in ITEMS.items()}
    steward.press("挂接", 哪一列写着更新时间="updated_at", **columns)
    world.settle()


UNTIL = "2026-06-30"
SCENARIO = "学生资助审核时核对家庭经济困难情形"


def apply_for_it(world: Life, number: str) -> str:
    """教育局 applies from its need, item by item; its 工作机构负责人 consents. Returns the application's number."""
    clerk = world.person("requester")
    clerk.open("/inbox")
    clerk.open(f"/demands/{number}")
    clerk.press("申请使用")
    application = clerk.address.split("/")[2]
    clerk.press("下一步", 使用场景=SCENARIO, 使用范围="市教育局学生资助管理中心")
    why = "要“{}”脱敏或明文时，写清办哪件事用到它"
    clerk.press("下一步", **{
        "公民身份号码授权方式": "plain",
        why.format("公民身份号码"): "按证件号核对申请资助的学生家庭",
        "姓名授权方式": "masked",
        **{f"{item}授权方式": "plain" for item in ("困难类型", "月人均收入", "行政区划")},
    })  # fmt: skip
    clerk.press("下一步", share_way="service", system="学生资助系统", valid_until=UNTIL, daily_quota="100")
    clerk.press("提请本部门负责人同意", is_true=True, is_lawful=True, is_necessary=True)
    head = world.person("requester-head")
    head.open(f"/applications/{application}")
    head.press("同意并提交申请")
    return application


def reply(world: Life, application: str) -> None:
    """民政局 answers item by item on the third working day; its 工作机构负责人 consents."""
    world.next_workday(3)
    steward = world.person("steward")
    steward.open(f"/applications/{application}")
    steward.press("拟同意")
    head = world.person("office-head")
    head.open(f"/applications/{application}")
    head.press("同意发出答复")


def sign(world: Life, application: str) -> str:
    """Both 工作机构负责人 sign the agreement; the node opens the grant. Returns the grant's number."""
    for username in ("office-head", "requester-head"):
        head = world.person(username)
        head.open("/agreements")
        head.follow(TITLE)
        head.press("签署协议")
    world.settle()
    clerk = world.person("requester")
    clerk.open(f"/applications/{application}")
    clerk.sees("共享中")
    clerk.open("/grants")
    found = re.search(r"GQ\d+-\d+", clerk.page)
    assert found is not None, clerk.page
    return found[0]


LOOKED_UP = "629901198003070016"
CASE = "ZZ-2026-0007"


def use(world: Life, grant: str, key: Ed25519Signer, number: str) -> dict[str, Any]:
    """A system of 教育局 looks one person up."""
    answer = world.call("query", {
        "grant": grant, "purpose": SCENARIO, "case": CASE, "official": "吴思源",
        "key": {"公民身份号码": number},
    }, key=key)  # fmt: skip
    found: dict[str, Any] = answer.json()
    return found


def doubt(world: Life, record: str) -> str:
    """教育局 doubts what it read. Returns the case's number; from now on every reader sees the mark."""
    clerk = world.person("requester")
    clerk.open(f"/corrections/new?record={record}")
    claim = {
        "公民身份号码": LOOKED_UP,
        "困难类型": True,
        "困难类型现在的值": "低保边缘",
        "困难类型应当的值": "低保",
        "kind": "inaccurate",
        "statement": "本人持有低保证，证上载明为低保",
        "business": "学生资助审核",
    }
    clerk.press("提交校核申请", **claim)
    clerk.sees("业务不必等待")
    world.settle()
    return clerk.address.rsplit("/", 1)[1]


def put_right(world: Life, case: str) -> None:
    """民政局 corrects its own system and feeds back on the fifth of ten working days; 教育局 confirms."""
    world.next_workday(5)
    steward = world.person("steward")
    steward.open("/inbox")
    steward.sees("核实纠错")
    steward.open(f"/corrections/{case}")
    steward.press("受理核实")
    with closing(sqlite3.connect(world.home / "civil.sqlite")) as database:
        database.execute(
            "UPDATE low_income SET kind = '低保', updated_at = '2026-03-20' WHERE id_number = ?", [LOOKED_UP]
        )
        database.commit()
    steward.open(f"/corrections/{case}")
    steward.press("反馈", finding="true", 困难类型="低保", text="经核对救助档案，属实，已更正")
    world.settle()
    clerk = world.person("requester")
    clerk.open(f"/corrections/{case}")
    for button in ("确认收到更正", "确认反馈"):
        if any(text.startswith(button) for form in clerk.read.order for text, _name, _value in form.buttons):
            clerk.press(button)
            clerk.open(f"/corrections/{case}")
    world.settle()
    world.scan()
    clerk.open(f"/corrections/{case}")
    clerk.sees("已办结")


def misuse_and_rectify(world: Life, grant: str) -> None:
    """民政局 suspends at once and orders rectification; calls are refused until it has accepted the report."""
    steward = world.person("steward")
    steward.open(f"/rectifications/new?grant={grant}")
    steward.press("立即暂停并责令整改", finding="办件号与使用场景不符", demands="核对办件，说明原因", days="5")
    number = steward.address.rsplit("/", 1)[1]
    world.settle()
    refused = use(world, grant, world.key, LOOKED_UP)
    assert refused["error"]["code"] == "node.grant.suspended", refused
    world.next_workday(2)
    clerk = world.person("requester")
    clerk.open(f"/rectifications/{number}")
    clerk.press("报送", text="系统录入办件号有误，已更正并培训经办人")
    head = world.person("office-head")  # another person than the one who suspended
    head.open(f"/rectifications/{number}")
    head.press("通过并恢复授权")
    world.settle()
    assert use(world, grant, world.key, LOOKED_UP)["rows"], "the grant is in use again"


def renew(world: Life, grant: str) -> str:
    """教育局 renews before the grant ends; both sides agree and sign as before. Returns the new grant's number."""
    clerk = world.person("requester")
    clerk.open(f"/grants/{grant}")
    clerk.press("续期")
    application = clerk.address.split("/")[2]
    clerk.open(f"/applications/{application}/apply/3")
    clerk.press("下一步", valid_until=RENEWED)
    clerk.press("提请本部门负责人同意", is_true=True, is_lawful=True, is_necessary=True)
    head = world.person("requester-head")
    head.open(f"/applications/{application}")
    head.press("同意并提交申请")
    reply(world, application)
    for username in ("office-head", "requester-head"):
        head = world.person(username)
        head.open("/inbox")
        head.sees("签署协议")
        head.open("/agreements")
        head.follow(TITLE)  # the newest stands first
        head.press("签署协议")
    clerk.open(f"/applications/{application}")
    found = re.search(r"GQ\d+-\d+", clerk.page)
    assert found is not None, clerk.page
    assert found[0] != grant
    return found[0]


def dispose(world: Life, grant: str) -> None:
    """The renewed grant is given up; 教育局 destroys what it kept, 民政局 verifies, the node's silence proves it."""
    head = world.person("requester-head")
    head.open(f"/grants/{grant}")
    head.press("终止使用", reason="本学年资助审核已完成")
    world.settle()
    ended = use(world, grant, world.key, LOOKED_UP)
    assert ended["error"]["code"] == "node.grant.revoked", ended
    clerk = world.person("requester")
    clerk.open("/disposals")
    clerk.follow(TITLE)
    number = clerk.address.rsplit("/", 1)[1]
    clerk.press("登记", kind="database", place="学生资助系统的aid.check表")
    copy = "学生资助系统的aid.check表"
    clerk.open(f"/disposals/{number}")
    done = {"处置方式": "删除并清空", "处置日期": world.calendar.today.isoformat(), "监督人": "郑雅文"}
    clerk.press("报送处置结果", **{f"{copy}的{what}": said for what, said in done.items()})
    clerk.open(f"/disposals/{number}/certificate")
    clerk.sees("销毁证明", copy)
    steward = world.person("steward")
    steward.open(f"/disposals/{number}")
    steward.press("核验通过")
    world.next_workday(2)
    steward = world.person("steward")
    steward.open(f"/disposals/{number}")
    steward.sees("已处置")


RENEWED = "2026-09-30"


def test_a_need_that_nobody_has_cataloged_lives_its_whole_life(world: Life, system_key: Ed25519Signer) -> None:
    number = state_demand(world)
    code = find_holder(world, number)
    catalog_it(world, code, number)
    application = apply_for_it(world, number)
    reply(world, application)
    grant = sign(world, application)
    answer = use(world, grant, system_key, LOOKED_UP)
    assert answer["rows"][0]["困难类型"] == "低保边缘"
    assert answer["rows"][0]["姓名"] == "李**"
    world.settle()
    case = doubt(world, answer["record"])
    marked = use(world, grant, system_key, LOOKED_UP)
    assert [mark["correction"] for mark in marked["marks"]] == [case]
    put_right(world, case)
    fresh = use(world, grant, system_key, LOOKED_UP)
    assert (fresh["rows"][0]["困难类型"], fresh.get("marks", [])) == ("低保", [])
    misuse_and_rectify(world, grant)
    following = renew(world, grant)
    while world.calendar.today.isoformat() <= UNTIL:
        world.next_workday()
    assert use(world, grant, system_key, LOOKED_UP)["error"]["code"] == "node.grant.revoked"
    assert use(world, following, system_key, LOOKED_UP)["rows"], "the renewed grant takes over"
    dispose(world, following)
