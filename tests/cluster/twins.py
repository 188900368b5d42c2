"""`make prove-cluster`: the same cluster with one safety taken away must turn a blow red, for the reason it guards.

    python -m tests.cluster.twins [NAME …]

Each twin is a bring-up of its own. A change that no longer fits the source is an error.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import ROOT
from tests.cluster.needs import CANNOT
from tests.faults.twins import Change, Twin, change, copy_of_the_clone, prove_each

#: Names by a counter of the process, and no look at what another process has prepared under that name.
_COUNTED = Change(
    "database/prepared.py",
    "        self.name = f\"q_{hmac.digest(settings.SECRET_KEY.encode(), words, 'sha256').hex()[:32]}\"\n",
    "        words = hmac.digest(settings.SECRET_KEY.encode(), words, 'sha256')\n"
    '        Statement.made = getattr(Statement, "made", 0) + 1  # type: ignore[attr-defined]\n'
    '        self.name = f"q_{Statement.made}"  # type: ignore[attr-defined]\n',
)
#: The lock of a session of the server, as before decision 0022.
_SESSION_LOCK = Change(
    "complaints/models/notices.py",
    "            cursor.execute(_TAKE, [self.name, self.holder, self.seconds])\n"
    "            return bool(cursor.rowcount)\n",
    '            cursor.execute("select pg_try_advisory_lock(hashtext(%s))", [self.name])\n'
    "            return bool(cursor.fetchone()[0])\n",
)

TWINS = (
    Twin("asynchronous", "a commit waits for no second host", "half-partition", ("LOST",), ()),
    Twin("no-fencing", "sessions stay on a primary that is none", "frozen", ("SILENT", "HUNG", "LOST"), ()),
    Twin("counter-names", "prepared statements named by a counter", "pool", ("WRONG", "REFUSED", "SILENT"), [_COUNTED]),
    Twin("session-locks", "locks of sessions instead of leases", "pool", ("TWICE",), [_SESSION_LOCK]),
    Twin("no-lock-timeout", "a migration waits for its table as long as it takes", "migration", ("REFUSED",), ()),
)


def prove(twin: Twin) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory(prefix="odr-twin-") as folder:
        tree = ROOT
        if twin.changes:
            tree = Path(folder)
            copy_of_the_clone(tree)
            change(tree, twin.name, twin.changes)
        words = ["-m", "tests.cluster", twin.scenario, "--twin", twin.name, "--tree", str(tree)]
        done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == CANNOT:
        sys.exit(f"{done.stderr.strip()}")
    said = [re.sub(r"^\d\d:\d\d:\d\d +", "", line) for line in done.stdout.splitlines()]
    reasons = [line for line in said if line.startswith(twin.words)]
    if done.returncode == 0:
        return False, "stayed green"
    if not reasons:
        return False, "red for another reason: " + " ".join([*said[-5:], done.stderr[-200:]])[:400]
    return True, f"{len(reasons)} × {reasons[0][:90]}"


if __name__ == "__main__":
    try:
        sys.exit(prove_each(TWINS, sys.argv[1:], prove))
    except SystemExit as ended:
        if isinstance(ended.code, str) and ended.code.startswith("NOT TRIED"):
            print(ended.code, file=sys.stderr)
            sys.exit(CANNOT)
        raise
