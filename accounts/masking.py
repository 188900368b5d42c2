"""How a name, a number or an address is written for who need not know it; its length tells nothing of what it hides."""

import re
import unicodedata

HIDDEN = "***"
#: A place down to the district. None of these letters may stand inside a part, so a street, a house number
#: or the name of an estate (小区, 园区) never passes for a district, and a district needs its city before it.
_PART = r"[^\W\d_省市区县旗盟路街巷弄号栋室院]{1,8}"
_DISTRICT = re.compile(
    rf"(?:{_PART}(?:省|自治区|特别行政区))?(?:{_PART}(?:市|自治州|地区|盟)){{1,2}}"
    # 路北区, 市中区 and their like begin with such a letter.
    rf"(?:(?:路(?=[北南桥]区)|市(?=[中南北]区))?{_PART}(?<![小社园景校厂])(?:自治县|自治旗|新区|区|县|旗(?!区)))?"
)
#: With or without +86 before it, in one piece or in the usual three.
_MOBILE = re.compile(r"(?<![\dA-Za-z])(?:\+?86[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)")
_CARD = re.compile(r"(?<![\dA-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])[0-3]\d{4}[\dXx](?![\dA-Za-z])")


def masked_name(name: str) -> str:
    """张三 → 张**, Anna Smith → A***: the first letter and no hint of the length. Empty stays empty."""
    tidy = unicodedata.normalize("NFC", name).strip()
    if not tidy:
        return ""
    return f"{tidy[0]}***" if tidy[0].isascii() else f"{tidy[0]}**"


def masked_phone(number: str) -> str:
    """+8613800001234 → 138****1234; a short number keeps its last two digits only. Empty stays empty."""
    digits = number.removeprefix("+86").strip()
    if len(digits) >= 9:
        return f"{digits[:3]}****{digits[-4:]}"
    return f"****{digits[-2:]}" if digits else ""


def masked_email(address: str) -> str:
    """chen@example.org → c***@example.org. Empty stays empty."""
    name, at, domain = address.strip().partition("@")
    return f"{name[:1]}{HIDDEN}@{domain}" if at else (HIDDEN if name else "")


def masked_address(address: str) -> str:
    """四川省成都市武侯区人民路1号 → 四川省成都市武侯区***: to the district; one that names none is hidden whole."""
    tidy = re.sub(r"\s+", "", unicodedata.normalize("NFKC", address))
    if not tidy:
        return ""
    place = _DISTRICT.match(tidy)
    return f"{place.group() if place else ''}{HIDDEN}"


def masked_text(text: str) -> str:
    """Mobile numbers and numbers of identity cards in what somebody wrote, each as it would be masked alone."""
    text = _CARD.sub(lambda match: masked_id_number(match.group()), text)
    return _MOBILE.sub(lambda match: masked_phone(re.sub(r"\D", "", match.group(1))), text)


def masked_id_number(number: str) -> str:
    """51010719900101123X → ***3X: place and birthday stand in the rest. Empty stays empty."""
    tidy = number.strip()
    return f"{HIDDEN}{tidy[-2:]}" if len(tidy) >= 8 else (HIDDEN if tidy else "")
