"""Chinese as it is compared: traditional characters count as simplified ones."""

from functools import cache

#: Every character that Unicode has for Chinese but the rare ones beyond its first plane.
_FIRST, _LAST = 0x3400, 0x9FFF
#: Ways of writing a character that are neither; 囯 is often typed in names.
_OTHER = {"囯": "国", "囻": "国"}


@cache
def _table() -> dict[int, str]:
    # 0.1 s, so only where Chinese is read.
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    # A character at a time: a piece of a text has to become what it is in the whole.
    pairs = ((number, convert(chr(number))) for number in range(_FIRST, _LAST + 1))
    return {number: simple for number, simple in pairs if simple != chr(number)} | str.maketrans(_OTHER)


def simplified(text: str) -> str:
    """The text with simplified characters, of the same length: 中國移動 → 中国移动."""
    return text if text.isascii() else text.translate(_table())
