"""Attacks a running demo and says what it answers wrongly: make attack, or

    python -m tests.walls.attack [--url http://localhost:8000] [--probes N] [--seed N] [--no-wait] [--i-may]

It signs in as the people of the demo do, learns from their pages what is whose, and asks for it as everybody else; it
tries methods, hosts, redirects, forms of other sites, links, tokens, files and sessions (docs/how-to/attack.md).
By HTTP alone: nothing is read from the database. What it leaves in the demo stands there too.

Exit code 0: everything was answered rightly; 1: something was not; 2: nobody answers, or it is no demo.
"""

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

HERE = frozenset({"localhost", "127.0.0.1", "::1"})
#: So many probes there are about, when nothing is left to the dice.
ALL = 14_000
Wait = Callable[[float], object] | None


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.walls.attack", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", default="http://localhost:8000", help="where the demo is (%(default)s)")
    parser.add_argument(
        "--probes", type=int, default=6000, help=f"about so many, by the dice; all are {ALL:,} (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the dice, to repeat a run")
    parser.add_argument("--no-wait", action="store_true", help="leave out sessions that have to be ten minutes old")
    parser.add_argument("--i-may", action="store_true", help="it is not this machine, and its owner agrees")
    asked = parser.parse_args(given)
    place = urlsplit(asked.url)
    if place.scheme != "http" or not place.netloc:
        print("--url is like http://localhost:8000: the portal itself, without https.", file=sys.stderr)
        return 2
    if place.hostname not in HERE and not asked.i_may:
        print(f"{place.hostname} is not this machine: add --i-may if its owner agrees.", file=sys.stderr)
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
    import django

    django.setup()
    logging.disable(logging.WARNING)
    from tests.walls.attacking.browser import Unreachable
    from tests.walls.attacking.people import NoDemo

    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begun:5.0f} s  {line}", flush=True)

    try:
        origin = f"{place.scheme}://{place.netloc}"
        tally = run(
            origin, share=asked.probes / ALL, seed=asked.seed, wait=None if asked.no_wait else time.sleep, say=say
        )
    except (Unreachable, NoDemo) as problem:
        print(f"{asked.url}: {problem}", file=sys.stderr)
        return 2
    print(f"\n{tally.table()}\n")
    for line in tally.left_out:
        print(f"left out: {line}")
    for kind, lines in tally.wrong.items():
        print(f"\n{kind}:")
        for line in lines:
            print(f"  {line}")
    print(f"{tally.probes.total():,} probes, {tally.n_wrong} answered wrongly (--seed {asked.seed})")
    return 1 if tally.n_wrong or not tally.probes else 0


def run(origin: str, *, share: float, seed: int, wait: Wait, say: Callable[[str], Any]) -> Any:
    """Everything once: the tally. ``wait`` lets seconds pass; None: what takes ten minutes is left out.

    Raises Unreachable and NoDemo.
    """
    from tests.walls.attacking.browser import hang_up_all

    try:
        return _run(origin, share=share, seed=seed, wait=wait, say=say)
    finally:
        hang_up_all()


def _run(origin: str, *, share: float, seed: int, wait: Wait, say: Callable[[str], Any]) -> Any:
    from tests.walls.attacking import doors, filing, getting_in, links, programs, walls
    from tests.walls.attacking.people import demo_people, stranger
    from tests.walls.attacking.run import Attack

    say("the people of the demo sign in …")
    attack = Attack(origin, demo_people(origin), stranger(origin), share=share, seed=seed, say=say)
    aged = getting_in.come_in(attack) if wait else []
    walls.pages_of_roles(attack)
    targets = walls.own_pages(attack)
    walls.foreign_cases(attack, targets)
    walls.foreign_rows(attack, targets)
    for kind in (doors.methods, doors.hosts, doors.redirects, doors.forms_of_others):
        kind(attack)
    links.links_of_letters(attack)
    programs.programs(attack)
    if filer := filing.begin(attack):
        filing.uploads(attack, filer)
        filing.drafts_of_others(attack, filer)
        if filing.file(attack, filer):
            filing.tracking(attack, filer, sorted({one.number for one in targets if one.number}))
    getting_in.sessions(attack)
    getting_in.aged_sessions(attack, aged, wait=wait)
    return attack.tally


if __name__ == "__main__":
    sys.exit(main())
