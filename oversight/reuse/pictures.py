"""A picture that shared links show (Open Graph, 1200 × 630): a title, who says it, and the months where there are some.

Drawn by this process from what stands on the page, in the reader's language; nothing is kept but in memory.
"""

import io
import re
from collections.abc import Sequence
from functools import lru_cache

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 630
_BAR, _GOLD, _INK, _MUTED, _LINE, _FILL = "#0a2f57", "#ffd54a", "#17202b", "#4b5768", "#cbd3dd", "#12559c"
_EDGE, _TOP = 64, 96
#: Words in Latin letters are not broken.
_WORDS = re.compile(r"[A-Za-z0-9.,:%'’()-]+|\s|.")
_MOST_LINES = 3

Months = Sequence[tuple[str, int | None]]


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), size)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in _WORDS.findall(text):
        if font.getlength(lines[-1] + word) <= width:
            lines[-1] += word
        else:
            lines.append(word.strip())
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1][:-1] + "…"]
    return lines


@lru_cache(maxsize=128)
def drawn(name: str, title: str, under: str, months: tuple[tuple[str, int | None], ...] = ()) -> bytes:
    """PNG. ``name`` of the portal; ``under``: the line below the title; a month of None is withheld: a dot."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, _TOP), fill=_BAR)
    draw.ellipse((_EDGE, 28, _EDGE + 40, 68), outline="white", width=4)
    draw.ellipse((_EDGE + 24, 28, _EDGE + 64, 68), outline=_GOLD, width=4)
    draw.text((_EDGE + 84, _TOP / 2), name, font=_font(36), fill="white", anchor="lm")
    y, font = _TOP + 44, _font(60)
    for line in _wrapped(title, font, WIDTH - 2 * _EDGE):
        draw.text((_EDGE, y), line, font=font, fill=_INK)
        y += 80
    draw.text((_EDGE, y + 8), under, font=_font(34), fill=_MUTED)
    if months:
        _bars(draw, months, top=y + 100)
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _bars(draw: ImageDraw.ImageDraw, months: Months, *, top: int) -> None:
    bottom, most = HEIGHT - 56, max((n or 0 for _name, n in months), default=0) or 1
    room = (WIDTH - 2 * _EDGE) / len(months)
    draw.line((_EDGE, bottom, WIDTH - _EDGE, bottom), fill=_LINE, width=2)
    for place, (name, n) in enumerate(months):
        x = _EDGE + place * room
        middle, height = x + room / 2, (n or 0) / most * (bottom - top)
        if n:
            draw.rectangle((x + room * 0.15, bottom - height, x + room * 0.85, bottom - 1), fill=_FILL)
        number = "·" if n is None else f"{n:,}"
        draw.text((middle, bottom - height - 6), number, font=_font(24), fill=_MUTED, anchor="ms")
        draw.text((middle, bottom + 8), name[5:].lstrip("0"), font=_font(26), fill=_MUTED, anchor="ma")
