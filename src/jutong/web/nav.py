"""The side menu as data. A group with nothing visible is left out; an unfinished page is not in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jutong.center.org.permissions import Permission


@dataclass(frozen=True)
class Place:
    """One line of the menu."""

    label: str | Promise
    url: str
    icon: str
    needs: Permission | None = None
    counts: str = ""


MENU: tuple[tuple[str | Promise, tuple[Place, ...]], ...] = (
    (
        "",
        (
            Place(_("工作台"), "/", "home"),
            Place(_("待我办理"), "/inbox", "inbox", counts="inbox"),
        ),
    ),
    (
        _("找数据、用数据"),
        (
            Place(_("数据目录"), "/catalog", "book", Permission.CATALOG_ENTRY_VIEW),
            Place(_("数据需求"), "/demands", "ask", Permission.DEMAND_DEMAND_VIEW),
            Place(_("我的申请"), "/applications", "send", Permission.SHARING_APPLICATION_VIEW),
            Place(_("共享协议"), "/agreements", "file", Permission.AGREEMENT_AGREEMENT_VIEW),
            Place(_("授权与试用"), "/grants", "key", Permission.SHARING_GRANT_VIEW),
            Place(_("批量办理申请"), "/applications/batch", "check", Permission.SHARING_REPLY_PREPARE),
            Place(_("批量同意申请"), "/applications/batch", "check", Permission.SHARING_APPLICATION_CONSENT),
            Place(_("代办人"), "/delegations", "people", Permission.SHARING_DELEGATION_MANAGE),
            Place(_("职责登记"), "/duties", "file", Permission.SHARING_APPLICATION_DRAFT),
            Place(_("数据回流"), "/returns", "swap", Permission.SHARING_RETURN_VIEW),
            Place(_("争议"), "/disputes", "people", Permission.DISPUTE_CASE_VIEW),
            Place(_("校核"), "/corrections", "check", Permission.CORRECTION_CASE_VIEW),
        ),
    ),
    (
        _("管本部门数据"),
        (
            Place(_("目录登记"), "/manage/entries", "edit", Permission.CATALOG_DRAFT_VIEW),
            Place(_("批量导入"), "/manage/imports", "sheet", Permission.INTAKE_BATCH_VIEW),
            Place(_("批量办理"), "/manage/work", "check", Permission.CATALOG_ENTRY_SUBMIT),
            Place(_("批量同意"), "/manage/work", "check", Permission.CATALOG_ENTRY_CONSENT),
            Place(_("法律和职责变化"), "/changes", "file", Permission.CATALOG_DRAFT_VIEW),
            Place(_("数据源与挂接"), "/manage/sources", "db", Permission.CATALOG_ENTRY_BIND),
            Place(_("挂接率"), "/manage/binding-rates", "link", Permission.CATALOG_ENTRY_VIEW),
        ),
    ),
    (
        _("数源与清单"),
        (
            Place(_("一数一源"), "/ownership", "link", Permission.OWNERSHIP_SOURCE_VIEW),
            Place(_("采集方案"), "/ownership/plans", "ask", Permission.OWNERSHIP_SOURCE_VIEW),
            Place(_("系统与责任清单"), "/inventories/systems", "sheet", Permission.CATALOG_ENTRY_VIEW),
        ),
    ),
    (
        _("统一资源库"),
        (
            Place(_("资源库总览"), "/library", "db", Permission.LIBRARY_LIBRARY_VIEW),
            Place(_("入库来源"), "/library/feeds", "link", Permission.LIBRARY_FEED_CONFIRM),
            Place(_("资源库作业"), "/library/works", "swap", Permission.LIBRARY_LIBRARY_VIEW),
            Place(_("结构变更"), "/library/evolutions", "sheet", Permission.LIBRARY_LIBRARY_VIEW),
            Place(_("删除个人数据"), "/library/erasures", "file", Permission.LIBRARY_ERASURE_VIEW),
            Place(_("统计分析"), "/library/statistics", "chart", Permission.LIBRARY_STATISTICS_QUERY),
            Place(_("数据质量"), "/quality", "quality", Permission.QUALITY_REPORT_VIEW),
        ),
    ),
    (
        _("规范"),
        (
            Place(_("规范与定级"), "/norms", "book", Permission.NORMS_NORM_VIEW),
            Place(_("数据元与代码"), "/norms/elements", "sheet", Permission.NORMS_NORM_VIEW),
            Place(_("规范检查"), "/norms/conformance", "check", Permission.NORMS_NORM_VIEW),
            Place(_("期限规则与测算"), "/clocks/rules", "clock", Permission.CLOCKS_CALENDAR_VIEW),
        ),
    ),
    (
        _("运行与办件"),
        (
            Place(_("目录审核"), "/review", "check", Permission.CATALOG_ENTRY_REVIEW),
            Place(_("整改"), "/rectifications", "pause", Permission.REMEDY_RECTIFICATION_VIEW),
            Place(_("服务变更"), "/service-changes", "edit", Permission.SHARING_GRANT_VIEW),
            Place(_("处置"), "/disposals", "x", Permission.SHARING_GRANT_VIEW),
            Place(_("违规核实"), "/violations", "flag", Permission.SHARING_VIOLATION_VIEW),
            Place(_("交换任务"), "/transfers", "clock", Permission.JOBS_JOB_VIEW),
            Place(_("交换作业"), "/jobs", "swap", Permission.JOBS_JOB_VIEW),
            Place(_("投诉举报"), "/manage/complaints", "inbox", Permission.COMPLAINT_CASE_VIEW),
            Place(_("本人查询"), "/inquiries", "people", Permission.COMPLAINT_INQUIRY_CHECK),
            Place(_("依法暂不告知"), "/secrecies", "lock", Permission.COMPLAINT_CASE_VIEW),
        ),
    ),
    (
        _("看成效"),
        (
            Place(_("违约记录"), "/breaches", "alert", Permission.AGREEMENT_BREACH_VIEW),
            Place(_("使用留痕"), "/audit", "eye", Permission.USAGE_ACCESS_VIEW),
            Place(_("使用台账"), "/ledger", "file", Permission.REMEDY_LEDGER_INSPECT),
        ),
    ),
    (
        _("系统管理"),
        (
            Place(_("机构与系统"), "/admin/orgs", "city", Permission.ORG_ORGANISATION_MANAGE),
            Place(_("人员与岗位"), "/admin/users", "people", Permission.ORG_USER_VIEW),
            Place(_("工作日历"), "/admin/calendar", "clock", Permission.CLOCKS_CALENDAR_LOAD),
            Place(_("节点"), "/admin/nodes", "db", Permission.FLEET_NODE_VIEW),
            Place(_("计算引擎"), "/library/engine", "db", Permission.LIBRARY_ENGINE_TRY),
            Place(_("消息渠道"), "/admin/channels", "send", Permission.NOTIFY_CHANNEL_MANAGE),
            Place(_("操作审计"), "/admin/audit", "file", Permission.AUDIT_TRAIL_VIEW),
        ),
    ),
)
