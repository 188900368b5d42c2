"""Pictures of bills with what they say, drawn here: twelve layouts, each clean, at half the size, turned, grainy as a
phone takes it in poor light, and from so far away that it can hardly be read. Every name, number and sum is made up;
the same number gives the same picture."""

import io
import random
from calendar import monthrange
from dataclasses import dataclass
from functools import cache

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

LAYOUTS = 12
LOOKS = ("clean", "half", "turned", "grainy", "far")
BILLS = LAYOUTS * len(LOOKS)
FIRMS = ("中国移动", "中国电信", "中国联通", "中国广电")
LINES = {"中国移动": "10086", "中国电信": "10000", "中国联通": "10010", "中国广电": "10099"}
ITEMS = (
    *(("套餐月基本费", 39, 199), ("语音通信费", 0, 40), ("上网流量费", 0, 90), ("短信彩信费", 0, 9)),
    *(("增值业务费", 5, 20), ("代收费业务费用", 3, 30), ("宽带使用费", 20, 100), ("国内漫游费", 0, 12)),
)
SHOPS = ("鹭岛鲜果便利店", "榕城书香文具店", "海风烘焙坊", "安心家电维修部")
GOODS = (("苹果", 5, 30), ("牛奶", 10, 60), ("笔记本", 3, 20), ("吐司面包", 8, 25), ("更换配件", 30, 200))

Line = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bill:
    """``truth``: by field what it says; a field that it does not have is left out. ``lines``: a line of one piece on
    the left, or of two with the second on the right."""

    lines: tuple[Line, ...]
    truth: dict[str, str]


def _yuan(fen: int) -> str:
    return f"{fen / 100:.2f}"


def _phone(dice: random.Random) -> str:
    return "1" + dice.choice("35789") + "".join(dice.choice("0123456789") for _ in range(9))


def _items(dice: random.Random, kinds: tuple[tuple[str, int, int], ...], most: int) -> tuple[list[Line], int]:
    chosen = dice.sample(kinds, dice.randint(3, most))
    sums = [dice.randint(low * 100 + 1, high * 100) for _name, low, high in chosen]
    return [(name, _yuan(fen)) for (name, _low, _high), fen in zip(chosen, sums, strict=True)], sum(sums)


def written(number: int) -> Bill:
    """The bill of this number, in words."""
    dice = random.Random(f"bill {number}")
    layout = number % LAYOUTS
    firm, phone, other = dice.choice(FIRMS), _phone(dice), _phone(dice)
    month, day = dice.randint(1, 10), dice.randint(1, 28)
    last = monthrange(2026, month)[1]
    on, full = f"2026-{month:02d}-{day:02d}", f"2026年{month}月{day}日"
    items, fen = _items(dice, ITEMS, 6)
    total, arrears = _yuan(fen), dice.randint(500, 9000)
    truth = {"firm": firm, "number": phone, "day": f"2026-{month:02d}", "total": total}
    match layout:
        case 0:
            period = f"计费周期：2026年{month:02d}月01日至2026年{month:02d}月{last}日"
            head = [(f"{firm}客户账单",), (f"用户号码：{phone}",), (period,), (f"打印日期：2026-{month + 1:02d}-03",)]
            lines = [*head, ("费用项目", "金额（元）"), *items, ("费用合计", total)]
        case 1:
            head = [(f"{firm}",), (f"2026年{month}月账单",), (f"手机号码 {phone[:3]} {phone[3:7]} {phone[7:]}",)]
            lines = [*head, *items, ("合计", f"¥{total}"), ("上期欠费", f"¥{_yuan(arrears)}")]
            lines += [("本期应付", f"¥{_yuan(fen + arrears)}")]
        case 2:
            truth |= {"day": on, "total": items[0][1]}
            lines = [(f"【{firm}】尊敬的客户，您的号码",), (f"{phone}于{full}",), (f"订购的“{items[0][0]}”已生效，",)]
            lines += [(f"扣费金额{items[0][1]}元。退订请回复TD。",)]
        case 3:
            head = [(f"{firm}网上营业厅",), ("账单查询",), (f"业务号码：{phone}", f"账期：2026{month:02d}")]
            lines = [*head, *items, ("本月消费总额", f"{total}元"), (f"客服热线：{LINES[firm]}",)]
        case 4:
            truth |= {"day": on}
            head = [(f"{firm}缴费凭证",), (f"缴费日期：{on}",), (f"手机号：{phone}",), (f"客户经理电话：{other}",)]
            lines = [
                *head,
                ("缴费金额", f"{total}元"),
                ("账户余额", f"{_yuan(arrears)}元"),
                (f"流水号：{dice.randint(10**13, 10**14)}",),
            ]
        case 5:
            del truth["number"]
            head = [(f"{firm}客户账单",), (f"号码：{phone[:3]}****{phone[7:]}", f"账单周期：2026-{month:02d}")]
            lines = [*head, ("项目", "费用"), *items, ("本期费用合计", total), ("积分", str(dice.randint(10, 999)))]
        case 6:
            shop = dice.choice(SHOPS)
            items, fen = _items(dice, GOODS, 4)
            total, paid = _yuan(fen), _yuan(fen)
            truth = {"firm": shop, "day": on, "total": total}
            head = [("销售小票",), (f"商户名称：{shop}",), (f"消费时间：2026/{month}/{day} 18:{dice.randint(10, 59)}",)]
            lines = [*head, *items, ("合计", total), ("实收", paid), ("谢谢惠顾，欢迎再来",)]
        case 7:
            truth |= {"day": on}
            head = [(f"{firm}业务受理单",), ("客户姓名：陈某某", f"业务号码：{phone}"), (f"办理日期：{full}",)]
            lines = [*head, (f"套餐有效期至2027年{month}月{day}日",), *items, ("总计", f"{total}元")]
        case 8:
            account = f"fz{dice.randint(10**9, 10**10)}"
            truth |= {"number": account}
            head = [(f"{firm}宽带账单",), (f"宽带账号：{account}",), (f"2026.{month:02d}.01-2026.{month:02d}.{last}",)]
            lines = [*head, *items, ("应缴金额", f"¥{total}"), (f"请在2026年{month + 1}月15日前缴清",)]
        case 9:
            del truth["day"]
            head = [("我的账单", f"{firm}"), (f"{phone}",), ("当月消费", f"{total}")]
            lines = [*head, *items, ("优惠减免", f"-{_yuan(arrears)}"), ("近六个月消费走势",)]
        case 10:
            del truth["total"]
            head = [(f"{firm}增值业务详单",), (f"用户号码：{phone}", f"账单月份：2026年{month:02d}月")]
            lines = [*head, ("业务名称", "费用"), *items, ("如有疑问请拨打客服热线", LINES[firm])]
        case _:
            truth |= {"day": on}
            other_firm = FIRMS[(FIRMS.index(firm) + 1) % len(FIRMS)]
            truth["firm"] = f"{other_firm}|{firm}"
            head = [("交易成功",), (f"商品说明：{other_firm}话费充值",), (f"收款方：{firm}", f"充值号码：{phone}")]
            lines = [
                *head,
                (f"支付时间：{on} 09:{dice.randint(10, 59)}:{dice.randint(10, 59)}",),
                ("付款金额", f"{total}元"),
            ]
    return Bill(tuple(lines), truth)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), size)


