"""How the crawled portals' words are read: departments, cycles, formats, items. Tables only, no rows."""

from __future__ import annotations

import re

from jutong.demo.words import words

DEPARTMENT_WORDS: tuple[tuple[str, str], ...] = (
    ("公积金", "fund"),
    ("残疾人|残联", "disabled"),
    ("医疗保障|医保", "medical"),
    ("卫生健康|卫健|中医药|疾病预防|计生", "health"),
    ("人力资源|人社|劳动保障", "labour"),
    ("民政(?!府)", "civil"),
    ("教育", "education"),
    ("公安", "police"),
    ("司法", "justice"),
    ("财政", "finance"),
    ("税务", "tax"),
    ("统计", "statistics"),
    ("生态环境|环保|环境保护", "environment"),
    ("交通|公路|运输|海事", "transport"),
    ("水利|水务", "water"),
    ("农业|畜牧|兽医", "agriculture"),
    ("文化|文旅|旅游|文广|体育|文体", "culture"),
    ("应急|安监|安全生产|消防", "emergency"),
    ("城市管理|城管|市容|园林|市政(?!务|府|协)", "urban"),
    ("自然资源|国土|规划|林业|测绘", "land"),
    ("住房|住建|城乡建设|建设委", "housing"),
    ("市场监|工商|质监|食品药品|药品监|知识产权", "market"),
    ("行政审批|政务服务|公共资源", "approval"),
    ("大数据|数据资源|数据局", "bigdata"),
)
"""Words in a portal's department name, most telling first, and the department of the city that stands for it."""

TITLE_WORDS: tuple[tuple[str, str], ...] = (
    ("公积金", "fund"),
    ("残疾人|残疾证|辅助器具", "disabled"),
    ("医保|医疗救助|定点医疗机构|定点药店", "medical"),
    ("医院|医师|护士|疫苗|卫生|诊所|医疗机构|献血|传染病", "health"),
    ("养老保险|失业|就业|社保|技能|职业资格|工伤|劳动|人才", "labour"),
    ("低保|特困|婚姻|养老|社会组织|殡葬|救助|地名|社区|慈善|孤儿|福利", "civil"),
    ("学校|幼儿园|教师|学生|学籍|教育|培训机构", "education"),
    ("户籍|驾驶|机动车|派出所|旅馆业|保安|出入境", "police"),
    ("律师|公证|司法鉴定|法律援助|人民调解|法律服务|仲裁", "justice"),
    ("补贴发放|政府采购|国有资产|财政", "finance"),
    ("纳税|税务|欠税|发票", "tax"),
    ("排污|污染|环境|空气质量|水质|危险废物|辐射|噪声", "environment"),
    ("公交|客运|货运|道路运输|公路|出租|停车|港口|船舶|汽车维修", "transport"),
    ("水库|河道|取水|供水|水利|水土保持|灌溉|防汛|河长", "water"),
    ("农药|种子|兽药|农机|农民|农业|畜|渔|粮食|种植|养殖|家庭农场|合作社", "agriculture"),
    ("旅游|景区|文物|图书馆|博物馆|非物质文化|酒店|体育|电影|演出|娱乐|网吧|文化", "culture"),
    ("危险化学品|烟花爆竹|避难|安全生产|应急|消防|矿山|灾", "emergency"),
    ("公厕|垃圾|环卫|户外广告|路灯|绿化|公园|城管|园林", "urban"),
    ("土地|矿|林木|不动产|规划许可|测绘|宗地|森林|林地", "land"),
    ("房地产|商品房|物业|施工|建筑|公租房|房屋|燃气|招标|工程", "housing"),
    ("食品|药品|企业登记|个体工商户|特种设备|计量|商标|专利|产品质量|经营异常|营业执照", "market"),
    ("行政许可|审批|政务服务|办事|证照", "approval"),
)
"""Words in a title, for entries a portal files under a government or a data centre."""

