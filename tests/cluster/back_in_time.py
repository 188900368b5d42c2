"""Back to an instant: `restore_drill` makes a server of its own from the backup and the log in the bucket (pgBackRest,
encrypted), and proves it."""

import json
import os
import time
from datetime import datetime
from typing import Any

from odr_portal.processes import embedded
from tests.cluster import bucket, engines, portal, stage
from tests.cluster.stage import done, folder, inside

HOST = "second"
#: Seconds of work that may be lost with the whole building; in which a server of before must be open and proved.
MOST_LOST, MOST_RESTORE = 60, 300
#: Each table of the portal with its number of rows.
_COUNTS = """
select relname, (xpath('/row/n/text()', query_to_xml(format('select count(*) n from %I', relname), false, true, '')))[1]
from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not in
('complaints_heartbeat', 'complaints_lease') order by 1
"""


def _backrest(host: str, *words: str) -> None:
    config = f"--config={stage.HOME}/{host}/pgbackrest.conf"
    done(host, ["pgbackrest", config, "--stanza=portal", *words], user="postgres")


def make_stanza() -> None:
    _backrest(engines.primary(), "stanza-create")


def _archived_within() -> float:
    """Seconds until what is written now stands in the bucket, by nothing but `archive_timeout`."""
    begun = time.monotonic()
    segment = engines.sql("select pg_walfile_name(pg_current_wal_insert_lsn())")[0][0]
    asked = f"select last_archived_wal >= '{segment}' from pg_stat_archiver"
    while engines.sql(asked)[0][0] != "t" and time.monotonic() - begun < 3 * MOST_LOST:
        time.sleep(1)
    return time.monotonic() - begun


def _is_quiet() -> bool:
    asked = "select count(*) from pg_stat_activity where backend_type = 'client backend' and state <> 'idle'"
    return engines.sql(f"{asked} and pid <> pg_backend_pid()")[0][0] == "0"


def carry_out() -> list[str]:
    problems = list[str]()
    begun = time.monotonic()
    _backrest(engines.primary(), "--type=full", "backup")
    backup = time.monotonic() - begun
    file_some()
    archived = _archived_within()
    if archived > MOST_LOST:
        problems.append(f"LOST what is written stands in the bucket after {archived:.0f} s (at most {MOST_LOST})")
    asked = time.time()
    newest = _drill()
    problems += _broken(newest)
    behind = asked - datetime.fromisoformat(newest["as_of"] or "1970-01-01").timestamp()
    if behind > MOST_LOST:
        problems.append(f"LOST the newest that comes back is {behind:.0f} s old (at most {MOST_LOST})")
    file_some()
    for kind in ("worker", "web"):
        # Nothing is written around the instant, so that it can be counted.
        for host in stage.GROUPS[kind]:
            stage.signal_all(host)
    stage.until("nobody who writes", _is_quiet)
    counts = engines.sql(_COUNTS)
    moment = engines.sql("select now()")[0][0]
    engines.sql("create table a_mistake as select 1 as made")
    engines.sql("select pg_switch_wal()")
    _archived_within()
    before = _drill(moment)
    problems += _broken(before)
    restored = before["seconds"]
    if restored > MOST_RESTORE:
        problems.append(f"LATE the server of before is proved after {restored:.0f} s (at most {MOST_RESTORE})")
    there = before["rows"]
    if differ := [f"{name} {n} {there.get(name)}" for name, n in counts if str(there.get(name)) != n]:
        problems.append(f"LOST rows differ: {'; '.join(differ)[:400]}")
    if "a_mistake" in there:
        problems.append("LOST a table is there that was made after the instant")
    engines.sql("drop table a_mistake")
    rows = sum(int(one[1]) for one in counts)
    stage.say(
        f"back in time: backup {backup:.0f} s, in the bucket after {archived:.0f} s, the newest "
        f"that comes back {behind:.0f} s old, proved after {newest['seconds']:.0f} s; of the instant {restored:.0f} s, "
        f"{rows} rows in {len(counts)} tables; load {os.getloadavg()[0]:.1f}"
    )
    return problems


def file_some() -> None:
    portal.program("tests.faults", "clocks", 10, 3600, 7200)


def _drill(moment: str = "") -> dict[str, Any]:
    """What `restore_drill` found, of this moment or the newest: the portal's own command, on a host of its own."""
    user = embedded.service_user()
    assert user is not None
    config = bucket.backups_of(HOST, user=user.pw_name)
    if not stage.running(HOST, "haproxy"):
        portal.client(HOST)
    words = ["restore_drill", "--pgbackrest", "portal", "--config", config, "--in", folder(HOST, "room"), "--json"]
    told = portal.settings(HOST, pooled=False)
    words += ["--at", moment] if moment else []
    ended = inside(HOST, portal.python("manage.py", *words), cwd=portal.TREE, **told)
    if not ended.stdout.startswith("{"):
        raise stage.Broken(f"restore_drill: {(ended.stdout + ended.stderr).strip()[-600:]}")
    return dict(json.loads(ended.stdout))


def _broken(found: dict[str, Any]) -> list[str]:
    word = {"sound": "", "broken": "TORN"}.get(found["result"], "LOST")
    left = [str(one) for one in folder(HOST, "room").iterdir()]
    problems = [f"{word} {found['result']}: {found['told']}"] if word else []
    return problems + [f"LEFT {', '.join(left)}"] * bool(left)
