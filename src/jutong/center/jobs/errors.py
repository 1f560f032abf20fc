from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class EntryUnboundError(JutongError):
    """There is no table to move."""

    code = "jobs.entry.unbound"
    http_status = 409
    message = gettext_noop("目录“{entry}”还没有挂接到数据表，没有可以搬运的内容。")
    next_step = gettext_noop("请先在“数据源与挂接”里完成挂接。")


class JobRunningError(JutongError):
    """One move of an entry at a time."""

    code = "jobs.job.running"
    http_status = 409
    message = gettext_noop("目录“{entry}”已有一项交换作业在{state}。")
    next_step = gettext_noop("请等它结束后再下达；状态不明的作业核对后可以重新下达。")


class RuleColumnError(JutongError):
    """A rule or mask names a column that is not moved."""

    code = "jobs.rule.column-unbound"
    http_status = 422
    message = gettext_noop("规则或脱敏用到的字段没有挂接：{columns}。")
    next_step = gettext_noop("请改用已挂接的字段：{allowed}。")


class JobNotControllableError(JutongError):
    """The job cannot be paused, resumed or cancelled as it stands."""

    code = "jobs.job.not-controllable"
    http_status = 409
    message = gettext_noop("这项交换作业现在是“{state}”，不能这样做。")
    next_step = gettext_noop("正在进行的可以暂停或取消，已暂停的可以继续或取消；请刷新后再看。")


class NothingAsideError(JutongError):
    """The job set no rows aside that could be put right."""

    code = "jobs.quarantine.nothing"
    http_status = 409
    message = gettext_noop("这项交换作业没有可以处理的隔离行，或者它的节点还没有报告网关地址。")
    next_step = gettext_noop("请等作业有了结果、节点报到后再打开。")


class TargetUnfitError(JutongError):
    """The move is to land in a database the department may not name."""

    code = "jobs.target.unfit"
    http_status = 422
    message = gettext_noop("不能落地到数据源“{source}”：须是同一节点上本部门或主管部门的数据库或文件夹。")
    next_step = gettext_noop("请改落统一资源库，或者选列出来的数据源。")


class SealUnfitError(JutongError):
    """A column is to be encrypted for somebody who may not see it, or for nobody."""

    code = "jobs.seal.unfit"
    http_status = 422
    message = gettext_noop("协议“{agreement}”没有把“{column}”列明文给任何部门，加密了也没有人可以解开。")
    next_step = gettext_noop("请选这个目录下有授权、且授权明文提供该项的协议，或者改用脱敏。")


class MarkUnfitError(JutongError):
    """A fingerprint is to be of nobody, or where rows cannot be put into an order."""

    code = "jobs.fingerprint.unfit"
    http_status = 422
    message = gettext_noop("不能带协议“{agreement}”的行序指纹：没有部门持有它的授权，或者是按日志跟随变更的任务。")
    next_step = gettext_noop("请选这个目录下有授权的协议，或者换一种写入方式。")


class SealUnequalError(JutongError):
    """Rows are compared by values that are encrypted anew each time."""

    code = "jobs.seal.unequal"
    http_status = 422
    message = gettext_noop("“{columns}”列每次加密的结果都不同，没有办法按它比对或合并。")
    next_step = gettext_noop("请改用“加密（同值同文）”，或者换一种写入方式。")


class TransferStateError(JutongError):
    """The transfer is not in a state for this."""

    code = "jobs.transfer.state"
    http_status = 409
    message = gettext_noop("交换任务“{name}”现在是“{state}”，不能这样做。")
    next_step = gettext_noop("请刷新后再看；草稿先创建，停用的先启用。")


class TransferUnreadyError(JutongError):
    """A draft does not run."""

    code = "jobs.transfer.unready"
    http_status = 409
    message = gettext_noop("交换任务“{name}”还是草稿，不能运行。")
    next_step = gettext_noop("请先核对并创建。")


class TransferFollowsItselfError(JutongError):
    """A transfer would wait for itself, or the row of those that wait is too long."""

    code = "jobs.transfer.follows-itself"
    http_status = 422
    message = gettext_noop("交换任务“{name}”会绕回来等它自己，或者一个等一个排得太长。")
    next_step = gettext_noop("请另选要等的任务，或者按时间安排。")


class TransferFollowedError(JutongError):
    """Another transfer waits for this one."""

    code = "jobs.transfer.followed"
    http_status = 409
    message = gettext_noop("交换任务“{other}”在等“{name}”完成，不能停用。")
    next_step = gettext_noop("请先改“{other}”的安排，或者先停用它。")


class BackfillUnfitError(JutongError):
    """A period can only be brought in again where rows are put in the place of those with their key."""

    code = "jobs.backfill.unfit"
    http_status = 409
    message = gettext_noop("交换任务“{name}”不是按主键和水位合并的，补搬一段时间会重复或者替换别的行。")
    next_step = gettext_noop("请把写入方式改成带水位的按主键合并；整表替换或比对的任务重新运行一次就是全部。")


class FileNameUnfitError(JutongError):
    """The name is none of a file of a form that can be delivered."""

    code = "jobs.target.file-name"
    http_status = 422
    message = gettext_noop("“{name}”不能用作送出文件的名称。")
    next_step = gettext_noop(
        "文件名要以.csv、.jsonl、.xlsx或.parquet结尾，前两种可再加.zip或.gz；可以含{{day}}、{{time}}、{{job}}，不能含路径。"
    )


class FileWayUnfitError(JutongError):
    """Rows of a file cannot be brought together with others by key, and a file that adds needs a name of its own."""

    code = "jobs.target.file-way"
    http_status = 422
    message = gettext_noop("送成文件“{name}”不能用这种写入方式。")
    next_step = gettext_noop("请改用整体替换；只送增量时用追加，并在文件名里写{{time}}或{{job}}，每次一个文件。")


class SubjectUnfitError(JutongError):
    """Rows cannot be published to such a subject."""

    code = "jobs.target.subject"
    http_status = 422
    message = gettext_noop("“{subject}”不能用作消息的主题。")
    next_step = gettext_noop("主题由点隔开的几段组成，如 people.changed；不能含空格和通配符，不能以$或_开头。")


class MessageWayUnfitError(JutongError):
    """Messages are added to a stream; what is gone cannot be taken back, and no former version kept."""

    code = "jobs.target.message-way"
    http_status = 422
    message = gettext_noop("发布到主题“{subject}”不能用这种写入方式。")
    next_step = gettext_noop("请改用整体替换（每次发布全部行）、追加，或不留历史的按主键合并。")


class NoArrivalsError(JutongError):
    """Only a table of files can have files that arrive."""

    code = "jobs.transfer.no-arrivals"
    http_status = 422
    message = gettext_noop("目录“{entry}”挂接的不是文件夹里的文件，不会有新文件到达。")
    next_step = gettext_noop("请改选按时间运行，或把目录挂接到文件夹数据源。")
