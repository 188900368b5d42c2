"""The same cluster with one safety taken away must turn a blow red, for the reason it guards: `make prove-cluster`.

    python -m tests.cluster --prove [TWIN …]

One bring-up for all of them: a twin is switched on before its blow and off after it. A change that no longer fits the
source is an error.
"""

import shutil
from collections.abc import Sequence
from typing import NamedTuple

from tests import ROOT
from tests.cluster import blows, engines, portal, stage
from tests.cluster.stage import GROUPS
from tests.faults.twins import Change, change, copy_of_the_clone, prove_each


class Twin(NamedTuple):
    name: str
    what: str
    blow: str
    #: Of the broken promises one must be named, so that it is red for the right reason.
    words: tuple[str, ...]
    #: What is started anew from what the twin changed.
    kinds: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


#: Names by a counter of the process, and no look at what another process has prepared under that name.
_COUNTED = Change(
    "database/prepared.py",
    "        self.name = f\"q_{hmac.digest(settings.SECRET_KEY.encode(), words, 'sha256').hex()[:32]}\"\n",
    "        hmac.digest(settings.SECRET_KEY.encode(), words, 'sha256')\n"
    # Processes with another history count differently.
    "        import os\n\n"
    "        Statement.made = getattr(Statement, 'made', os.getpid() % 7) + 1  # type: ignore[attr-defined]\n"
    "        self.name = f'q_{Statement.made}'  # type: ignore[attr-defined]\n",
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
    Twin("asynchronous", "a commit waits for no second host", "half-partition", ("LOST",)),
    Twin("no-fencing", "sessions stay on a primary that is none", "frozen", ("SILENT", "HUNG", "LOST"), ("lb",)),
    Twin("no-lock-timeout", "a migration waits as long as it takes", "migration", ("REFUSED", "SILENT", "HUNG")),
    Twin("no-word", "a web process ends at once when it is told to", "release", ("REFUSED",), ("web",)),
    Twin("no-leaving", "a web process ends without a word", "release", ("REFUSED",)),
    Twin("contract-at-once", "a column goes while a release serves that reads it", "release", ("REFUSED",)),
    Twin(
        *("session-locks", "locks of sessions instead of leases", "pool", ("TWICE",)),
        **{"kinds": ("worker",), "changes": (_SESSION_LOCK,)},
    ),
    Twin(
        *("counter-names", "prepared statements named by a counter", "pool", ("WRONG", "REFUSED", "SILENT")),
        **{"kinds": ("web", "worker"), "changes": (_COUNTED,)},
    ),
)


def _switch(twin: Twin | None, kinds: Sequence[str]) -> None:
    """To this twin, or back to how it should be."""
    engines.TWIN, portal.TREE = twin.name if twin else "", ROOT
    tree = stage.HOME / "twin"
    shutil.rmtree(tree, ignore_errors=True)
    if twin and twin.changes:
        tree.mkdir()
        copy_of_the_clone(tree)
        # Without them no web process starts.
        for file in ROOT.glob("locale/**/*.mo"):
            shutil.copy(file, tree / file.relative_to(ROOT))
        change(tree, twin.name, twin.changes)
        portal.TREE = tree
    engines.synchronous()
    for host in [host for kind in kinds for host in GROUPS[kind]]:
        stage.signal_all(host)
        blows.start(host)


def prove(twin: Twin) -> tuple[bool, str]:
    _switch(twin, twin.kinds)
    try:
        broken = blows.carry_out(blows.ALL[twin.blow]).broken
    except stage.Broken as broke:
        broken = [f"STUCK {broke}"]
    finally:
        stage.heal(blows.start)
        _switch(None, twin.kinds)
    reasons = [sentence for sentence in broken if sentence.startswith(twin.words)]
    if not reasons:
        return False, f"red for another reason: {'; '.join(broken)[:300]}" if broken else "stayed green"
    return True, f"{len(reasons)} × {reasons[0][:100]}"


def prove_all(names: Sequence[str]) -> bool:
    return prove_each(TWINS, list(names), prove) == 0
