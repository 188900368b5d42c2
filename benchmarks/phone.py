"""What a cheap telephone on a slow network shows, and when: Chromium with a quarter of this machine's speed.

`python -m benchmarks.phone`: the consumer's pages at 360 px, each opened with an empty cache by the portal's own web
server. Network: 150 ms to the first byte of each answer, 1.6 Mbit/s down, 0.75 up (Chromium's emulation, which adds the
delay to every request); processor slowed four times. LCP and layout shift as the browser itself reports them, the
longest task, and the bytes that crossed the wire. No floor: the goals are on the values. Needs Chromium.
"""

import os
import shutil
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, publish, tell
from benchmarks.world.patterns import Pattern

SLOWER, DELAY_MS, DOWN, UP = 4, 150, 1_600_000 / 8, 750_000 / 8
#: A moment of quiet after loading: what shifts or runs later than that, the person caused.
QUIET_MS = 1500
_WATCH = """
window.seen = {lcp: 0, cls: 0, task: 0};
const watch = (type, tell) => new PerformanceObserver(
    list => list.getEntries().forEach(tell)).observe({type, buffered: true});
watch("largest-contentful-paint", e => { seen.lcp = e.startTime; });
watch("layout-shift", e => { if (!e.hadRecentInput) seen.cls += e.value; });
watch("longtask", e => { seen.task = Math.max(seen.task, e.duration); });
"""


def measure(*, quick: bool) -> list[Figure]:
    rounds = 2 if quick else 5
    with ground.database("benchmark_phone") as base:
        ground.set_up(base)
        from django.conf import settings
        from django.test import Client

        with ground.web(base) as (port, _master), _chromium() as browser:
            # After the web server began: without DEMO it does not, where an address of the demonstration is used.
            pattern = Pattern(datetime.now(ZoneInfo("Asia/Shanghai")))
            settled, offered = pattern.file(), pattern.file()
            pattern.settle(settled)
            pattern.negotiate(offered)
            client = Client()
            client.force_login(pattern.chen)
            session = {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
            }
            pages = {
                "home": "/",
                "right place?": "/check/",
                "filing, first screen": "/file/",
                "search of enterprises": "/find/?q=移动",
                "how": "/how/",
                "sign-in": "/account/sign-in/",
                "my cases": "/cases/",
                "case, negotiating": f"/cases/{offered.number}/",
                "case, promised": f"/cases/{settled.number}/",
                "withdraw": f"/cases/{offered.number}/withdraw/",
            }
            origin = f"http://127.0.0.1:{port}"
            figures: list[Figure] = []
            for name, path in pages.items():
                tell(f"phone: {name}")
                # The first look fills the server's caches of templates; nobody means that one.
                looks = [_look(browser, origin, path, session) for _ in range(rounds + 1)][1:]
                figures += _figures(name, looks)
            return figures


def _figures(name: str, looks: list[dict[str, float]]) -> Iterator[Figure]:
    for what, unit, goal in (
        ("lcp", "ms LCP", 1800),
        ("cls", "layout shift", 0.05),
        ("task", "ms longest task", 100),
        ("bytes", "bytes", 100_000),
    ):
        values = [look[what] for look in looks]
        yield Figure(
            benchmark="phone",
            what=name,
            value=statistics.median(values),
            unit=unit,
            goal=("≤", goal),
            rounds=len(values),
            more={"lowest": min(values), "highest": max(values)},
        )


def _look(browser: Any, origin: str, path: str, session: dict[str, str]) -> dict[str, float]:
    """One page in a browser that has seen nothing yet."""
    context = browser.new_context(
        viewport={"width": 360, "height": 640}, device_scale_factor=2, is_mobile=True, has_touch=True, locale="zh-CN"
    )
    if "sign-in" not in path:
        context.add_cookies([{**session, "url": origin}])
    page = context.new_page()
    page.add_init_script(_WATCH)
    tools = context.new_cdp_session(page)
    sizes: list[float] = []
    tools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    tools.send("Network.enable")
    tools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": DELAY_MS, "downloadThroughput": DOWN, "uploadThroughput": UP},
    )
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    answer = page.goto(origin + path, wait_until="load")
    if answer is None or answer.status != 200:
        raise SystemExit(f"{path} answers {answer and answer.status}")
    page.wait_for_timeout(QUIET_MS)
    seen: dict[str, float] = page.evaluate("window.seen")
    context.close()
    return {**seen, "bytes": sum(sizes)}


@contextmanager
def _chromium() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("this benchmark needs what the tests need: make set-up-tests") from None
    path = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        raise SystemExit("this benchmark needs a Chromium: install the package chromium, or name one in CHROMIUM")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    sys.exit(publish("phone", measure(quick=arguments(__doc__).quick)))
