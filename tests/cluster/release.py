"""A release with a migration goes over the hosts one after another, and back, while programs file: nobody is refused.

The new release is a copy of the tree with one column more, which it writes and reads. Expand: its migration, before
its first process. Contract: the column goes when no process is left that reads it.
"""

import contextlib
import os
import shutil
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import ROOT
from tests.cluster import engines, portal, stage
from tests.cluster.stage import GROUPS
from tests.faults.twins import Change, change, copy_of_the_clone

#: Seconds in which a host must have ended, and in which it must serve again.
PATIENCE = 60
#: Written to each complaint by the new release, and by no other.
COLUMN = "of_the_new_release"
_FIELD = '    item_name = models.CharField(max_length=200, blank=True, default="")\n'
CHANGES = (
    Change(
        "complaints/models/complaint.py", _FIELD, f"{_FIELD}    {COLUMN} = models.IntegerField(null=True, default=1)\n"
    ),
)
_MIGRATION = '''"""A column for every case; the release before neither reads nor writes it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "{newest}")]
    operations = [migrations.AddField("complaint", "{column}", models.IntegerField(null=True))]
'''

_MIGRATION = '''"""A column for every case; the release before neither reads nor writes it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "{newest}")]
    operations = [migrations.AddField("complaint", "{column}", models.IntegerField(null=True))]
'''


def _newest() -> str:
    return (ROOT / "complaints/migrations/newest.txt").read_text().strip()


def tree_of_the_new_release() -> Path:
    tree = stage.HOME / "release"
    if not tree.exists():
        tree.mkdir()
        copy_of_the_clone(tree)
        for file in ROOT.glob("locale/**/*.mo"):
            shutil.copy(file, tree / file.relative_to(ROOT))
        change(tree, "the new release", CHANGES)
        text = _MIGRATION.format(newest=_newest(), column=COLUMN)
        (tree / "complaints/migrations/9000_release.py").write_text(text)
    return tree


def _migrate(*words: str) -> None:
    """By the new release, which alone knows its migration."""
    told = portal.settings("client", pooled=False)
    command = [portal.TREE / ".venv/bin/python", "manage.py", "migrate", *words, "--verbosity", "0"]
    stage.done("client", command, cwd=tree_of_the_new_release(), **told)


def _counted() -> Counter[str]:
    asked = f"select case {COLUMN} when 1 then 'new' else 'old' end, count(*) from complaints_complaint group by 1"
    return Counter({name: int(count) for name, count in engines.sql(asked)})


def _filed_by_both(before: Counter[str]) -> bool:
    now = _counted()
    return all(now[name] > before[name] for name in ("old", "new"))


def _over(tree: Path, hosts: Sequence[str]) -> None:
    """Each host ends in order and begins anew from this tree, one after another."""
    portal.TREE = tree
    for host in hosts:
        if host in GROUPS["web"]:
            _end(host, "gunicorn")
            portal.serve(host)
            stage.until(f"{host} serves", lambda host=host: portal.is_served_by(host), PATIENCE)
            stage.until(f"the balancer sends to {host}", lambda host=host: portal.is_sent_to(host), PATIENCE)
        else:
            for process in ("celery", "manage.py"):
                _end(host, process)
            portal.work(host)


def _end(host: str, process: str) -> None:
    for pid in stage.running(host, process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL if engines.TWIN == "no-leaving" else signal.SIGTERM)
    stage.until(f"{process} on {host} has ended", lambda: not stage.running(host, process), PATIENCE)


def roll(those: Mapping[str, str]) -> str:
    old, (first, *others) = portal.TREE, (*GROUPS["web"], *GROUPS["worker"])
    try:
        _migrate()
        new = tree_of_the_new_release()
        _over(new, [first])
        before = _counted()
        stage.until("both releases file", lambda: _filed_by_both(before), PATIENCE)
        _over(new, others)
        if engines.TWIN == "contract-at-once":
            _migrate("complaints", _newest())
        _over(old, [first, *others])
    finally:
        portal.TREE = old
        _migrate("complaints", _newest())
    return "web1 web2 wk1 wk2, and back"
