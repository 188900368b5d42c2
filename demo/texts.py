"""What the people of the demonstration write, varied by problem.

Every sentence is made up here; nothing is taken from a real complaint.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from demo import enterprise_names

TELECOM, INTERNET = "service.telecom", "service.internet"
CARRIERS = (enterprise_names.MOBILE, enterprise_names.TELECOM, enterprise_names.UNICOM)


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of trouble: against whom it may be, in which words, with which demands."""

    code: str
    category: str
    enterprises: tuple[str, ...]
    weight: int
    title: str
    statements: tuple[str, ...]
    demands: tuple[tuple[str, ...], ...]
    least: int = 20
    most: int = 300
    title_en: str = ""
    statement_en: str = ""


PROBLEMS = (
    Problem(
        "telecom.fees.unexplained_charge",
        TELECOM,
        CARRIERS,
        16,
        "账单多出{item}",
        (
            "从{month}月起，每个月账单多出一项“{item}”，合计{amount}元。我没有开通过，客服说系统显示已订购。",
            "查账单才发现被扣了{item}的费用，一共{amount}元。没有收到过任何确认短信。",
            "给家里老人办的号，{month}月开始每月多扣钱，说是{item}，已扣{amount}元。",
        ),
        (("refund", "cancel_service"), ("refund",), ("refund", "cancel_service", "apology")),
        title_en="Unknown charge on my bill",
        statement_en="Since month {month} my bill shows an extra item that I never ordered, {amount} yuan in all.",
    ),
    Problem(
        "telecom.extras.without_consent",
        TELECOM,
        CARRIERS,
        9,
        "未经同意开通{item}",
        (
            "客服打电话说免费体验，我说考虑一下，结果{month}月就被开通了{item}，扣了{amount}元。",
            "没有输入过验证码，{item}却显示“本人办理”。要求说明是谁办的，退回{amount}元。",
        ),
        (("cancel_service", "refund"), ("refund", "apology")),
    ),
    Problem(
        "telecom.fees.plan_change",
        TELECOM,
        CARRIERS,
        9,
        "套餐降不下来",
        (
            "想从高价套餐换到低一档，去了两次营业厅，都说要等合约到期，可是当初没有说过合约。",
            "手机上选不到便宜的套餐，客服说只能到店，店里又让打客服，来回三次。",
        ),
        (("change_plan",), ("change_plan", "refund")),
        most=180,
    ),
    Problem(
        "telecom.contract.penalty",
        TELECOM,
        CARRIERS,
        7,
        "提前解约要付违约金",
        (
            "搬家了用不上宽带，要求解约，被告知付{amount}元违约金，合同上没有写怎么算。",
            "靓号协议要交到十年后，注销要付{amount}元，办理时没有告诉我。",
        ),
        (("waive_penalty",), ("waive_penalty", "leave")),
        100,
        900,
    ),
    Problem(
        "telecom.broadband.repair",
        TELECOM,
        CARRIERS,
        9,
        "宽带断网多日没有修好",
        (
            "{month}月{day}日起断网，报修三次，每次都说次日上门，没有人来。小孩要上网课。",
            "小区整栋楼宽带时断时续，装维师傅说是线路老化，十多天没有处理。",
            "报修单被关了两次，写的是“用户已恢复”，实际一直没有网。",
        ),
        (("fix_fault",), ("fix_fault", "refund"), ("fix_fault", "damages")),
        30,
        260,
        title_en="Broadband down for days",
        statement_en="No connection since day {day}. Reported three times, nobody came. I work from home.",
    ),
    Problem(
        "telecom.broadband.speed",
        TELECOM,
        CARRIERS,
        6,
        "宽带速率达不到签约值",
        (
            "签的是千兆，自己测只有两百多兆，师傅上门换了光猫还是一样。",
            "晚上看视频一直卡，测速不到签约的三分之一，要求降费或者修好。",
        ),
        (("fix_fault", "refund"), ("fix_fault",)),
        30,
        200,
    ),
    Problem(
        "telecom.marketing.false_promise",
        TELECOM,
        CARRIERS,
        6,
        "承诺的优惠没有兑现",
        (
            "办理时说满一年送{amount}元话费，到期后说活动已经下线。",
            "电话里承诺前六个月半价，账单却是全价，有通话时间可以查。",
        ),
        (("refund",), ("refund", "apology")),
        50,
        400,
    ),
    Problem(
        "telecom.leaving",
        TELECOM,
        CARRIERS,
        4,
        "携号转网办不下来",
        (
            "发短信查询说可以携出，到营业厅又说有合约不能办，要先付{amount}元。",
            "销户排了两次队，都说系统升级，让过几天再来，月租照扣。",
        ),
        (("leave",), ("leave", "refund")),
    ),
    Problem(
        "telecom.network",
        TELECOM,
        CARRIERS,
        3,
        "家里没有信号",
        (
            "地铁施工以后家里打电话总是断，投诉两个月，回复都是“正在优化”。",
            "新交房的小区电梯和车库没有信号，物业说协调过，没有下文。",
        ),
        (("fix_fault",),),
    ),
    Problem(
        "contract",
        "service.leisure",
        (enterprise_names.RANDONG,),
        7,
        "健身年卡退费",
        (
            "门店突然贴通知停业，年卡还有{months}个月，剩余{amount}元要求退还，店员说只能转店。",
            "办卡时说随时可退，现在要扣百分之四十手续费，剩余{amount}元。",
            "私教课还剩{months}节，教练离职了，换来的教练时间都对不上，要求退{amount}元。",
        ),
        (("refund",), ("refund", "damages")),
        600,
        4200,
        title_en="Gym membership refund",
        statement_en="The gym closed; {months} months of my membership are left. I ask for {amount} yuan back.",
    ),
    Problem(
        "advertising",
        "service.leisure",
        (enterprise_names.RANDONG,),
        2,
        "宣传的泳池一直不开放",
        ("办卡时宣传有恒温泳池，开业到现在一直写“设备调试”。", "传单写的团课每天六节，实际只有两节。"),
        (("refund",), ("refund", "apology")),
        300,
        1500,
    ),
    Problem(
        "after_sales",
        INTERNET,
        (enterprise_names.MINTAO,),
        7,
        "退货后迟迟不退款",
        (
            "{month}月{day}日退回的货，物流显示已签收，退款一直是“处理中”，{amount}元。",
            "商家同意退款后平台卡住，客服每次都说再等四十八小时。",
        ),
        (("refund",), ("refund", "damages")),
        40,
        1600,
        title_en="Refund not paid after return",
        statement_en="I sent the goods back on day {day}; the parcel arrived, but {amount} yuan is still pending.",
    ),
    Problem(
        "price",
        INTERNET,
        (enterprise_names.MINTAO,),
        3,
        "促销价和结算价不一致",
        ("页面写到手价，付款时多了{amount}元，优惠券说“名额已满”。", "先涨价再打折，收藏里能看到原来的价格。"),
        (("refund",),),
        10,
        200,
    ),
    Problem(
        "quality",
        "goods.appliances",
        (enterprise_names.RONGMU, enterprise_names.MINTAO),
        6,
        "电饭煲用三次就坏",
        (
            "买来第三次使用就跳闸，退换都说要先寄到厂里检测，一个月没有消息。",
            "油烟机漏油，师傅来过两次，换了密封圈还是漏。",
            "冰箱冷藏室结冰，保修期内却要收上门费{amount}元。",
        ),
        (("return_goods", "refund"), ("replace",), ("repair",), ("repair", "damages")),
        120,
        2600,
    ),
    Problem(
        "after_sales",
        "service.repair",
        (enterprise_names.AFTER_SALES,),
        3,
        "维修收费和报价不一样",
        ("报价一百二，修完要{amount}元，说换了主板，旧件也没有给我看。", "修好第二天又坏，再来要再收一次上门费。"),
        (("refund",), ("redo", "refund")),
        80,
        480,
    ),
    Problem(
        "food_safety",
        "goods.food",
        (enterprise_names.HAOLINLI,),
        3,
        "买到过期面包",
        (
            "货架上的面包过期两天，吃了以后肚子不舒服，店员只肯换一个。",
            "便当标签写的时间被贴了两层，下面一层是前一天。",
        ),
        (("refund", "damages"), ("damages", "apology")),
        8,
        60,
    ),
    Problem(
        "contract",
        "service.education",
        (enterprise_names.DRIVING,),
        4,
        "驾校学费退不了",
        (
            "报名后一直约不到练车，半年只练了四次，要求退{amount}元，驾校说只能转让。",
            "说好全包价，考试前又要交{amount}元模拟费。",
        ),
        (("refund",), ("refund", "apology")),
        800,
        3600,
    ),
    Problem(
        "contract",
        "service.travel",
        (enterprise_names.TRAVEL,),
        3,
        "旅行团取消不退定金",
        ("出发前三天通知不成团，定金{amount}元说只能改期。", "行程里的酒店降了级，导游说房满，没有退差价。"),
        (("refund",), ("refund", "damages")),
        300,
        2400,
    ),
    Problem(
        "quality",
        "goods.medicine",
        (),
        1,
        "网上买的药品包装破损",
        ("收到的药盒压扁，铝箔破了两片，商家说不影响服用。",),
        (("refund",),),
        20,
        160,
    ),
    Problem(
        "quality",
        "service.catering",
        (),
        3,
        "外卖里有异物",
        ("在“{shop}”点的外卖里有头发，联系店家只肯赔{amount}元券。", "“{shop}”的火锅底料有异味，当场不给换。"),
        (("refund", "damages"), ("apology",)),
        15,
        160,
    ),
    Problem(
        "contract",
        "service.beauty",
        (),
        3,
        "美容卡店铺换人不认账",
        ("“{shop}”换了老板，之前充的{amount}元说要重新激活，再交钱。", "“{shop}”疗程没有做完就关门了，电话打不通。"),
        (("refund",),),
        300,
        3000,
    ),
)

