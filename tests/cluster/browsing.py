"""A browser without scripts for tests/cluster/country.py: prints JSON of where it ended.

    browsing.py file SITE PLACE     begins a complaint at SITE about a place, presses every button twice at once
    browsing.py track SITE NUMBER   looks for a number with a token
    browsing.py check NUMBER        the same number with the right check character

Runs by itself on the host of the clients (nothing of the portal is imported).
"""

import html
import json
import random
import re
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

STORY = "9月起每个月账单多出一项，我没有开通过。打过两次客服电话，到现在没有结果。"
HEARD = {
    **{
        "object_category": "service.telecom",
        "item_name": "千兆宽带",
        "amount": "128.50",
        "is_online": "no",
        "asked": "1",
    },
    **{"problem": "none", "problem_category": "telecom.fees.unexplained_charge", "disputed_on": "2026-09-01"},
    **{"is_approximate": "on", "statement": STORY, "service_number": "059100000000", "has_contacted": "no"},
    **{"demand": "refund", "amount_refund": "128.50", "respondent": "authority"},
}
YOU = {
    **{"name": "陈雨桐", "phone": "19900000001", "address": "测试路1号", "email": "", "behalf": "self"},
    "is_unverified": "on",
}
CONSENTS = {
    **dict.fromkeys(("pass_to_regulator", "delegated_mediation", "pause_for_settlement"), "yes"),
    **{"publish_masked": "no", "share_with_enterprise": "yes", "file": "1"},
}
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>', re.DOTALL)


class Browser:
    def __init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.url, self.status, self.text = "", 0, ""
        # People of many lines: of one line few unproven complaints an hour are taken without work.
        self.line = f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"

    def go(self, url: str, form: dict[str, str] | None = None) -> "Browser":
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        headers = {"Referer": self.url or url, "Accept-Language": "zh-CN", "X-Forwarded-For": self.line}
        asked = urllib.request.Request(url, body, headers)
        try:
            answer = self.opener.open(asked, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        self.url, self.status, self.text = answer.geturl(), answer.status, answer.read().decode()
        return self

    def send(self, typed: dict[str, str]) -> "Browser":
        return self.go(self.url, self.hidden() | typed)

    def send_twice(self, typed: dict[str, str]) -> set[str]:
        """The same form twice at once; where both ended."""
        form, url, twins = self.hidden() | typed, self.url, [Browser(), Browser()]
        for twin in twins:
            twin.opener, twin.url, twin.line = self.opener, url, self.line
        both = [threading.Thread(target=twin.go, args=(url, form)) for twin in twins]
        for one in both:
            one.start()
        for one in both:
            one.join()
        self.url, self.status, self.text = twins[0].url, twins[0].status, twins[0].text
        return {twin.url for twin in twins}

    def hidden(self) -> dict[str, str]:
        page = self.text[self.text.index("<main") :] if "<main" in self.text else self.text
        found = {}
        for field in _HIDDEN.findall(page):
            name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
            if name:
                found[name[1]] = html.unescape(value[1]) if value else ""
        return found


def main_of(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text[max(0, text.find("<main")) :]).split())[:3000]


def ended(browser: Browser, **more: Any) -> dict[str, str]:
    said = {"at": browser.url, "status": str(browser.status), "text": main_of(browser.text)}
    return said | {name: str(value) for name, value in more.items()}


def file(site: str, place: str) -> dict[str, str]:
    one = Browser().go(f"{site}/file/?service_region={place}&pick=authority")
    one.send({"story": STORY})
    one.send(HEARD | {"service_region": place, "next": "1"})
    if "/guide/" in one.url:
        one.send({"next": "1"})
    if "/elsewhere/" in one.url:
        places = one.send_twice({})
        if one.status == 503:
            return ended(one)
        if len(places) != 1:
            raise SystemExit(f"two drafts: {places}")
        # Both answers brought a cookie for forms; the page is opened anew with the one that stayed.
        one.go(one.url).send({})
        one.send(HEARD | {"service_region": place, "next": "1"})
        if "/guide/" in one.url:
            one.send({"next": "1"})
    one.send(YOU | {"next": "1"})
    receipts = one.send_twice(CONSENTS)
    number = re.search(r"\d{8}-\d\d-[0-9A-Z]{12}-[0-9A-Z]", one.url)
    if len(receipts) != 1 or number is None:
        raise SystemExit(f"{receipts}: {one.status} {main_of(one.text)}")
    return ended(one, number=number[0]) | {"at": "/".join(one.url.split("/")[:3])}


def track(site: str, number: str) -> dict[str, str]:
    one = Browser().go(f"{site}/track/")
    begun = time.monotonic()
    one.send({"number": number, "token": "0" * 26})
    return ended(one, seconds=f"{time.monotonic() - begun:.1f}")


def check(number: str) -> dict[str, str]:
    alphabet, (day, letters, _old) = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", number.split("-")
    factor, total = 2, 0
    for letter in reversed(day + letters):
        addend = factor * alphabet.index(letter)
        factor, total = 3 - factor, total + addend // 32 + addend % 32
    return {"number": f"{day}-{letters}-{alphabet[-total % 32]}"}


if __name__ == "__main__":
    print(json.dumps({"file": file, "track": track, "check": check}[sys.argv[1]](*sys.argv[2:]), ensure_ascii=False))
