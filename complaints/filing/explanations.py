"""Why a question is asked, one line each, for those where it is not plain.

Every question of the form either stands here or is plain by its own words
(tests/complaints/filing/test_questions.py names those).
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from complaints.procedure.categories import QUESTIONS
from complaints.procedure.typed_values import Text

WHYS: dict[tuple[str, str], Text] = {
    ("enterprise", "service_region"): _("地区决定由哪个分公司答复、哪个监管部门管辖"),
    ("enterprise", "address"): _("有地址，监管部门才能找到它"),
    ("enterprise", "link"): _("网店的名称常常和公司的名称不一样"),
    ("purchase", "object_category"): _("不同的商品和服务，适用的规定和能提的诉求不同"),
    ("purchase", "amount"): _("退多少、赔多少，都和它核对"),
    ("purchase", "bought_on"): _("用来核对保修期、合约期"),
    ("purchase", "is_online"): _("网购和到店买，管辖的部门和退货的规定不同"),
    ("purchase", "order_no"): _("有了它，企业不用再向您要"),
    ("problem", "problem_category"): _("同类的投诉交给熟悉的人办，也用来发现普遍的问题"),
    ("problem", "disputed_on"): _("投诉的期限是3年，从您知道的那天算起"),
    ("problem", "place"): _("发生地不同，管辖的部门可能不同"),
    ("problem", "has_contacted"): _("找过的，企业可以接着原来的记录办；没找过也可以投诉"),
    **{("problem", question.code): question.why for question in QUESTIONS},
    ("problem", "noticed_on"): _("3年的期限从这一天算起"),
    ("you", "behalf"): _("替别人投诉，需要有权这样做"),
    ("you", "address"): _("法律规定的内容，文书寄到这里；页面上不公开"),
    ("you", "email"): _("手机收不到时，用它联系您"),
    ("you", "reply_by"): _("按您方便的方式通知您"),
    ("you", "need_help"): _("我们可以打电话协助您，或者放慢节奏"),
    ("you", "principal_name"): _("权益受损的人才是当事人"),
    ("you", "powers"): _("您只能办委托里写明的事"),
    ("you", "valid_until"): _("到期以后，由本人接着办"),
}