#: One misleading promotion: all who were caught tell the same in nearly the same words.
PROMOTION = Problem(
    "telecom.extras.without_consent",
    TELECOM,
    (enterprise_names.MOBILE,),
    0,
    "一元体验后自动续费",
    ("收到短信说一元体验短剧月包，点进去没有写会自动续费，第二天就按整月的价钱扣了费，打客服说是本人订购的。",),
    (("cancel_service", "refund"), ("refund",)),
    15,
    40,
)

ITEMS = ("智家体验包", "视频彩铃会员", "安全管家", "云盘尊享版", "短剧月包", "来电名片", "流量加油包")
SHOPS = ("测试小厨", "演示火锅", "虚构奶茶铺", "样例美容院", "示范烘焙坊", "试用洗车行")
OPENERS = ("", "", "您好。", "我想反映一件事。", "情况如下：", "此前打过客服电话。")
CLOSERS = (
    "",
    "",
    "希望尽快答复。",
    "请给一个书面说明。",
    "我保留了账单截图。",
    "工作日白天方便接电话。",
    "请依法处理。",
)
CONSULTATIONS = (
    "想问一下，合同到期后号码会不会被收回？",
    "请问在哪里可以查企业的营业执照？",
    "我对上次的处罚结果不服，想申请复议。",
)

