"""What a consumer types at each screen: good answers, to be changed one at a time."""

from typing import Any

STATEMENT = "9月起每个月账单多出一项“智家体验包”，我没有开通过。打过两次客服电话，到现在没有结果。"

PURCHASE: dict[str, Any] = dict.fromkeys(("brand", "bought_on", "order_no"), "")
PURCHASE |= {"object_category": "service.telecom", "item_name": "千兆宽带", "amount": "128.50", "is_online": "no"}
BLANK = ("place", "their_reference", "plan", "contract_until", "promised", "noticed_on", "report")
PROBLEM: dict[str, Any] = dict.fromkeys(BLANK, "") | {"statement": STATEMENT, "service_number": "059100000000"}
PROBLEM |= {"problem_category": "telecom.fees.unexplained_charge", "disputed_on": "2026-09-01", "is_approximate": "on"}
PROBLEM |= {"has_contacted": "yes", "contacted_on": "2026-10-08"}
DEMANDS: dict[str, Any] = {"demand": ["refund", "cancel_service"], "amount_refund": "128.50", "note": ""}
YOU: dict[str, Any] = {"name": "陈雨桐", "phone": "19900000001", "address": "福州市鼓楼区测试路1号", "email": ""}
YOU |= {"behalf": "self", "is_unverified": "on"}
CONSENTS: dict[str, Any] = dict.fromkeys(("share_with_enterprise", "pass_to_regulator", "delegated_mediation"), "yes")
CONSENTS |= {"publish_masked": "no"}
ENTERPRISE: dict[str, Any] = {"service_region": "350102000", "query": "", "respondent": "authority"}

OF_STEP = {"enterprise": ENTERPRISE, "purchase": PURCHASE, "problem": PROBLEM, "demands": DEMANDS}
OF_STEP |= {"you": YOU, "consents": CONSENTS}
