"""Contrast, computed from the tokens that every page takes its colours from (WCAG 2.2, 1.4.3 and 1.4.11).

The pairs are named here once and hold in the light and in the dark list alike.
"""

import re

import pytest

from tests import ROOT

CSS = ROOT / "static" / "css"
#: Text on its ground: 4.5 to 1.
TEXT = [
    *(
        (ink, ground)
        for ink in ("ink", "muted", "link", "link-hover", "visited")
        for ground in ("ground", "surface", "sunken")
    ),
    *((tone, f"{tone}-bg") for tone in ("info", "ok", "warn", "bad", "authority", "neutral")),
    *((tone, "surface") for tone in ("info", "ok", "warn", "bad", "authority", "neutral", "danger")),
    *(("ink", f"{tone}-bg") for tone in ("info", "ok", "warn", "bad", "authority", "neutral")),
    ("link", "info-bg"),
    ("on-bar", "bar"),
    ("bar-soft", "bar"),
    ("on-action", "action"),
    ("on-action", "action-hover"),
    ("on-danger", "danger"),
]
#: Edges of controls, the ring of the focus and lines of charts: 3 to 1.
SHAPES = [
    *(("border", ground) for ground in ("ground", "surface")),
    *(("focus", ground) for ground in ("ground", "surface", "sunken")),
    ("focus-bar", "bar"),
    *((f"c{number}", "surface") for number in range(1, 7)),
]
LISTS = re.compile(r":root(?:\[data-theme=dark\]|:not\(\[data-theme\]\))? \{(.*?)\}", re.DOTALL)


def lists() -> dict[str, dict[str, str]]:
    """The colours of the light list, of the switch to dark and of the system's wish, each laid over the light one."""
    results = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", body))
        for body in LISTS.findall((CSS / "tokens.css").read_text(encoding="utf-8"))
    ]
    colours = [row for row in results if row]
    assert len(colours) == 3, "one light list and the same dark list twice"
    light, switch, wish = colours
    return {"light": light, "dark by the switch": light | switch, "dark by the system": light | wish}


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark by the switch", "dark by the system"])
def test_every_pair_has_its_contrast(name: str) -> None:
    colours = lists()[name]
    weak = [
        f"{front} on {back}: {contrast(colours[front], colours[back]):.2f} < {least}"
        for pairs, least in ((TEXT, 4.5), (SHAPES, 3.0))
        for front, back in pairs
        if contrast(colours[front], colours[back]) < least
    ]
    assert not weak, "\n".join(weak)


def test_dark_is_the_same_by_switch_and_by_wish() -> None:
    result = lists()
    assert result["dark by the switch"] == result["dark by the system"]


def test_the_measure_is_right() -> None:
    assert round(contrast("#000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#fff"), 2) == 4.48


def test_colours_come_from_the_tokens() -> None:
    """Elsewhere only black, white and what stands on the bar, which is the same in light and dark."""
    allowed = {"#fff", "#000", "#333", "#999", "#0a2f57", "#dfe9f4", "#c4d6ea", "#ffd54a"}
    strange = {
        f"{path.name}: {colour}"
        for path in CSS.glob("*.css")
        if path.name != "tokens.css"
        for colour in re.findall(r"#[0-9a-f]{3,8}\b(?![\w-]*\s*\{)", path.read_text(encoding="utf-8"))
        if colour not in allowed
    }
    assert not strange, sorted(strange)