CYCLES = {
    "每年": "yearly",
    "年": "yearly",
    "半年": "yearly",
    "每半年": "yearly",
    "每季度": "quarterly",
    "季度": "quarterly",
    "每月": "monthly",
    "每半月": "monthly",
    "每周": "weekly",
    "每天": "daily",
    "每日": "daily",
    "实时": "realtime",
    "即时": "realtime",
}
"""Portal wording to closed list; everything else is irregular. Half-years become yearly: promise what holds."""

THEMES = {
    "police": "community",
    "civil": "social-security",
    "education": "public-service",
    "labour": "social-security",
    "medical": "health",
    "health": "health",
    "land": "urban-rural",
    "housing": "urban-rural",
    "environment": "ecology",
    "transport": "public-service",
    "water": "ecology",
    "culture": "public-service",
    "emergency": "work-safety",
    "urban": "urban-rural",
    "approval": "public-service",
    "disabled": "social-security",
    "fund": "social-security",
}
"""Theme most of a department's resources belong to; departments left out keep theirs as their own."""

MARKET_THEMES: tuple[tuple[str, str], ...] = (
    ("食品|药品|餐饮|保健|化妆品|医疗器械", "food-drug"),
    ("异常|失信|信用|处罚|黑名单", "credit"),
    ("特种设备|安全", "work-safety"),
    ("价格|收费", "price"),
)

NOT_A_DATASET = re.compile(
    r"通知|公示|公告|意见|方案|年鉴|预算|决算|政策|办法|报告|会议|招聘|关于|解读|指南|细则|法规|文件|章程|简报|新闻|"
    r"党|共产|人大|政协|纪委|宣传|统战|妇联|共青团|工会|信访|测试|样例|花名册|职工|干部|领导|机构设置|内设|值班|"
    r"三公|学习|活动|讲话|计划|总结|工作要点|行程|台账|密码|新冠|疫情|核酸|隔离|上海|广西|江苏|安徽|长三角|自治|"
    r"壮|瑶|苗|侗|毛南|仫佬|全省|省级|全区|自治区|本区|我区|该区|我县|各县|开发区|高新|新区|园区|洋山|长江|太湖|"
    r"系统|平台|网站|专栏|接口|下载|开放|共享|目录|政数|大数据|行政相对人|清单表|统计表|情况表|信息表|一览|"
    r"海|地铁|轨道|码头|赴台|港澳|供沪|螺蛳粉|壮汉|泰禾|洋|主数据|信息化信息|流程|人事|任免|联络员|履职|绩效|"
    r"桂柳|工伤认申请|沙滩|蔗|中国|人民代表|大屏|信息发布|制度库|名词解释|^基本信息|一套表|患者|住院|就诊|病案|病例|孤儿|儿童名单|儿童信息|学生名单|三好|学员|优秀|先进|献血|精神|董事|冻结被执行"
)
"""Titles of papers, news and party affairs, and titles that only made sense where they came from."""

WELFARE = re.compile(
    r"低保|特困|救助|残疾人|优抚|失业人员|贫困|困难|婚姻|个人|家庭|账户|欠税|补贴|保障对象|农户|调解员|律师|医师|护士"
)
"""Titles whose rows are about people: shared on conditions only."""

AT_HOME = {"bigdata": re.compile(r"政务|信用|事项|网络|证照|便民|数据")}
"""What may be filed under a department whose portal name is only a catch-all."""

BAD_START = re.compile(
    r"[、，,\-—及和与等]|以上|级|会(?!计|展|议)|内|托|场(?!所|馆)|政(?!府|务)|长(?!途|期)|各|其他|历史|历年|年度|申请|"
    r"属|县|拟|大、"
)
"""What a title begins with when taking a place or an office from its front went wrong."""

