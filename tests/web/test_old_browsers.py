"""What the in-app browser of WeChat lacks, or Chromium 99 and Safari 15.4 (the oldest with cascade layers), is not
used.

A page must be whole in such a browser; what is newer may only adorn, and is named here with its reason.
"""

import re

import pytest
from django.test import Client

from tests import ROOT

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
    "nothing but :has hides or shows": r":has\([^{]*\{[^}]*(?:display: none|visibility)",
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
    return [
        f"{path.relative_to(ROOT)}: {what}: {hit[0]}"
        for path in files
        for what, pattern in listed.items()
        if (path.name, what) not in ONLY_TRIED
        and (hit := re.search(pattern, _without_comments(path.read_text(encoding="utf-8"))))
    ]


def _without_comments(text: str) -> str:
    return re.sub(
        r"/\*.*?\*/|(?m:^\s*//[^\n]*$)|\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL
    )


def test_scripts() -> None:
    wrong = found("static/js", ".js", SCRIPTS)
    assert not wrong, "\n".join(wrong)


def test_styles() -> None:
    wrong = found("static/css", ".css", STYLES)
    assert not wrong, "\n".join(wrong)


def test_templates() -> None:
    wrong = found("templates", ".html", TEMPLATES)
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("agent", [ANDROID, IPHONE])
def test_the_same_page_is_served_to_wechat(agent: str) -> None:
    """Nobody is sent away by the name of the browser, and nothing is served that only others can show."""
    for path in ("/", "/check/", "/file/", "/track/", "/find/", "/how/"):
        pages = []
        for name in (agent, "Mozilla/5.0 Firefox/140.0"):
            answer = Client(headers={"User-Agent": name}).get(path)
            assert answer.status_code == 200, path
            pages.append(re.sub(r'value="[^"]{20,}"', "", answer.content.decode()))
        assert pages[0] == pages[1], path
