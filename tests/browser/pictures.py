"""Pictures of every page in both languages: `tools/screens [ADDRESS [FOLDER [PERSON …]]]`.

PERSON is a name of PEOPLE, or the mailbox of a consumer of the demo: theirs are added to what the folder holds.
They show the demo of `make run` at ADDRESS, found by following links as people would; forms are opened and never sent,
but where nothing else leads on: signing in, filing one complaint and following it, proving a mailbox. A page without a
picture and without a reason in NOT_PICTURED is named at the end, and the program fails.
Consumers and the public at 360 px, people at work at 1280 px; WebP, a few kilobytes each.
"""

import io
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import django
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, Response, sync_playwright

from access.permissions import permission_rows
from odr_portal.checks import routes
from tests import ROOT

FOLDER = ROOT / ".local" / "screens"
LANGUAGES = ("zh-hans", "en")
#: Where no link leads, or none that one may follow twice.
STARTS = (
    "/",
    "/check/",
    "/check/letter/",
    "/find/?q=移动",
    "/track/",
    "/file/",
    "/account/sign-in/",
    "/account/sign-in/password/",
    "/account/password/reset/",
    "/nothing-here/",
    "/open/verify/",
    "/embed/received/",
    "/embed/kinds/",
)
#: Files, other languages, ends of a session; and what is too alike to be shown.
NOT_PAGES = re.compile(
    r"/(?:static|api|display|healthz|readyz|metrics)/|/sign-out/|/download|\.(?:csv|xlsx|pdf|zip|json|jsonld|svg|png|py|xml|txt|atom)$|/files?/\d+|/export-file|/go/"
)
#: How many of one kind are shown: a case differs by what may happen to it.
OF_A_CASE = re.compile(r"^(?:enterprise-|authority-|authority-triage-)?cases?-ref$|^authority-triage-ref$")
#: Where lists differ by who looks.
AT_WORK = ("/cases/", "/enterprise/", "/authority/", "/station/", "/oversight/", "/administration/")
#: Many are opened for what may be done in them, few are pictured.
CASES, OPENED, LONGEST, MOST = 4, 24, 1640, 260


#: The application that the county asked back in the demo.
ASKED_BACK = "002n@demo.invalid"
#: Why a page has no picture, and which those are.
_NOT_PICTURED = {
    "asked by programs, or by a page for a piece of itself": (
        """healthz readyz oversight:metrics routing:find-hits routing:find-suggest complaints:open-record-checkpoint
        complaints:open-record-proof complaints:open-record-stamped"""
    ),
    "a file, or what becomes of one": (
        """complaints:case-dossier-file complaints:case-upload complaints:enrol-licence
        complaints:authority-enrolment-licence complaints:authority-session-file complaints:authority-station-table
        complaints:enterprise-round-trip-results complaints:authority-platform-results oversight:open-data-file"""
    ),
    "leads on at once": ("oversight:view complaints:enterprise-home oversight:administration"),
    "opened by a code or a link that only its person gets": (
        """complaints:join-link complaints:answer-link complaints:mediate-link complaints:station-confirm-link
        enterprises:invitation-link
        accounts:second-factor accounts:confirm accounts:contact-code accounts:reset-code complaints:notice-off
        complaints:slip complaints:station-slip complaints:case-find-code complaints:case-find-name
        complaints:join complaints:station-confirm complaints:tracked-code complaints:tracked-offer
        complaints:tracked-step complaints:answer complaints:answer-code complaints:answer-why
        complaints:answer-document complaints:answer-document-print complaints:answer-step complaints:mediate
        complaints:mediate-code complaints:mediate-why complaints:mediate-step"""
    ),
    "shown when something was done, which no picture does": (
        """accounts:recovery-codes complaints:my-data-closed complaints:case-done complaints:authority-intake-receipt
        complaints:enterprise-round-trip complaints:enterprise-token complaints:enterprise-webhook
        complaints:enterprise-webhook-message complaints:authority-platform-file"""
    ),
    "met in few stories, so that a small demo may have none": (
        """complaints:case-people complaints:case-document complaints:case-court complaints:enterprise-measure-performed
        complaints:enterprise-measure-approval complaints:enterprise-answer complaints:enterprise-confirm
        complaints:enterprise-extension complaints:enterprise-suggestion complaints:authority-urges-new
        complaints:authority-respondent complaints:authority-respondent-step complaints:authority-body
        routing:authority-routing-edit oversight:warning oversight:enterprise-guidance oversight:embed-campaign"""
    ),
}
NOT_PICTURED = {name: why for why, names in _NOT_PICTURED.items() for name in names.split()}
#: Pictures that are named after something else than an address.
OTHER_PICTURES = (r"[1-8]", r"nothing-here")


