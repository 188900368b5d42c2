"""Hours of it: three attackers at once at random, people who file, clocks that run out, judged every other minute.

    make soak [SOAK_MINUTES=120] [SOAK_SEED=…]

The seed is printed first and the history of a broken round is kept, so that it can be judged again.
"""

import contextlib
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests import PATIENCE
from tests.faults import checker
from tests.faults.history import History, Sent
from tests.faults.portal import RunningPortal, a_portal
from tests.faults.scenario import ATTACKS, LEAN, Nemesis, Scenario, newest_case, rows_since, valkey_away

ATTACKERS = 3
CASES = 120
AN_HOUR = 3600
# From here on there is time to let Valkey be away for a real hour.
LONG = 90


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def storm(scenario: Scenario, dice: random.Random) -> int:
    """Three attackers, each with his own rhythm, until every clock of the round has had its time."""
    scenario.clocks(CASES, 5, 40)
    end = time.monotonic() + 45
    with contextlib.ExitStack() as stack:
        stack.enter_context(scenario.filing())
        attackers = []
        for number in range(ATTACKERS):
            names, slow = dice.sample(sorted(ATTACKS), 5), dice.uniform(1.5, 5)
            scenario.history.event(f"attacker {number}: {names}, every {slow / 3:.1f} to {slow:.1f} s")
            how = {"seed": f"{scenario.seed}:{number}", "names": names, "every": (slow / 3, slow)}
            attackers.append(stack.enter_context(Nemesis(scenario.portal, scenario.history, **how)))
        scenario.portal.until(lambda: time.monotonic() > end, "the round is over", 120)
    return sum(attacker.strikes for attacker in attackers)


def rounds(portal: RunningPortal, folder: Path, *, seed: int, minutes: float) -> bool:
    """Whether nothing was broken."""
    dice, begun, promised, number = random.Random(seed), time.monotonic(), dict[str, Sent](), 0
    end = begun + minutes * 60
    while time.monotonic() < end:
        number += 1
        file = folder / f"round-{number}.jsonl"
        history = History(file)
        scenario = Scenario(portal, history, newest_case(portal), seed * 1000 + number, file)
        since = time.monotonic()
        try:
            if number == 2 and minutes >= LONG:
                what = "Valkey away for an hour"
                late = valkey_away(scenario, AN_HOUR)
            else:
                what, late = f"{storm(scenario, dice)} strikes", None
            scenario.judge(late=late)
        except AssertionError as error:
            say(f"round {number}: BROKEN {error}")
            return False
        finally:
            scenario.end()
            history.close()
        promised |= history.sent
        seconds = f"{time.monotonic() - since:.0f} s"
        say(f"round {number}: {what}, {history.acks()} promises kept, {scenario.lapsed()} lapses, {seconds}")
        file.unlink()
    result = checker.promises(promised, rows_since(portal, 0))
    kept = sum(sent.is_acknowledged for sent in promised.values())
    for line in (f"{number} rounds, {kept} promises, {len(result)} broken at the end", *result):
        say(line)
    return not result


def main() -> int:
    minutes = float(os.environ.get("SOAK_MINUTES") or 120)
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))
    say(f"seed {seed}, {minutes:g} minutes")
    folder = Path(tempfile.mkdtemp(prefix=f"odr-soak-{seed}-"))
    is_whole = False
    try:
        with a_portal(folder, **LEAN) as portal:
            portal.start()
            directory = portal.manage("load_directory")
            assert directory.wait(PATIENCE) == 0, directory.communicate()[0][-2000:]
            portal.recover()
            is_whole = rounds(portal, folder, seed=seed, minutes=minutes)
            if not is_whole:
                shutil.copytree(portal.local / "log", folder / "log", dirs_exist_ok=True)
    finally:
        if is_whole:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            say(f"history and logs: {folder}")
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
