"""Pictures of every page in both languages, for docs/screens: `python -m tests.browser.pictures ADDRESS [FOLDER [PERSON …]]`.

The one rule: what they show is the demo of `make run` at ADDRESS, found by following links as people would; forms are
opened and never sent (but for signing in with one click, and the screens of filing, up to the last before the deed).
Consumers and the public at 360 px, people at work at 1280 px; WebP, a few kilobytes each.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screens"
LANGUAGES = ("zh-hans", "en")
#: Where no link leads, or none that one may follow twice.
STARTS = ("/", "/check/", "/check/letter/", "/find/?q=移动", "/track/", "/file/", "/account/sign-in/", "/account/sign-in/password/",
          "/account/password/reset/", "/nothing-here/", "/open/verify/")  # fmt: skip
#: Files, other languages, ends of a session; and what is too alike to be shown.
NOT_PAGES = re.compile(r"/(?:static|api|display|healthz|readyz|metrics)/|/sign-out/|/download|\.(?:csv|xlsx|pdf|zip|json|svg|py)$|/files?/\d+|/export-file|/go/")
#: How many of one kind are shown: a case differs by what may happen to it.
OF_A_CASE = re.compile(r"^(?:enterprise-|authority-|authority-triage-)?cases?-ref$|^authority-triage-ref$")
CASES, LONGEST, MOST = 4, 1640, 90


def named(address: str) -> str:
    """A name for the kind of page: /cases/20261118-7K3QABCDEFGH-5/offer/1/ → cases-ref-offer-n."""
    path = address.partition("?")[0]
    path = re.sub(r"\d{8}-[0-9A-Z]{12}-[0-9A-Z]", "ref", path)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[A-Za-z0-9_-]{20,}(?=/)", "key", path)
    path = re.sub(r"(?<=/)\d+(?=/)", "n", path)
    return path.strip("/").replace("/", "-") or "home"


def press(page: Page, target: Path) -> None:
    """The whole page as a small picture, without what lies below three screens of a phone, or one of a desk."""
    width = page.evaluate("innerWidth")
    height = min(page.evaluate("document.documentElement.scrollHeight"), LONGEST if width < 500 else LONGEST // 2)
    shot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").save(target, "WEBP", quality=20, method=4)


def crawl(page: Page, origin: str, starts: tuple[str, ...], prefix: str, folder: Path, *,
          known: Iterable[str] = ()) -> set[str]:
    """Pictures of one page of each kind that can be reached from here and is not known yet; the kinds, known ones included."""
    waiting, seen = list(starts), set[str]()
    kinds = dict.fromkeys(known, 9)
    while waiting and len(seen) < MOST:
        address = waiting.pop(0)
        kind = named(address)
        most = CASES if OF_A_CASE.match(kind) else 1
        if address in seen or kinds.get(kind, 0) >= most or NOT_PAGES.search(address):
            continue
        seen.add(address)
        try:
            answer = page.goto(origin + address)
        except Error:
            # A file after all, or too slow.
            continue
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        arrived = page.url.removeprefix(origin)
        if named(arrived) != kind and kinds.get(named(arrived)):
            continue
        kind = named(arrived)
        kinds[kind] = kinds.get(kind, 0) + 1
        press(page, folder / f"{prefix}-{kind}{f'-{kinds[kind]}' if most > 1 else ''}.webp")
        found = page.locator("a[href^='/']").evaluate_all("links => links.map(a => a.getAttribute('href').split('#')[0])")
        # Breadth first; cases before their steps, so that each list shows several.
        waiting += [link for link in found if link not in seen]
    return set(kinds)


def filing(page: Page, origin: str, prefix: str, folder: Path) -> None:
    """The screens of filing with an answer in each, up to the check page; nothing is filed."""
    english = prefix.startswith("en")
    page.goto(origin + "/file/?new=1")
    region = page.locator("#id_service_region option").nth(1).get_attribute("value")
    page.locator("#id_service_region").select_option(region)
    page.locator("#id_query").fill("移动")
    page.locator("button[name=search]").first.click()
    page.locator("input[name=respondent]").first.check()
    press(page, folder / f"{prefix}-file-1.webp")
    page.locator(".actions .btn").first.click()
    page.locator("#id_object_category").select_option("service.telecom")
    page.locator("#id_item_name").fill("Home broadband, 1000 Mbit/s" if english else "千兆宽带")
    page.locator("#id_amount").fill("128.50")
    page.locator("#id_is_online_1").check()
    press(page, folder / f"{prefix}-file-2.webp")
    page.locator(".actions .btn").first.click()
    page.locator("#id_problem_category").select_option("telecom.fees.unexplained_charge")
    page.locator("#id_statement").fill(
        "Since September each bill has one line more, which I never ordered." if english
        else "9月起每个月账单多出一项“智家体验包”，我没有开通过。")  # fmt: skip
    page.locator("#id_disputed_on").fill("2026-09-01")
    press(page, folder / f"{prefix}-file-3.webp")
    page.locator(".actions .btn").first.click()
    page.locator("input[name=demand][value=refund]").check()
    page.locator("#id_amount_refund").fill("128.50")
    press(page, folder / f"{prefix}-file-4.webp")
    page.locator(".actions .btn").first.click()
    press(page, folder / f"{prefix}-file-5.webp")
    page.locator(".actions .btn").first.click()
    page.locator("#id_name").fill("Chen Yutong" if english else "陈雨桐")
    page.locator("#id_address").fill("福州市鼓楼区测试路1号")
    if not page.locator("#id_phone").input_value():
        page.locator("#id_phone").fill("199 0000 0001")
    page.locator("#id_behalf_0").check()
    if page.locator("#id_is_unverified").count():
        page.locator("#id_is_unverified").check()
    press(page, folder / f"{prefix}-file-6.webp")
    page.locator(".actions .btn").first.click()
    press(page, folder / f"{prefix}-file-7.webp")
    for group in page.locator("fieldset.field").all():
        group.locator("input[value=yes]").first.check()
    page.locator(".actions .btn").first.click()
    press(page, folder / f"{prefix}-file-8.webp")


def opened(browser: Browser, origin: str, language: str, width: int, **wishes: str) -> BrowserContext:
    context = browser.new_context(viewport={"width": width, "height": 640 if width < 500 else 800},
                                  locale="en-GB" if language == "en" else "zh-CN", timezone_id="Asia/Shanghai")  # fmt: skip
    context.add_cookies([{"name": "django_language", "value": language, "url": origin},
                         *[{"name": name, "value": value, "url": origin} for name, value in wishes.items()]])  # type: ignore[list-item]  # fmt: skip
    return context


def main(origin: str, folder: Path, wanted: Sequence[str]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        for language in LANGUAGES:
            short = language[:2]
            context = opened(browser, origin, language, 360)
            known = crawl(context.new_page(), origin, STARTS, f"{short}-public", folder)
            context.close()
            sys.stderr.write(f"{short} public: {len(known)}\n")
            for name, who, which, width, starts in PEOPLE:
                if wanted and name not in wanted:
                    continue
                # The list of people is read in Chinese, whatever the pictures speak.
                context = opened(browser, origin, LANGUAGES[0], width)
                page = context.new_page()
                page.goto(f"{origin}/account/sign-in/")
                row = page.locator("li", has=page.locator("button[name=person]")).filter(has_text=re.compile(who))
                if row.count() <= which:
                    sys.stderr.write(f"nobody of the demo is {who}\n")
                    continue
                row.nth(which).locator("button").click()
                context.add_cookies([{"name": "django_language", "value": language, "url": origin}])
                known = crawl(page, origin, (page.url.removeprefix(origin), *starts), f"{short}-{name}", folder, known=known)
                sys.stderr.write(f"{short} {name}: {len(known)}\n")
                if name == "consumer":
                    try:
                        filing(page, origin, short, folder)
                    except Error as error:
                        sys.stderr.write(f"filing: {error}\n")
                context.close()
            context = opened(browser, origin, language, 360, display="elder")
            page = context.new_page()
            page.goto(origin + "/")
            press(page, folder / f"{short}-elder-home.webp")
            context.close()
        browser.close()
    size = sum(path.stat().st_size for path in folder.glob("*.webp"))
    sys.stdout.write(f"{len(list(folder.glob('*.webp')))} pictures, {size / 1e6:.1f} MB in {folder}\n")
    return 0


#: (name in the picture's name, what stands beside the person, the how manieth of these, width, more to open).
PEOPLE: tuple[tuple[str, str, int, int, tuple[str, ...]], ...] = (
    ("consumer", "消费者", 0, 360, ("/cases/", "/account/", "/account/privacy/")),
    ("enterprise", "有限公司", 1, 1280, ("/enterprise/queue/",)),
    ("intake", "市场监督管理局", 0, 1280, ("/authority/triage/",)),
    ("authority", "市场监督管理局", 2, 1280, ("/authority/", "/oversight/")),
    ("station", "维权服务站|服务站", 0, 1280, ("/station/",)),
    *((name, words, 0, 1280, ()) for name, words in (
        ("system", "系统管理员"), ("security", "安全管理员"), ("audit", "审计管理员"))),
)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER, sys.argv[3:]))
