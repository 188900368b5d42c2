"""What no log and no dump may ever show: words that tests put, through real doors, where people put their own."""

import base64
from collections.abc import Iterable

PHONE, EMAIL = "19971355279", "canary.chen@example.net"
CANARIES = {
    "name": "金丝雀陈雨",
    "phone": PHONE,
    "address": "金丝雀路77号902室",
    "email": EMAIL,
    "id number": "350102199001017799",
    "order number": "CANARYORDER8842",
    "service number": "059177713522",
    "reference": "CANARYREF5521",
    "place": "金丝雀营业厅二楼",
    "statement": "金丝雀把账单吃掉了，我没有开通过这一项业务",
    "demand note": "金丝雀要求当面道歉",
    "file name": "金丝雀账单77.png",
    "staff name": "金丝雀客服",
    "officer name": "金丝雀科长",
    "offer": "金丝雀方案：三个月全退",
    "promise": "金丝雀退款承诺",
    "refusal": "金丝雀不同意单独退订",
    "contact note": "金丝雀通话十分钟",
    "internal note": "金丝雀内部备注",
    "message": "金丝雀留言，请尽快",
    "counter demand": "金丝雀希望再退一个月",
    "proof": "金丝雀流水单号991",
    "decision": "金丝雀受理意见",
    "forwarding note": "金丝雀号码已携转",
}
#: People of the cast, whom every test seeds.
OF_THE_CAST = ("13800000001", "13800000009", "福州市鼓楼区某路1号", "19900000001", "福州市鼓楼区测试路1号")


def forms(text: str) -> list[bytes]:
    """As a dump may show it: plain, hexadecimal, base64 at each of its three alignments, escaped in JSON."""
    plain = text.encode()
    results = [plain, plain.hex().encode(), plain.hex().upper().encode()]
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + plain).rstrip(b"=")
        # The first and the last letters depend on what stands around it.
        results.append(whole[{0: 0, 1: 2, 2: 3}[before] : len(whole) - 2])
    if not text.isascii():
        results.append(text.encode("ascii", "backslashreplace"))
        results.append(text.encode("gb18030"))
    return results


def seen(content: bytes, texts: Iterable[tuple[str, str]]) -> list[str]:
    """The names of those that the content shows in any form."""
    return sorted({name for name, text in texts for form in forms(text) if form in content})
