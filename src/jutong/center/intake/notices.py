"""What is said about cells of a foreign listing: one row per rule, in source wording."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.center.catalog.findings import GUIDE
from jutong.center.intake.proposed import CellFinding, Severity
from jutong.center.intake.reading import letters
from jutong.kernel.i18n import gettext_noop


@dataclass(frozen=True, slots=True)
class Notice:
    """One rule of reading. ``severity`` error keeps the row out."""

    rule: str
    message: str
    way_out: str
    severity: Severity = Severity.WARNING
    clause: str = ""

    def at(self, line: int, column: int, header: str, found: str, field: str = "") -> CellFinding:
        """Return the finding for a cell; ``column`` is -1 for the whole row."""
        return CellFinding(
            column=header,
            letter=letters(column) if column >= 0 else "",
            line=line,
            found=found[:200],
            rule=self.rule,
            message=self.message,
            way_out=self.way_out,
            severity=self.severity,
            field=field,
            clause=self.clause,
        )


NO_NAME = Notice(
    "IN-01",
    gettext_noop("没有数据目录名称"),
    gettext_noop("请填写名称；整行都是说明文字的，请删去这一行"),
    Severity.ERROR,
    GUIDE,
)
NAME_COLUMN = Notice(
    "IN-01", gettext_noop("没有一列对应数据目录名称"), gettext_noop("请指定哪一列是名称"), Severity.ERROR, GUIDE
)
NO_PROVIDER = Notice(
    "IN-12", gettext_noop("没有提供单位"), gettext_noop("请填写提供单位；整份清单属于一个部门的，导入时指定该部门"),
    Severity.ERROR, "政务数据共享条例第十三条",
)  # fmt: skip
TOO_LONG = Notice(
    "IN-02", gettext_noop("超过了允许的长度"), gettext_noop("请缩短到规定长度以内"), Severity.ERROR, GUIDE
)
CUT = Notice(
    "IN-02", gettext_noop("超过了允许的长度，只取了前面部分"), gettext_noop("全文仍保留在原始行里，请核对截取后的内容")
)
UNKNOWN = Notice("IN-03", gettext_noop("看不懂这个值，字段留空"), gettext_noop("请从列表中选择"))
NEAREST = Notice("IN-04", gettext_noop("目录里没有完全对应的值，取了最接近的"), gettext_noop("请核对，不合适的请改选"))
DERIVED = Notice("IN-05", gettext_noop("原表没有这一项，由其他列推出"), gettext_noop("请核对，不合适的请改选"))
ITEMS_READ = Notice(
    "IN-06", gettext_noop("信息项是从文字中识别的，数据类型按名称判断"), gettext_noop("请核对信息项的名称和类型")
)
MERGED = Notice(
    "IN-07",
    gettext_noop("合并的单元格，覆盖的各行都取同一个值"),
    gettext_noop("请核对；各行不同的，请取消合并后逐行填写"),
)
ACROSS = Notice("IN-07", gettext_noop("横向合并的单元格，只有第一列取到值"), gettext_noop("请取消合并后逐格填写"))
NO_VALUE = Notice(
    "IN-08", gettext_noop("公式没有结果或结果是错误值"), gettext_noop("请在电子表格软件里重新计算并保存，或直接填写值")
)
EXTRA_CELLS = Notice(
    "IN-09", gettext_noop("这一行的格数比表头多，后面的列可能错位"),
    gettext_noop("请检查内容里是否有没加引号的分隔符，改正后重新导入"), Severity.ERROR,
)  # fmt: skip
NOT_A_ROW = Notice(
    "IN-09", gettext_noop("这一条不是字段和值"), gettext_noop("请改成与其他各条相同的结构"), Severity.ERROR
)
REPEATED_KEY = Notice("IN-10", gettext_noop("同一条里字段写了两遍，取最后一个值"), gettext_noop("请核对取到的值"))
REPEATED_ITEM = Notice(
    "VC-10",
    gettext_noop("信息项名称重复"),
    gettext_noop("同一目录内信息项不能同名，请改名或删去一个"),
    Severity.ERROR,
    GUIDE,
)
SAME_NAME = Notice(
    "VC-06", gettext_noop("同一部门前面已有名称相同的一行"),
    gettext_noop("全半角、空格、标点和尾号不算不同，请改名或合并成一条"), Severity.WARNING, GUIDE,
)  # fmt: skip
UNLAWFUL_BASIS = Notice(
    "VC-04", gettext_noop("依据只能是法律、行政法规或国务院决定"),
    gettext_noop("部门规章、地方性法规和内部规定不能作为依据；没有这三类依据的，应当共享"), Severity.ERROR,
    "政务数据共享条例第十五条",
)  # fmt: skip
BAD_CODE = Notice(
    "VC-07",
    gettext_noop("统一社会信用代码的格式或校验位不对"),
    gettext_noop("请核对18位代码"),
    Severity.ERROR,
    "GB 32100-2015",
)
BAD_RESOURCE_CODE = Notice(
    "IN-11",
    gettext_noop("信息资源代码的格式不对"),
    gettext_noop("请改正；新目录请留空，发布时分配"),
    Severity.ERROR,
    GUIDE,
)
BAD_CLASS = Notice(
    "IN-11", gettext_noop("分类代码的格式不对"), gettext_noop("请按类、项、目、细目填写分类代码"), Severity.ERROR, GUIDE
)
SECRET = Notice(
    "VC-13", gettext_noop("标为涉密的数据不能在本平台登记"), gettext_noop("请从文件里删去这一行，按保密规定办理"),
    Severity.ERROR, "政务数据共享条例第三条",
)  # fmt: skip