def named(address: str) -> str:
    """A name for the kind of page: /cases/20261118-7K3QABCDEFGH-5/offer/1/ → cases-ref-offer-n."""
    path = address.partition("?")[0]
    path = re.sub(r"\d{8}-(?:\d\d-)?[0-9A-Z]{12}-[0-9A-Z]", "ref", path)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[A-Za-z0-9_-]{20,}(?=/)", "key", path)
    path = re.sub(r"(?<=/)[A-Z]\d{6}-[0-9A-Z]{8}(?=/)", "key", path)
    path = re.sub(r"(?<=/)\d{4}-\d\d\.\d+(?=/)", "month", path)
    path = re.sub(r"(?<=/)\d+(?=/)", "n", path)
    path = re.sub(r"(?<=/)[0-9A-Z]{18}(?=/)", "uscc", path)
    return path.strip("/").replace("/", "-") or "home"


#: What stands for a parameter in the name of a picture.
_SHOWN = {"number": "ref", "int": "n", "uuid": "key", "uscc": "uscc"}
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


def kind_of(pattern: str) -> str:
    """The names of pictures of this address: /cases/<str:number>/<slug:name>/ → cases-ref-[^-]…"""
    fixed = _PARAMETER.sub(lambda found: _SHOWN.get(found[2]) or _SHOWN.get(found[1] or "") or "*", pattern)
    return re.escape(named(fixed)).replace(r"\*", r"(?!\d+$)[\w.-]+")


def pages() -> Iterator[tuple[str, str]]:
    """(name, kind) of each address that answers with a page."""
    read = {row.resource for row in permission_rows() if "GET" in row.actions and not row.is_refusal}
    for name, pattern, _view in routes():
        if name in read and not NOT_PAGES.search(_PARAMETER.sub("1", pattern)):
            yield name, kind_of(pattern)


def taken(folder: Path, language: str) -> set[str]:
    """What the pictures in this language show, without whose page it is and how manieth of its kind."""
    names = (re.fullmatch(rf"{language[:2]}-[a-z]+-(.+?)(?:-\d)?", file.stem) for file in folder.glob("*.webp"))
    return {result[1] for result in names if result}


def missing(folder: Path) -> list[str]:
    """Pages that have no picture in a language, and no reason in NOT_PICTURED why."""
    return [
        f"{language}: no picture of {name}"
        for language in LANGUAGES
        for name, kind in pages()
        if name not in NOT_PICTURED and not any(re.fullmatch(kind, one) for one in taken(folder, language))
    ]


