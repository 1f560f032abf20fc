"""What can go wrong with catalog entries."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class StepNotAllowedError(JutongError):
    """The state machine has no such step from here."""

    code = "catalog.version.step-not-allowed"
    http_status = 409
    message = gettext_noop("“{name}”现在是“{state}”，不能{step}；现在能办：{allowed}。")
    next_step = gettext_noop("请刷新后按现在的状态办理。")


class WriterDecidesError(JutongError):
    """Whoever wrote an entry cannot consent to it or publish it."""

    code = "catalog.version.writer-decides"
    http_status = 403
    message = gettext_noop("{person}编写过“{name}”，不能由同一个人{step}。")
    next_step = gettext_noop("请另一位有权的人办理。")


class OfficeHeadConsentsError(JutongError):
    """部门负责人 and 工作机构负责人 are two people (条例 13)."""

    code = "catalog.version.office-head-consents"
    http_status = 403
    message = gettext_noop("{person}是本部门的工作机构负责人，目录须由部门负责人另一人同意（条例第十三条）。")
    next_step = gettext_noop("请部门负责人本人登录后办理。")


class OpenVersionExistsError(JutongError):
    """An entry has one open version at a time."""

    code = "catalog.version.open-exists"
    http_status = 409
    message = gettext_noop("“{name}”已有一个正在编制的版本（{state}），不能再建一个。")
    next_step = gettext_noop("请在已有的版本上继续修改。")


class NotPublishedError(JutongError):
    """The step needs a published entry."""

    code = "catalog.entry.not-published"
    http_status = 409
    message = gettext_noop("“{name}”还没有发布，不能{step}。")
    next_step = gettext_noop("请先完成目录的审核发布。")


class NameTakenError(JutongError):
    """Another entry of the department has this name (VC-06), found at the last moment."""

    code = "catalog.entry.name-taken"
    http_status = 409
    message = gettext_noop("本部门已有名称相同的目录“{name}”（全半角、空格、标点和尾号不算不同）。")
    next_step = gettext_noop("请改名，或在已有的目录上更新版本。")


class TableUnknownError(JutongError):
    """The table is not in what the node last reported."""

    code = "catalog.binding.table-unknown"
    http_status = 422
    message = gettext_noop("数据源{source}最近一次盘点里没有数据表{table}。")
    next_step = gettext_noop("请让前置节点重新盘点该数据源，再从盘点结果中选表。")


class ColumnsUnknownError(JutongError):
    """Items were mapped to columns the table does not have."""

    code = "catalog.binding.columns-unknown"
    http_status = 422
    message = gettext_noop("数据表{table}没有这些列：{missing}。")
    next_step = gettext_noop("请从盘点结果中为每个信息项选列。")


class ItemsUnmappedError(JutongError):
    """The mapping names items the entry does not have, or leaves out all or the keys."""

    code = "catalog.binding.items-unmapped"
    http_status = 422
    message = gettext_noop("挂接时信息项与目录不符：{items}。")
    next_step = gettext_noop("请至少为全部查询键选列，并只填写目录已有的信息项。")


class NotBoundError(JutongError):
    """There is no open binding to end."""

    code = "catalog.binding.none"
    http_status = 409
    message = gettext_noop("“{name}”没有挂接数据，不能解除挂接。")
    next_step = gettext_noop("不用再办。")


class BindingInUseError(JutongError):
    """Grants run over the binding; ending it would end a service without notice (条例 27(3))."""

    code = "catalog.binding.in-use"
    http_status = 409
    message = gettext_noop("“{name}”有{count}个授权正在使用这个挂接，不能解除（条例第二十七条）。")
    next_step = gettext_noop("请先与需求部门协商并向主管部门备案，或改挂到新的数据表。")


class RemovalContentError(JutongError):
    """A version that takes an entry down has nothing of its own to write or to assess."""

    code = "catalog.version.is-removal"
    http_status = 409
    message = gettext_noop("“{name}”的这一版是申请下线，没有内容可以{step}。")
    next_step = gettext_noop("要改下线的理由，请重新填写理由；不下线了，请作废这一版。")


class NotRemovalError(JutongError):
    """Only a version that takes an entry down has a reason for it."""

    code = "catalog.version.not-removal"
    http_status = 409
    message = gettext_noop("“{name}”的这一版不是申请下线，不能改下线的理由。")
    next_step = gettext_noop("请先申请下线。")


class EntryInUseError(JutongError):
    """Grants run on the entry; it is not taken down before the filing of 条例 27(3)."""

    code = "catalog.entry.in-use"
    http_status = 409
    message = gettext_noop(
        "“{name}”还有{count}个授权在用（{departments}），没有主管部门接受的备案，不能下线（条例第二十七条）。"
    )
    next_step = gettext_noop("请先与每个需求部门协商，再向主管部门备案；主管部门接受备案后下线。")


class RepliesOwedError(JutongError):
    """Applications for the entry wait for their reply; taking it down would leave them without one."""

    code = "catalog.entry.replies-owed"
    http_status = 409
    message = gettext_noop("“{name}”还有{count}件使用申请没有答复，不能下线（条例第二十一条）。")
    next_step = gettext_noop("请先答复这些申请。")


class FilingPendingError(JutongError):
    """A filing waits for the authority already."""

    code = "catalog.filing.pending"
    http_status = 409
    message = gettext_noop("“{name}”已有一份备案在等主管部门处理。")
    next_step = gettext_noop("请等主管部门处理后再备案。")


class FilingDecidedError(JutongError):
    """The filing was decided."""

    code = "catalog.filing.decided"
    http_status = 409
    message = gettext_noop("“{name}”的这份备案已经处理过。")
    next_step = gettext_noop("请刷新后查看处理结果。")


class ServiceInUseError(JutongError):
    """条例 27(3): an interface in use changes only after its users were consulted and the change was filed."""

    code = "catalog.service.in-use"
    http_status = 409
    message = gettext_noop("“{name}”正在被{departments}使用，不能改变或减少{items}（条例第二十七条）。")
    next_step = gettext_noop("请先提出服务变更，与使用部门协商并向主管部门备案，到生效日再办理。")


class NothingToFileError(JutongError):
    """No grant runs on the entry, so nobody has to be consulted."""

    code = "catalog.filing.needless"
    http_status = 409
    message = gettext_noop("“{name}”没有正在使用的授权，下线不用备案。")
    next_step = gettext_noop("请直接申请下线。")


class ExtensionPendingError(JutongError):
    """The department asked for more time already."""

    code = "catalog.extension.pending"
    http_status = 409
    message = gettext_noop("“{name}”已有一个延期申请在等主管部门决定。")
    next_step = gettext_noop("请等主管部门决定。")


class ExtensionDecidedError(JutongError):
    """The request for more time was decided."""

    code = "catalog.extension.decided"
    http_status = 409
    message = gettext_noop("“{name}”的这个延期申请已经决定过。")
    next_step = gettext_noop("请刷新后查看决定。")


class NoUpdateDueError(JutongError):
    """No clock of 条例 17 runs on the entry."""

    code = "catalog.extension.no-clock"
    http_status = 409
    message = gettext_noop("“{name}”没有正在计时的更新期限，不用延期。")
    next_step = gettext_noop("不用再办。")


class BatchTooLargeError(JutongError):
    """More versions were chosen than one batch takes."""

    code = "catalog.batch.too-large"
    http_status = 422
    message = gettext_noop("一次最多办{most}条，选了{found}条。")
    next_step = gettext_noop("请先用筛选缩小范围，分几批办。")


class BatchEmptyError(JutongError):
    """Nothing was chosen, or nothing of it waits for this step any more."""

    code = "catalog.batch.empty"
    http_status = 422
    message = gettext_noop("没有选中可以{step}的目录。")
    next_step = gettext_noop("请勾选要办的目录，或选“符合条件的全部”。")


class RowNotSavedError(JutongError):
    """The database refused one row of a batch; the others went through."""

    code = "catalog.batch.row-refused"
    http_status = 409
    message = gettext_noop("“{name}”没有办成：数据与别的记录冲突。")
    next_step = gettext_noop("请打开这一条单独办理，按提示处理。")


class SourceUnfitError(JutongError):
    """The source is of a kind that holds no such thing."""

    code = "catalog.binding.source-unfit"
    http_status = 422
    message = gettext_noop("数据源{source}是{dialect}类，不能用来挂接“{kind}”。")
    next_step = gettext_noop("请选{wanted}类的数据源；还没有的，请运维人员在前置节点上配置。")


class NotWatchedError(JutongError):
    """There is no number of rows to accept."""

    code = "catalog.binding.not-checked"
    http_status = 409
    message = gettext_noop("“{name}”的挂接还没有检查出行数，不用确认。")
    next_step = gettext_noop("请等前置节点检查后再看。")


class TooManySearchesError(JutongError):
    """A department keeps as many searches as it may."""

    code = "catalog.search.too-many"
    http_status = 409
    message = gettext_noop("本部门关注的检索已有{count}个，不能再加。")
    next_step = gettext_noop("请先去掉不再需要的。")
