"""Contrast (WCAG 2.2, 1.4.3 and 1.4.11) from the tokens of every page, light and dark; what old browsers lack."""

import re
from itertools import product

import pytest
from django.test import Client

from tests import ROOT

CSS = ROOT / "static" / "css"
#: Text on its ground: 4.5 to 1.
TONES = ("info", "ok", "warn", "bad", "authority", "neutral")
TEXT = [
    *product(("ink", "muted", "link", "link-hover", "visited"), ("ground", "surface", "sunken")),
    *((tone, f"{tone}-bg") for tone in TONES),
    *product((*TONES, "danger"), ("surface",)),
    *(("ink", f"{tone}-bg") for tone in TONES),
    *(("link", "info-bg"), ("on-bar", "bar"), ("bar-soft", "bar"), ("on-danger", "danger")),
    *product(("on-action",), ("action", "action-hover")),
]
#: Edges of controls, the ring of the focus and lines of charts: 3 to 1.
SHAPES = [
    *(("border", "ground"), ("border", "surface"), ("focus-bar", "bar")),
    *product(("focus",), ("ground", "surface", "sunken")),
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


def test_every_pair_has_its_contrast_and_dark_is_the_same_by_switch_and_by_wish() -> None:
    assert (round(contrast("#000", "#ffffff"), 1), round(contrast("#777777", "#fff"), 2)) == (21.0, 4.48)
    result = lists()
    assert result["dark by the switch"] == result["dark by the system"]
    for name, colours in result.items():
        for front, back, least in [*((*pair, 4.5) for pair in TEXT), *((*pair, 3.0) for pair in SHAPES)]:
            assert contrast(colours[front], colours[back]) >= least, f"{name}: {front} on {back}"


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


ANDROID = (
    "Mozilla/5.0 (Linux; Android 13; V2049A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 "
    "Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231202 MicroMessenger/8.0.47.2560(0x28002F30) WeChat/arm64"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 15_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "MicroMessenger/8.0.47(0x18002f2f) NetType/WIFI Language/zh_CN"
)
#: Nothing opens a window, saves a file, prints, shares or notifies by script there; newer words are a syntax error.
SCRIPTS = {
    "a second window": r"window\.open\b|\bopen\(",
    "printing by script": r"\bprint\(",
    "a file saved by script": r"createObjectURL|\.download\b|showSaveFilePicker|showOpenFilePicker",
    "sharing": r"navigator\.share",
    "notifications, background work": r"\bNotification\b|serviceWorker|PushManager",
    "the clipboard": r"navigator\.clipboard|execCommand",
    "a dialog of the browser": r"\balert\(|\bconfirm\(|\bprompt\(|showModal|showPopover",
    "storage that may be refused": r"indexedDB|localStorage",
    "methods younger than Chromium 99": (
        r"\.(?:toSorted|toReversed|toSpliced|findLast|findLastIndex|groupBy|isWellFormed)\(|"
        r"withResolvers|fromAsync|AbortSignal\.(?:any|timeout)|Promise\.try|Iterator\.from"
    ),
    "imports with attributes, regular expressions with /v": r"\bwith\s*\{\s*type|/v[gimsuy]*[;,)]",
}
STYLES = {
    "nested rules": r"(?m)^\s*&|\{\s*&",
    "container queries": r"@container|container-type",
    "colour functions": r"color-mix|oklch|oklab|light-dark\(|color\(",
    "anchors, scopes, starting styles": r"@scope|@starting-style|anchor\(|position-area",
    "heights younger than Chromium 108": r"\d[dsl]v[hw]\b",
    "subgrid": r"subgrid",
    "ranges in media queries": r"@media[^{]*[<>]",
    # Where `:not(:has(…))` is not known the rule is dropped, and all is shown.
    "nothing but :has hides or shows": r"(?<!:not\():has\([^{]*\{[^}]*(?:display: none|visibility)",
}
#: Tried where there is one, and done another way where there is none.
ONLY_TRIED = {("copy.js", "the clipboard"), ("copy.js", "printing by script")}
TEMPLATES = {
    "a second window": r'target="_blank"',
    "a saved file": r"<a[^>]*\sdownload[\s>=]",
    "dialogs and popovers": r"<dialog|popover=",
    "script or style in the page": r"<style|\sstyle=|\son(?:click|change|submit|load)=",
}


def found(folder: str, ending: str, listed: dict[str, str]) -> list[str]:
    files = sorted((ROOT / folder).rglob(f"*{ending}"))
    assert files, folder
    comment = re.compile(r"/\*.*?\*/|(?m:^\s*//[^\n]*$)|\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
    return [
        f"{path.relative_to(ROOT)}: {what}: {hit[0]}"
        for path in files
        for what, pattern in listed.items()
        if (path.name, what) not in ONLY_TRIED
        and (hit := re.search(pattern, comment.sub("", path.read_text(encoding="utf-8"))))
    ]


def test_no_script_style_or_template_uses_what_old_browsers_lack() -> None:
    wrong = found("static/js", ".js", SCRIPTS) + found("static/css", ".css", STYLES)
    wrong += found("templates", ".html", TEMPLATES)
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
def test_the_same_page_is_served_to_wechat() -> None:
    """Nobody is sent away by the name of the browser, and nothing is served that only others can show."""
    for path in ("/", "/check/", "/file/", "/track/", "/find/", "/how/"):
        answers = [
            Client(headers={"User-Agent": name}).get(path) for name in (ANDROID, IPHONE, "Mozilla/5.0 Firefox/140.0")
        ]
        assert [answer.status_code for answer in answers] == [200] * 3, path
        assert len({re.sub(rb'value="[^"]{20,}"', b"", answer.content) for answer in answers}) == 1, path