def press(page: Page, target: Path) -> None:
    """The whole page as a small picture, without what lies below three screens of a phone, or one of a desk."""
    width = page.evaluate("innerWidth")
    height = min(page.evaluate("document.documentElement.scrollHeight"), LONGEST if width < 500 else LONGEST // 2)
    shot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    with Image.open(io.BytesIO(shot)) as picture:
        kept = picture.convert("RGB")
        if width > 500:
            # A desk is read as well at two thirds, for half the bytes.
            kept = kept.resize((853, kept.height * 853 // kept.width), Image.Resampling.LANCZOS)
        kept.save(target, "WEBP", quality=20, method=4)


def asked(page: Page, address: str) -> Response | None:
    """The page; asked for again while the portal is busy. None if it is a file after all, or too slow."""
    for _ in range(8):
        try:
            answer = page.goto(address)
        except Error:
            return None
        if answer is None or answer.status != 503:
            return answer
        page.wait_for_timeout(2_000)
    return None


def crawl(
    page: Page, origin: str, starts: tuple[str, ...], prefix: str, folder: Path, *, known: Iterable[str] = ()
) -> set[str]:
    """Pictures of one page of each kind that can be reached from here and is not known yet; the kinds, known ones
    included.
    """
    waiting, seen = list(starts), set[str]()
    shown, opened_of = set(known), Counter[str]()
    while waiting and len(seen) < MOST:
        address = waiting.pop(0)
        kind = named(address)
        is_case = bool(OF_A_CASE.match(kind))
        # What another person showed is opened again for what leads on from it, where one works.
        is_done = kind in shown and not address.startswith(AT_WORK)
        if address in seen or is_done or opened_of[kind] >= (OPENED if is_case else 1) or NOT_PAGES.search(address):
            continue
        seen.add(address)
        answer = asked(page, origin + address)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        arrived = named(page.url.removeprefix(origin))
        is_case = bool(OF_A_CASE.match(arrived))
        if arrived != kind and opened_of[arrived]:
            continue
        opened_of[arrived] += 1
        if arrived not in shown or (arrived not in known and is_case and opened_of[arrived] <= CASES):
            press(page, folder / f"{prefix}-{arrived}{f'-{opened_of[arrived]}' if is_case else ''}.webp")
            shown.add(arrived)
        result = page.locator("a[href^='/']").evaluate_all(
            "links => links.map(a => a.getAttribute('href').split('#')[0])"
        )
        # Breadth first; cases before their steps, so that each list shows several.
        waiting += [link for link in result if link not in seen]
    return shown


def filing(page: Page, origin: str, prefix: str, folder: Path) -> tuple[str, ...]:
    """The screens of filing with an answer in each, the receipt, and what number and token open; its address."""
    english = prefix.startswith("en")
    page.goto(origin + "/file/?new=1")
    page.locator("#id_story").fill(
        "Since September each bill of China Mobile has one line more, which I never ordered."
        if english
        else "中国移动从9月1日起每个月账单多出一项“智家体验包”，我没有开通过，要求退还128.50元。"
    )
    press(page, folder / f"{prefix}-file-1.webp")
    page.locator("button[name=told]").click()
    region = page.locator("#id_service_region option").nth(1).get_attribute("value")
    page.locator("#id_service_region").select_option(region)
    for name in page.locator("input[type=radio][value=yes]").all():
        name.check()
    if page.locator("input[name=problem]").count():
        page.locator("input[name=problem]").first.check()
    else:
        page.locator("#id_problem_category").select_option("telecom.fees.unexplained_charge")
    if page.locator("#id_disputed_on").is_visible():
        page.locator("#id_disputed_on").fill("2026-09-01")
    wish = page.locator("input[name=demand][value=refund]")
    if not wish.is_visible():
        page.locator("#h-demands summary").click()
    wish.check()
    page.locator("#id_amount_refund").fill("128.50")
    press(page, folder / f"{prefix}-file-2.webp")
    page.locator(".actions .btn").first.click()
    page.locator("#id_name").fill("Chen Yutong" if english else "陈雨桐")
    page.locator("#id_address").fill("福州市鼓楼区测试路1号")
    if not page.locator("#id_phone").input_value():
        page.locator("#id_phone").fill("199 0000 0001")
    if page.locator("#id_is_unverified").count():
        page.locator("details:has(#id_is_unverified) summary").click()
        page.locator("#id_is_unverified").check()
    press(page, folder / f"{prefix}-file-3.webp")
    page.locator(".actions .btn").first.click()
    for group in page.locator("form > fieldset.field").all():
        group.locator("input[value=yes]").first.check()
    press(page, folder / f"{prefix}-file-4.webp")
    page.locator("button[name=file]").click()
    press(page, folder / f"{prefix}-consumer-cases-ref-receipt.webp")
    number, token = page.locator(".refno").first.inner_text(), page.locator("#receipt .lead").inner_text()
    page.goto(origin + "/track/")
    page.locator("#id_number").fill(number)
    page.locator("#id_token").fill(token)
    page.locator("main form .btn").first.click()
    return (page.url.removeprefix(origin),)


def letter(page: Page, origin: str, to: str, pattern: str) -> str:
    """What the newest letter to this address holds, read in the mailbox of the demo; nothing if there is none."""
    page.goto(f"{origin}/demo/mail/?q={to}")
    result = re.search(pattern, page.locator("main").inner_text())
    return result[1] if result else ""


def tried(
    walk: Callable[[Page, str, str, Path], tuple[str, ...]], page: Page, origin: str, prefix: str, folder: Path
) -> tuple[str, ...]:
    """Where the walk ends; a walk that fails is told, and the other pictures are taken all the same."""
    try:
        return walk(page, origin, prefix, folder)
    except Error as error:
        sys.stderr.write(f"{walk.__name__}: {error}\n")
        return ()


def by_mailbox(page: Page, origin: str, prefix: str, folder: Path) -> tuple[str, ...]:
    """The pages that a letter opens: signing in, an invitation, an application that was asked back; where they
    begin."""
    page.goto(origin + "/account/sign-in/")
    page.locator("#id_address").fill("nobody@demo.invalid")
    page.locator("main form .btn").first.click()
    page.wait_for_url("**/code/**")
    press(page, folder / f"{prefix}-public-account-sign-in-code.webp")
    page.goto(origin + "/enterprise/enrol/")
    page.locator("#id_email").fill(ASKED_BACK)
    page.locator("button[name=send]").click()
    proof = page.context.new_page()
    code = letter(proof, origin, ASKED_BACK, r"(\d{6})")
    proof.close()
    page.locator("#id_code").fill(code)
    page.locator("button[name=go]").click()
    begun = page.url.removeprefix(origin)
    invitation = letter(page, origin, "newcomer", r"(/account/invitation/[\w-]+/)")
    return tuple(address for address in (begun, invitation) if address)


def by_code(page: Page, origin: str, address: str) -> tuple[str, ...]:
    """Signs a consumer in with the code that the mailbox of the demo shows."""
    page.goto(origin + "/account/sign-in/")
    page.locator("#id_address").fill(address)
    page.locator("main form .btn").first.click()
    page.wait_for_url("**/code/**")
    reader = page.context.new_page()
    code = letter(reader, origin, address, r"(\d{6})")
    reader.close()
    page.locator("#id_code").fill(code)
    page.locator("main form .btn").first.click()
    page.wait_for_load_state()
    return ("/cases/",)


def shown_in(folder: Path, short: str) -> set[str]:
    """The kinds of pages that the folder shows already."""
    names = (re.fullmatch(rf"{short}-[a-z]+-(.+?)(?:(?<=ref)-\d)?", file.stem) for file in folder.glob("*.webp"))
    return {result[1] for result in names if result}


def opened(browser: Browser, origin: str, language: str, width: int, **wishes: str) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": 640 if width < 500 else 800},
        locale="en-GB" if language == "en" else "zh-CN",
        timezone_id="Asia/Shanghai",
    )
    # Whoever waits longer looks at a machine that is busy, not at a page.
    context.set_default_timeout(120_000)
    context.add_cookies(
        [
            {"name": "django_language", "value": language, "url": origin},
            *[{"name": name, "value": value, "url": origin} for name, value in wishes.items()],
        ]
    )  # type: ignore[list-item]
    return context


def main(origin: str, folder: Path, wanted: Sequence[str]) -> int:
    django.setup()
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        for language, address in ((language, name) for language in LANGUAGES for name in wanted if "@" in name):
            context, short = opened(browser, origin, language, 360), language[:2]
            page, known = context.new_page(), shown_in(folder, short) | {"cases"}
            crawl(page, origin, by_code(page, origin, address), f"{short}-consumer", folder, known=known)
            context.close()
        for language in LANGUAGES if not any("@" in name for name in wanted) else ():
            short = language[:2]
            context = opened(browser, origin, language, 360)
            page = context.new_page()
            known = crawl(page, origin, STARTS, f"{short}-public", folder)
            known = crawl(
                page, origin, tried(by_mailbox, page, origin, short, folder), f"{short}-public", folder, known=known
            )
            context.close()
            sys.stderr.write(f"{short} public: {len(known)}\n")
            for name, who, width, starts in PEOPLE:
                if wanted and name not in wanted:
                    continue
                # The list of people is read in Chinese, whatever the pictures speak.
                context = opened(browser, origin, LANGUAGES[0], width)
                page = context.new_page()
                page.goto(f"{origin}/account/sign-in/")
                row = page.locator("li", has=page.locator("button[name=person]")).filter(has_text=who)
                row.locator("button").click()
                context.add_cookies([{"name": "django_language", "value": language, "url": origin}])
                known = crawl(
                    page, origin, (page.url.removeprefix(origin), *starts), f"{short}-{name}", folder, known=known
                )
                sys.stderr.write(f"{short} {name}: {len(known)}\n")
                if name == "consumer":
                    known = crawl(
                        page, origin, tried(filing, page, origin, short, folder), f"{short}-public", folder, known=known
                    )
                context.close()
            context = opened(browser, origin, language, 360, display="elder")
            page = context.new_page()
            page.goto(origin + "/")
            press(page, folder / f"{short}-elder-home.webp")
            context.close()
        browser.close()
    size = sum(path.stat().st_size for path in folder.glob("*.webp"))
    sys.stdout.write(f"{len(list(folder.glob('*.webp')))} pictures, {size / 1e6:.1f} MB in {folder}\n")
    without = [] if wanted else missing(folder)
    sys.stderr.write("".join(f"{line}\n" for line in without))
    return 1 if without else 0


#: (name in the picture's name, the person of the demo, width, more to open).
PEOPLE: tuple[tuple[str, str, int, tuple[str, ...]], ...] = (
    ("consumer", "陈演示", 360, ("/cases/", "/account/", "/account/privacy/")),
    (
        "enterprise",
        "管演示",
        1280,
        (
            "/enterprise/queue/",
            "/enterprise/queue/?view=past",
            "/enterprise/views/",
            "/account/ways/",
            "/account/second-factor/set-up/",
            "/account/password/",
        ),
    ),
    ("handler", "明演示", 1280, ("/enterprise/queue/", "/enterprise/queue/?view=past")),
    ("reviewer", "审演示", 1280, ("/enterprise/approvals/",)),
    ("officer", "瑞演示", 1280, ("/authority/review/", "/authority/mediation/", "/authority/")),
    (
        "head",
        "章演示",
        1280,
        ("/authority/approvals/", "/authority/policies/", "/authority/mediation/bodies/", "/oversight/"),
    ),
    ("intake", "苏演示", 1280, ("/authority/triage/", "/authority/intake/")),
    ("analyst", "析演示", 1280, ("/oversight/", "/authority/publication/", "/authority/platform/")),
    ("station", "站演示", 1280, ("/station/",)),
    *((name, who, 1280, ()) for name, who in (("system", "系统演示"), ("security", "安全演示"), ("audit", "审计演示"))),
)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER, sys.argv[3:]))
