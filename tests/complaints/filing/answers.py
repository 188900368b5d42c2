"""What a consumer types at each screen: good answers, to be changed one at a time."""

from typing import Any

STATEMENT = "9月起每个月账单多出一项“智家体验包”，我没有开通过。打过两次客服电话，到现在没有结果。"

PURCHASE: dict[str, Any] = {
    "object_category": "service.telecom",
    "item_name": "千兆宽带",
    "brand": "",
    "amount": "128.50",
    "bought_on": "",
    "is_online": "no",
    "order_no": "",
}
PROBLEM: dict[str, Any] = {
    "problem_category": "telecom.fees.unexplained_charge",
    "disputed_on": "2026-09-01",
    "is_approximate": "on",
    "place": "",
    "statement": STATEMENT,
    "has_contacted": "yes",
    "contacted_on": "2026-10-08",
    "their_reference": "",
    "service_number": "059100000000",
    "plan": "",
    "contract_until": "",
    "promised": "",
    "noticed_on": "",
    "report": "",
}
DEMANDS: dict[str, Any] = {"demand": ["refund", "cancel_service"], "amount_refund": "128.50", "note": ""}
YOU: dict[str, Any] = {
    "name": "陈雨桐",
    "phone": "19900000001",
    "address": "福州市鼓楼区测试路1号",
    "email": "",
    "behalf": "self",
    "is_unverified": "on",
}
CONSENTS: dict[str, Any] = {
    "share_with_enterprise": "yes",
    "pass_to_regulator": "yes",
    "delegated_mediation": "yes",
    "publish_masked": "no",
}
ENTERPRISE: dict[str, Any] = {"service_region": "350102000", "query": "", "respondent": "authority"}

OF_STEP = {
    "enterprise": ENTERPRISE,
    "purchase": PURCHASE,
    "problem": PROBLEM,
    "demands": DEMANDS,
    "you": YOU,
    "consents": CONSENTS,
}
