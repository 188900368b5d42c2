"""How many letters a second go out to a mail server that takes 200 ms over each.

`python -m benchmarks.optional.notices`: notices of a hundred cases, worded, leased, sent over SMTP and stamped, by the
sweep that runs in production; once by one worker, once while another one sweeps as well. The server is a process of its
own that counts what it accepted: each letter must be there once. Floor: the same number of letters by bare `smtplib`
over as many lines.
"""

from __future__ import annotations

import multiprocessing
import os
import smtplib
import socketserver
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed
from benchmarks.world.patterns import Pattern

ZONE = ZoneInfo("Asia/Shanghai")
TAKES = 0.2
CASES = 100


def measure(*, quick: bool) -> list[Figure]:
    rounds, letters = (2, 200) if quick else (5, 600)
    with multiprocessing.Manager() as manager:
        accepted: Any = manager.list()
        port: Any = multiprocessing.Queue()
        server = multiprocessing.Process(target=serve, args=(port, accepted), daemon=True)
        server.start()
        os.environ |= {"EMAIL_URL": f"smtp://127.0.0.1:{(at := port.get())}", "EMAIL_FROM": "portal@example.org"}
        try:
            with ground.database("benchmark_notices") as base:
                ground.set_up(base)
                return _figures(rounds, letters, at, accepted)
        finally:
            server.terminate()


def _figures(rounds: int, letters: int, port: int, accepted: Any) -> list[Figure]:
    from complaints.models import Notice
    from complaints.notices.lines import LINES

    now = datetime.now(ZONE)
    pattern = Pattern(now)
    pattern.chen.email = "chen@example.org"
    pattern.chen.save()
    cases = [pattern.file() for _ in range(CASES)]
    Notice.objects.all().delete()

    def floor() -> None:
        with ThreadPoolExecutor(LINES) as lines:
            list(lines.map(lambda _line: _by_hand(port, letters // LINES), range(LINES)))

    def product(sweepers: int) -> float:
        """Seconds; each letter was accepted once, or nothing is measured."""
        Notice.objects.all().delete()
        Notice.objects.bulk_create(_notice(cases[n % CASES], n, now) for n in range(letters))
        accepted[:] = []
        seconds = timed(lambda: _sweep(sweepers, now + timedelta(minutes=1)))
        again = [key for key, times in Counter(accepted).items() if times > 1]
        if len(accepted) != letters or again:
            raise SystemExit(f"{len(accepted)} of {letters} letters were accepted, {len(again)} of them more than once")
        return seconds

    one, two, floors = [], [], []
    for _ in range(rounds):
        tell(f"notices: {letters} letters")
        floors.append(letters / timed(floor))
        one.append(letters / product(1))
        two.append(letters / product(2))
    return [
        compared(
            rates,
            floors,
            benchmark="optional.notices",
            what=f"{letters} letters to a server that takes {TAKES * 1000:g} ms, {who}; goal 20/s",
            unit="/s",
            floor_is="/s, bare smtplib",
        )
        for rates, who in ((one, "one worker"), (two, "two workers"))
    ]


def _notice(case: Any, number: int, now: datetime) -> Any:
    from complaints.models import Notice

    return Notice(
        complaint=case,
        # Of a kind that is told however often it happens on one day.
        kind="make_offer",
        sequence=1000 + number,
        addressee="consumer",
        user_id=case.consumer_id,
        subject=f"您的投诉{case.number}有了新的进展",
        body="企业答复了您的投诉。\n请在本页查看。",
        short="",
        created_at=now,
        send_after=now,
    )


def _sweep(sweepers: int, now: datetime) -> None:
    """As ticks do, by so many processes, until nothing waits."""
    from django.db import connection

    connection.close()
    others = [multiprocessing.Process(target=_sweep_all, args=(now,)) for _ in range(sweepers - 1)]
    for other in others:
        other.start()
    _sweep_all(now)
    for other in others:
        other.join()


def _sweep_all(now: datetime) -> None:
    from complaints.models import Notice
    from complaints.notices import delivery

    while Notice.objects.filter(state__in=["queued", "leased"]).exists():
        if not delivery.sweep_notices(now=now):
            # The other one sends: only one does at a time.
            time.sleep(0.1)


def _by_hand(port: int, letters: int) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = (
        "您的投诉有了新的进展",
        "portal@example.org",
        "chen@example.org",
    )
    message.set_content("企业答复了您的投诉。")
    with smtplib.SMTP("127.0.0.1", port) as line:
        for _ in range(letters):
            line.send_message(message)


class _Talk(socketserver.StreamRequestHandler):
    """As much of SMTP as a letter needs."""

    server: Any

    def handle(self) -> None:
        self._say("220 mail.example.org")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self._say("354 go on")
                self._take()
            elif word == b"QUIT":
                return self._say("221 bye")
            self._say("250 well")
        return None

    def _take(self) -> None:
        """One letter by its name."""
        name = b""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            if line.lower().startswith(b"message-id:"):
                name = line
        time.sleep(TAKES)
        self.server.accepted.append(name)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def serve(port: Any, accepted: Any) -> None:
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.accepted = accepted  # type: ignore[attr-defined]
        port.put(server.server_address[1])
        server.serve_forever()


if __name__ == "__main__":
    sys.exit(publish("optional.notices", measure(quick=arguments(__doc__).quick)))