CONTACT_NOTES = (
    "已接通，消费者说明了经过。",
    "已核对账单，约定明天再联系。",
    "已道歉，消费者希望书面答复。",
    "已约上门时间。",
)
MISSED_NOTES = ("响铃无人接听。", "关机。", "短信已发，未回复。")
QUESTIONS = ("请问是哪一天办理的？有受理单号吗？", "方便提供一张账单截图吗？", "请问哪个时间段方便上门？")
REPLIES = ("是{month}月初，在营业厅办的，单子找不到了。", "截图已经准备好，客服要的话可以发。", "周末全天都可以。")
OFFER_MESSAGES = (
    "给您带来不便，十分抱歉。核查后提出以下方案。",
    "经核实情况属实，方案如下，请您确认。",
    "考虑到您的实际情况，我们申请到以下方案。",
)
PART_REASONS = (
    "前两个月有使用记录，按未使用的部分退还。",
    "系统记录有本人确认，酌情退还一部分。",
    "按合同约定扣除已经提供的服务。",
)
REFUSALS = (
    "该业务有本人验证码确认，不能认定为误开通。",
    "合同期内提出，约定条款已经明示，无法减免。",
    "该项没有凭证，暂时不能认可。",
)
COUNTERS = ("至少退还三个月的费用。", "不要券，要原路退回。", "希望书面道歉并退全款。", "按合同剩余月数退。")
ASKS = ("钱会退到哪里，几天到账？", "降档以后流量还有多少？", "上门修要不要另外收费？")
ANSWERS = (
    "原路退回，三个工作日内到账。",
    "次月生效，流量以新套餐为准，可以随时查询。",
    "不收费，师傅会提前一小时联系。",
)
PROOFS = ("退款流水 DEMO{n}", "工单截图 DEMO{n}", "系统办理记录 DEMO{n}")
FAILURES = (
    "多次沟通，双方对金额分歧大。",
    "消费者要求超出合同约定，已说明理由。",
    "消费者表示不需要企业处理，希望监管部门介入。",
)
STATEMENTS = ("补充：昨天又接到推销电话。", "补充：通话录音在手机里，可以提供。", "补充：扣费短信共三条。")
FACTS = (
    "经核查，投诉材料反映的情况已向双方核实，依据办法作出决定。",
    "经审查，投诉事项不符合受理条件，理由已向投诉人说明。",
)
MINUTES = (
    "双方陈述意见，企业愿意补偿一部分，消费者要求全额。",
    "电话调解，双方就金额达成一致。",
    "消费者坚持原诉求，企业无法接受。",
)
AGREEMENTS = ("企业一次性退还争议费用，消费者不再就此事投诉。", "企业免费维修并延长保修半年。")
RATINGS = ("处理很快。", "电话打了好几次才解决。", "结果可以接受。", "希望以后扣费前先确认。", "")


