"""Words that files use, and what they stand for. The English words stand for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.kernel.tabular import Column


def _words(table: Mapping[str, str]) -> dict[str, str]:
    """English word → the Chinese ones, turned round."""
    known = {english: english for english in table}
    known.update({word: english for english, words in table.items() for word in words.split()})
    return known


TARIFF_CLASSES: Final = _words(
    {
        "residential": "居民生活 居民 居民用电 城镇居民 乡村居民 居民生活用电",
        "commercial": "一般工商业 商业 工商业 非居民 非居民照明 普通工业 一般工商业用电",
        "industrial": "大工业 工业 大工业用电",
        "agricultural": "农业生产 农业 农业排灌 农业生产用电",
    }
)
STATUSES: Final = _words(
    {
        "active": "正常用电 正常 在用 用电 运行",
        "suspended": "暂停 停用 报停 暂停用电 欠费停电 停电",
        "closed": "已销户 销户 注销",
    }
)
IMPORTANT_LEVELS: Final = {
    **{level: level for level in ("特级", "一级", "二级", "临时")},
    "临时性": "临时",
    "特级重要": "特级",
    "一级重要": "一级",
    "二级重要": "二级",
    "无": "",
    "否": "",
    "普通": "",
}
VULNERABLE: Final = {
    **_words(
        {
            "home_oxygen": "家庭氧疗 氧疗 制氧机",
            "dialysis": "居家透析 透析 腹膜透析",
            "ventilator": "呼吸机 家用呼吸机",
            "elderly_alone": "独居老人 孤寡老人 空巢老人",
            "disabled": "残疾人 残疾 重度残疾",
        }
    ),
    "无": "",
    "否": "",
}
ROLES: Final = _words(
    {
        "holder": "户主 本人 产权人 业主",
        "payer": "交费人 缴费人 付款人 账务联系人",
        "tenant": "租户 租客 承租人 房客",
        "relative": "亲属 家属 家人 亲戚 配偶 子女 父母",
        "agent": "代办 代办人 代办员 经办人 物业 代理人",
        "landlord": "房东 出租人",
    }
)
SEGMENTS: Final = _words({"individual": "个人 自然人 居民 低压居民", "group": "单位 企业 集团 法人 组织"})
LANGUAGES: Final = {**_words({"zh": "中文 汉语 zh-CN zh-Hans", "en": "英文 英语 English en-US", "ug": "维吾尔语 维语"})}
AREA_KINDS: Final = _words({"public": "公变 公用 公用变", "dedicated": "专变 专用 专用变"})
SOURCES: Final = _words(
    {
        "counter": "营业厅 柜台",
        "app": "网上国网 手机应用",
        "hotline": "95598 热线",
        "meter_reader": "抄表员 抄表",
        "developer_batch": "开发商批量 批量",
        "agent": "代办",
        "migration": "系统迁移 迁移",
    }
)

#: What a word beside a number says of whoever answers it.
ROLE_OF_NOTE: Final = {
    **dict.fromkeys(("儿子", "女儿", "儿", "女", "父亲", "母亲", "爸爸", "妈妈", "丈夫", "妻子"), "relative"),
    **dict.fromkeys(("老公", "老婆", "爱人", "配偶", "家属", "亲属", "儿媳", "女婿", "孙子", "孙女"), "relative"),
    **dict.fromkeys(("房东", "landlord"), "landlord"),
    **dict.fromkeys(("租户", "租客", "房客", "tenant"), "tenant"),
    **dict.fromkeys(("物业", "代办", "代办员", "经办人", "会计", "出纳", "财务", "电工", "村委会", "居委会"), "agent"),
    **dict.fromkeys(("本人", "户主", "业主", "owner"), "holder"),
}

ACCOUNT_NO: Final = Column(
    name="account_no",
    words=("户号", "用户编号", "用电户号", "用户户号", "客户户号", "缴费户号", "account", "account number"),
    required=True,
)
HOLDER_NAME_WORDS: Final = ("户名", "客户名称", "用户名称", "用电户名", "holder", "customer_name")
BILLING_MONTH: Final = Column(
    name="billing_month",
    words=("欠费月份", "电费月份", "账期", "电费年月", "账单月份", "账单年月", "月份", "应收年月", "month"),
    required=True,
)
DUE_DATE_WORDS: Final = (
    "最早应缴日期", "应缴日期", "应交日期", "缴费截止日期", "交费截止日期", "缴费截止日", "交费截止日", "缴费期限",
    "交费期限", "最后缴费日", "到期日", "截止日期",
)  # fmt: skip
MOBILE_WORDS: Final = ("移动电话", "手机号码", "手机号", "手机", "联系电话", "电话", "电话号码", "联系方式", "phone")
LANDLINE_WORDS: Final = ("固定电话", "办公电话", "座机", "固话", "家庭电话", "住宅电话")