def page(lines: tuple[Line, ...], *, size: int = 30) -> Image.Image:
    """The lines in black on white, 800 pixels wide."""
    step = int(size * 1.9)
    picture = Image.new("RGB", (800, 60 + len(lines) * step), "white")
    pen = ImageDraw.Draw(picture)
    for place, line in enumerate(lines):
        y = 30 + place * step
        pen.text((30, y), line[0], (30, 30, 40), font=font(size))
        if len(line) > 1:
            pen.text((770 - pen.textlength(line[1], font=font(size)), y), line[1], (30, 30, 40), font=font(size))
        if place % 3 == 2:
            pen.line((20, y + step - 8, 780, y + step - 8), (170, 170, 170), 1)
    return picture


def taken(picture: Image.Image, look: str, *, number: int = 0) -> Image.Image:
    """The page as it is photographed."""
    dice = random.Random(f"look {number}")
    if look == "half":
        return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BILINEAR)
    if look in ("turned", "grainy", "far"):
        angle = dice.choice((-1, 1)) * dice.uniform(2, 6 if look == "turned" else 3)
        picture = picture.rotate(angle, expand=True, fillcolor=(118, 112, 104), resample=Image.Resampling.BICUBIC)
    if look in ("grainy", "far"):
        picture = ImageEnhance.Brightness(picture).enhance(dice.uniform(0.6, 1.0))
        picture = picture.resize((int(picture.width * 0.75), int(picture.height * 0.75)), Image.Resampling.BILINEAR)
        picture = picture.filter(ImageFilter.GaussianBlur(0.6))
        # Of its own dice: the grain of Pillow is another each time.
        grain = Image.frombytes("L", picture.size, dice.randbytes(picture.width * picture.height))
        picture = Image.blend(picture, Image.merge("RGB", (grain,) * 3), 0.12)
        shade = Image.linear_gradient("L").resize(picture.size)
        picture = Image.composite(picture, ImageEnhance.Brightness(picture).enhance(0.6), shade)
    if look == "far":
        scale = dice.uniform(0.4, 0.6)
        small = (int(picture.width * scale), int(picture.height * scale))
        picture = picture.resize(small, Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(0.5))
    return picture


def jpeg(picture: Image.Image, *, quality: int = 80) -> bytes:
    whole = io.BytesIO()
    picture.save(whole, "JPEG", quality=quality)
    return whole.getvalue()


def drawn(number: int) -> tuple[bytes, dict[str, str], str]:
    """(the file, what it says, how it looks) of one of BILLS."""
    look = LOOKS[number // LAYOUTS % len(LOOKS)]
    bill = written(number)
    quality = 45 if look in ("grainy", "far") else 80
    return jpeg(taken(page(bill.lines), look, number=number), quality=quality), bill.truth, look
