"""Who works in the invented city's departments: role, name, user name. Every one of them is invented (演示)."""

from __future__ import annotations

TITLES = {
    "office-head": "工作机构负责人",
    "department-head": "部门负责人",
    "steward": "数据专员",
    "requester": "经办人",
    "authority": "主管部门审核员",
    "system-admin": "系统管理员",
    "security-admin": "安全管理员",
    "auditor": "审计员",
    "leader": "领导",
}
"""What a role is called on a name plate."""

_ORDER = ("department-head", "office-head", "steward", "requester")


def _four(names: str) -> tuple[tuple[str, str, str], ...]:
    """Read 部门负责人, 工作机构负责人, 数据专员, 经办人 as ``name username`` pairs."""
    words = names.split()
    return tuple((role, words[2 * at], words[2 * at + 1]) for at, role in enumerate(_ORDER))


STAFF: dict[str, tuple[tuple[str, str, str], ...]] = {
    "bigdata": (
        *_four("韩立群 hanliqun 方明哲 fangmingzhe 许若彤 xuruotong 蒋一鸣 jiangyiming"),
        ("authority", "林悦", "linyue"),
        ("system-admin", "陈宇", "chenyu"),
        ("security-admin", "顾严", "guyan"),
        ("auditor", "沈清", "shenqing"),
        ("leader", "彭致远", "pengzhiyuan"),
    ),
    "police": _four("高振邦 gaozhenbang 梁世安 liangshian 周强 zhouqiang 唐晓军 tangxiaojun"),
    "civil": _four("赵长和 zhaochanghe 刘文清 liuwenqing 王建国 wangjianguo 马小兰 maxiaolan"),
    "education": _four("宋书平 songshuping 郑雅文 zhengyawen 郭静 guojing 吴思源 wusiyuan"),
    "labour": _four("冯国梁 fengguoliang 董卫红 dongweihong 程志斌 chengzhibin 孙丽 sunli"),
    "medical": _four("曹维康 caoweikang 袁秋实 yuanqiushi 邓海波 denghaibo 李慧 lihui"),
    "health": _four("傅安民 fuanmin 曾玉洁 zengyujie 马琳 malin 吕晓峰 lvxiaofeng"),
    "land": _four("苏定山 sudingshan 卢广田 luguangtian 蔡图南 caitunan 丁一诺 dingyinuo"),
    "housing": _four("魏建安 weijianan 薛城 xuecheng 叶培林 yepeilin 余小曼 yuxiaoman"),
    "market": _four("潘守信 panshouxin 杜衡 duheng 戴文博 daiwenbo 夏雨晴 xiayuqing"),
    "tax": _four("钟启瑞 zhongqirui 汪正明 wangzhengming 田立新 tianlixin 任晓菲 renxiaofei"),
    "justice": _four("姜公度 jianggongdu 范思齐 fansiqi 方正言 fangzhengyan 刘敏 liumin"),
    "finance": _four("石金川 shijinchuan 姚纪平 yaojiping 谭永利 tanyongli 廖文静 liaowenjing"),
    "statistics": _four("邹明书 zoumingshu 熊致和 xiongzhihe 金晓棠 jinxiaotang 陆云帆 luyunfan"),
    "environment": _four("郝青川 haoqingchuan 孔令泽 konglingze 白露 bailu 崔海峰 cuihaifeng"),
    "transport": _four("康致通 kangzhitong 毛致行 maozhixing 邱陆平 qiuluping 何涛 hetao"),
    "water": _four("秦河清 qinheqing 江源 jiangyuan 史润生 shirunsheng 陈刚 chengang"),
    "agriculture": _four("顾丰年 gufengnian 侯禾 houhe 邵春耕 shaochungeng 孟小满 mengxiaoman"),
    "culture": _four("龙采薇 longcaiwei 万书同 wanshutong 段锦程 duanjincheng 雷若云 leiruoyun"),
    "emergency": _four("钱安澜 qiananlan 汤守一 tangshouyi 尹卫东 yinweidong 黎晓光 lixiaoguang"),
    "urban": _four("易正清 yizhengqing 常洁 changjie 武城林 wuchenglin 杨帆 yangfan"),
    "approval": _four("乔思敏 qiaosimin 贺简 hejian 赖思达 laisida 张敏 zhangmin"),
    "disabled": _four("龚同辉 gongtonghui 文暖 wennuan 施念 shinian 欧阳晓 ouyangxiao"),
    "fund": _four("向安居 xianganju 柳惠 liuhui 卞诚 biancheng 严晓雯 yanxiaowen"),
}
"""By department key. The three administrators of 市大数据局 are three different people (三员分立)."""