PERSONAL = re.compile(
    r"姓名|身份证|证件号|联系人|电话|手机|性别|民族|出生|年龄|学历|住址|籍贯|户主|监护人|账号|账户|病|诊断|残疾(等级|类别|证)"
)
IDENTITY = re.compile(r"身份证|证件号|身份号码|证件编号")
SENSITIVE = re.compile(r"账号|账户|卡号|病种|病历|诊断|残疾(等级|类别|证)|血型|宗教")
PHONE = re.compile(r"电话|手机|联系方式")
ADDRESS = re.compile(r"住址|家庭地址|户籍地址|居住地址")
NAME = re.compile(r"姓名|联系人|户主|监护人|负责人|法定代表人|法人代表")
DATE = re.compile(r"(日期|时间|年月日|有效期(起|止|至|自)?|期限(起|止)?)$")
NUMBER = re.compile(
    r"(数量|面积|金额|人数|长度|总数|总额|比例|单价|价格|价|费用|投资额?|数|率|重量|容量|库容|产量|收入|经度|纬度)(（.*）)?$"
)
LEAD = re.compile(r"(?:包含了?|包括了?|主要字段为?|数据项为?)(?:以下(?:信息|内容|字段)?)?[:：,，]?")

_FIRMS = "名称 统一社会信用代码 类别 地址 所属区县 登记状态"
_LICENCES = "申请人名称 统一社会信用代码 文书编号 办理事项 决定日期 有效期至 办理机关"
_PENALTIES = "行政相对人名称 统一社会信用代码 文书编号 检查或违法事项 处理结果 作出日期 作出机关"
_PLACES = "名称 类型 地址 所属区县 管理单位 建成时间 使用状态"
_STAFF = "姓名 性别 证书编号 所在单位 专业类别 执业状态"

ITEM_SETS: tuple[tuple[str, str], ...] = (
    ("(企业|公司|单位|机构|供应商).*(信用|参保|贷款|名单|信息)$|网点|药店", _FIRMS),
    ("公积金|账户|贷款", "姓名 公民身份号码 缴存单位名称 业务类型 发生金额 办理日期 办理网点"),
    ("补贴|救助|低保|特困|发放|资助|供养|贴息|奖补", "姓名 公民身份号码 所属区县 发放项目 发放金额 发放日期"),
    ("处罚|检查|违法|违停|抽查|监督", _PENALTIES),
    ("监测|水质|空气|水位|噪声|断面|流量", "监测点名称 监测时间 监测项目 监测值 计量单位 评价结果"),
    ("残疾人|低收入|失业人员|人才|参保|就医|医保报销|慢性病", "姓名 公民身份号码 所属区县 类别 认定日期 登记状态"),
    ("许可|审批|核准|备案|资质|认定|登记|证$|预审|验收|申报", _LICENCES),
    ("律师|医师|护士|教师|公证员|调解员|鉴定人|人员|专家|运动员|导游|工作者|责任人", _STAFF),
    ("指数|统计|指标|产值|产量|收入|情况$|总值|价格|收费|数$", "指标名称 统计期 地区 计量单位 指标值 同比增长率"),
    ("项目|工程|采购|标段|楼盘|房源|用地|土地|宗地", "项目名称 项目编号 建设或实施单位 项目地址 总金额 批准日期"),
    ("公厕|厕所|停车|站点|线路|点位|设施|场馆|公园|水库|泵站|树|名木|景区|场所|点信息|取水口", _PLACES),
    ("机构|企业|单位|医院|学校|组织|公司|合作社|中心|名录|名单|校|店|园|社|所|站|厅|处|馆|部门", _FIRMS),
    ("清单|事项|目|代码|标准", "编号 名称 类别 依据 适用范围 发布日期"),
    (".", "名称 类别 内容 所属区县 登记单位 登记日期"),
)
"""Where a source lists no items: what resources of that kind usually have, marked as supplied by us."""
SUPPLIED = "来源未列数据项，按同类目录补列"

STOP_ITEMS = frozenset(
    words("序号 备注 信息 其他 数据 内容 数据时期 录入时间 主键 编号 状态 是否有效 业务状态 更新时间")
)
