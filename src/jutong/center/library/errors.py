from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class WorkNotCancellableError(JutongError):
    """The work has ended."""

    code = "library.work.not-cancellable"
    http_status = 409
    message = gettext_noop("这项资源库作业现在是“{state}”，不能取消。")
    next_step = gettext_noop("只有已下达、排队中和进行中的作业可以取消；请刷新后再看。")


class NodeMissingError(JutongError):
    """No node is there to keep the library."""

    code = "library.node.missing"
    http_status = 409
    message = gettext_noop("还没有登记能存放资源库的前置节点。")
    next_step = gettext_noop("请系统管理员先登记节点，等它报到后再发布资源库。")


class VersionTakenError(JutongError):
    """A published version is never changed."""

    code = "library.definition.version-taken"
    http_status = 409
    message = gettext_noop("“{library}”的版本{version}已经发布，内容与这次的不同。")
    next_step = gettext_noop("发布过的版本不再改动；请换一个版本号后发布。")


class TableInUseError(JutongError):
    """A filled table cannot lose what it has by a new version."""

    code = "library.table.in-use"
    http_status = 409
    message = gettext_noop("“{table}”里已有数据或已有来源，新版本不能去掉或改变：{reason}。")
    next_step = gettext_noop("请保留这些字段、另加新字段，或者另设一张表；新增字段走结构变更批准。")


class FeedUnfitError(JutongError):
    """A feed names something that is not there."""

    code = "library.feed.unfit"
    http_status = 422
    message = gettext_noop("这个来源填不进“{table}”：{what}。")
    next_step = gettext_noop("请核对入库表的字段、行主键和数源角色后再确认。")


class FeedStateError(JutongError):
    """The feed does not stand where this can be done."""

    code = "library.feed.state"
    http_status = 409
    message = gettext_noop("这个来源现在是“{state}”，不能这样做。")
    next_step = gettext_noop("请刷新后再看。")


class NothingToWorkError(JutongError):
    """No work of this kind can be ordered for the table."""

    code = "library.work.nothing-to-do"
    http_status = 409
    message = gettext_noop("“{table}”现在没有可以下达的“{kind}”作业。")
    next_step = gettext_noop("请先确认并启用它的数据来源，等数据入库后再下达。")


class EngineAddressError(JutongError):
    """No address of Spark Connect."""

    code = "library.engine.bad-address"
    http_status = 422
    message = gettext_noop("“{found}”不是 Spark Connect 地址。")
    next_step = gettext_noop("请写成 sc://主机:端口，例如 sc://spark.example.gov:15002；留空则试算节点现在用的引擎。")


class QuestionUnfitError(JutongError):
    """A question for statistics that the table's definition does not allow."""

    code = "library.statistics.question-unfit"
    http_status = 422
    message = gettext_noop("“{table}”不能这样统计：{what}。")
    next_step = gettext_noop("请只用页面上列出的分组、指标和条件；已选的都还在。")
