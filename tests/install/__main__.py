"""`make test-install`: docs/install.md, word by word, on a fresh Debian 13, up to a complaint filed over https.

    python -m tests.install [--package FILE] [--base FILE] [--keep]

Ends with 0 when all that must hold held, 1 when something did not, 77 where it cannot be tried (no root, no
namespaces).
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT
from tests.install import brought, consumer, machine

GUIDE = ROOT / "docs" / "install.md"
GOAL = 20 * 60
#: The part that people do in a browser.
COMPLAINT = "The first complaint"
FIRM = "中国移动通信集团福建有限公司"


@dataclass(frozen=True)
class Part:
    title: str
    blocks: tuple[str, ...]


def parts(text: str) -> list[Part]:
    """The numbered parts of the guide with their blocks of commands, word by word."""
    result = []
    for piece in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = piece.partition("\n")
        blocks = re.findall(r"^```sh\n(.*?)^```$", body, flags=re.MULTILINE | re.DOTALL)
        result.append(Part(re.sub(r"^\d+\. ", "", title), tuple(blocks)))
    return result


class Broken(Exception):
    """A command of the guide failed."""


def carry_out(here: machine.Machine, part: Part) -> None:
    begun = time.monotonic()
    print(f"\n== {part.title}", flush=True)
    for block in part.blocks:
        print("".join(f"  # {line}\n" for line in block.splitlines()), end="", flush=True)
        done = here.run(block)
        if done.returncode:
            raise Broken(f"“{part.title}” ended with {done.returncode}: {done.stdout.strip()[-600:]}")
    print(f"  ({time.monotonic() - begun:.0f} s)", flush=True)


def lay_out(here: machine.Machine, package: Path, folder: Path) -> brought.Gateway:
    """What docs/install.md says that you bring, in /root of that machine."""
    authority = brought.certificates(folder)
    gateway = brought.Gateway(folder)
    home = here.root / "root"
    for name in ("fullchain.pem", "privkey.pem", "sms-gateway.key"):
        shutil.copy(folder / name, home)
    shutil.copy(ROOT / "enterprises/data/carriers.csv", home / "enterprises.csv")
    shutil.copy(package, home)
    with (here.root / "etc/hosts").open("a") as hosts:
        hosts.write(f"127.0.0.1 localhost {brought.PORTAL} {brought.SMS}\n")
    # Browsers would know that authority; so does this machine.
    shutil.copy(authority, here.root / "usr/local/share/ca-certificates/tried.crt")
    here.run("update-ca-certificates", quiet=True)
    return gateway


def walk(here: machine.Machine, package: Path, folder: Path) -> tuple[str, float]:
    gateway = lay_out(here, package, folder)
    browser = consumer.Browser(folder / "authority.crt")
    begun, number, seconds = time.monotonic(), "", 0.0
    for part in parts(GUIDE.read_text(encoding="utf-8")):
        carry_out(here, part)
        if part.title == COMPLAINT:
            asked = f"select id from enterprises_enterprise where name = '{FIRM}'"
            row = here.run(f'cd / && echo "{asked}" | su postgres -c "psql -XAtq portal"', quiet=True)
            number = consumer.files_a_complaint(browser, gateway, respondent=f"{row.stdout.strip()}--")
            seconds = time.monotonic() - begun
            print(f"  filed: {number}, {seconds:.0f} s after the first command", flush=True)
            for check in beside(here, browser):
                print(f"  holds: {check}", flush=True)
    if number not in browser.get(f"/cases/{number}/"):
        raise Broken("after the upgrade the case is not there")
    return number, seconds


def beside(here: machine.Machine, browser: consumer.Browser) -> list[str]:
    """What must hold while the portal runs, a sentence each. Raises Broken."""
    results = []

    def holds(sentence: str, condition: object) -> None:
        if not condition:
            raise Broken(f"does not hold: {sentence}")
        results.append(sentence)

    units = here.run("systemctl list-units 'odr-portal-*' --no-legend --plain --all", quiet=True).stdout
    for name in ("web", "worker", "beat", "watch"):
        holds(f"{name} runs", re.search(rf"odr-portal-{name}\.service +loaded +active", units))
    # Who is signed in reads in the language of the account.
    strangers = consumer.Browser(browser.authority), consumer.Browser(browser.authority)
    chinese, english = strangers[0].get("/"), strangers[1].get("/", **{"Accept-Language": "en"})
    holds("the first page is Chinese", 'lang="zh' in chinese and "投诉" in chinese)
    holds("the first page is English where asked for", 'lang="en"' in english and "File a complaint" in english)
    verified = here.run(
        "systemd-analyze verify /usr/lib/systemd/system/odr-portal*.{service,socket,target,timer}", quiet=True
    )
    holds("systemd-analyze verify says nothing of the units", verified.returncode == 0 and not verified.stdout.strip())
    for unit in sorted(path.name for path in (ROOT / "packaging/systemd").glob("*.service")):
        shown = here.run(f"systemd-analyze security --no-pager --threshold=25 {unit}", quiet=True)
        level = re.search(rf"exposure level for {unit}: ([\d.]+)", shown.stdout)
        holds(f"{unit} has an exposure level of {level[1] if level else '?'} (at most 2.5)", shown.returncode == 0)
    here.run("systemctl stop odr-portal-web.socket odr-portal-web.service", quiet=True)
    status, _, away = browser.ask("GET", "/")
    holds("nginx shows our own page (503) while the pages are away", status == 503 and "已提交的投诉都在" in away)
    here.run("systemctl start odr-portal-web.socket odr-portal-web.service", quiet=True)
    return results


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--package", type=Path, help="a package that is there (default: make it)")
    asked.add_argument("--base", type=Path, default=Path("/var/cache/odr-install-base.tar"), help="an empty Debian")
    asked.add_argument("--keep", action="store_true", help="wait for Enter before the machine is removed")
    options = asked.parse_args()
    # Ended from outside, it takes its machine with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine.check()
    begun = time.monotonic()
    package = options.package
    if package is None:
        subprocess.run(["tools/package"], cwd=ROOT, check=True)
        package = max((ROOT / "dist").glob("odr-portal_*.deb"), key=lambda path: path.stat().st_mtime)
        print(f"package: {time.monotonic() - begun:.0f} s", flush=True)
    archive = machine.base(options.base)
    folder = Path(tempfile.mkdtemp(prefix="odr-install-"))
    try:
        with machine.running(folder / "machine", archive) as here:
            try:
                number, seconds = walk(here, package, folder)
            except (Broken, SystemExit) as problem:
                print(f"\nBROKEN: {problem}", file=sys.stderr, flush=True)
                here.run("journalctl --no-pager -n 60 -u 'odr-portal-*'")
                return 1
            finally:
                if options.keep:
                    input(f"nsenter --target {here.init} --all … ; Enter ends it. ")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    whole = time.monotonic() - begun
    print(f"\ndocs/install.md leads to complaint {number}: {seconds:.0f} s after its first command; all {whole:.0f} s.")
    if seconds > GOAL:
        print(f"That is longer than {GOAL // 60} minutes.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