def statement(problem: Problem, *, rng: Random, amount: Decimal | None, month: int, language: str) -> tuple[str, str]:
    """Title and statement of one complaint about ``problem``."""
    slots = {
        "item": rng.choice(ITEMS),
        "shop": rng.choice(SHOPS),
        "month": month,
        "day": rng.randint(1, 28),
        "months": rng.randint(3, 20),
        "amount": "" if amount is None else f"{amount:f}",
    }
    if language == "en" and problem.statement_en:
        return problem.title_en, problem.statement_en.format(**slots)
    body = rng.choice(problem.statements).format(**slots)
    return problem.title.format(**slots), f"{rng.choice(OPENERS)}{body}{rng.choice(CLOSERS)}"


#: Answer templates of the house: name, text.
TEMPLATES = (
    (
        "多扣费全退",
        "{消费者称呼}您好，{商品或服务}一事给您带来不便，非常抱歉。我们已经核实，将在{履行日}前退还{金额}。"
        "有问题请找经办人{经办人}。",
    ),
    (
        "部分退费，说明理由",
        "{消费者称呼}您好，{商品或服务}一事我们核对了账单和办理记录：【请填：查到了什么】。"
        "因此我们退还{金额}，{履行日}前到账。",
    ),
    ("故障修复", "{消费者称呼}您好，{商品或服务}的故障原因是【请填：原因】，{履行日}前修好，障碍期间的月租费不收。"),
)
