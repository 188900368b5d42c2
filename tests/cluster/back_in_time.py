"""Back to an instant: a server of its own, made from the backup and the log in the bucket (pgBackRest, encrypted)."""

import os
import time

from tests.cluster import bucket, engines, portal, stage
from tests.cluster.needs import POSTGRES
from tests.cluster.stage import ADDRESS, done, folder, inside, secret

HOST = "second"
#: Seconds of work that may be lost with the whole building; in which a server of before must be open (10 GB).
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
    begun = time.monotonic()
    restore(moment)
    restored = time.monotonic() - begun
    if restored > MOST_RESTORE:
        problems.append(f"LATE the server of before is open after {restored:.0f} s (at most {MOST_RESTORE})")
    there = engines.sql(_COUNTS, host=HOST)
    if there != counts:
        differ = [f"{one} {two}" for one, two in zip(counts, there, strict=False) if one != two]
        problems.append(f"LOST rows differ: {'; '.join(differ)[:400] or 'other tables'}")
    problems += verified()
    engines.sql("drop table a_mistake")
    rows = sum(int(one[1]) for one in counts)
    stage.say(
        f"back in time: backup {backup:.0f} s, in the bucket after {archived:.0f} s, open after {restored:.0f} s, "
        f"{rows} rows in {len(counts)} tables; load {os.getloadavg()[0]:.1f}"
    )
    return problems


def file_some() -> None:
    portal.program("tests.faults", "clocks", 10, 3600, 7200)


def restore(moment: str) -> None:
    folder(HOST, user="postgres"), folder(HOST, "run", user="postgres")
    bucket.backups_of(HOST)
    data = folder(HOST, "data", user="postgres")
    data.chmod(0o700)
    target = ["--type=time", f"--target={moment}", "--target-action=promote", "--archive-mode=off"]
    _backrest(HOST, *target, "restore")
    hba = f"local all all peer\nhost all all {stage.NET}.0/24 scram-sha-256\n"
    file, tls = stage.written(data / "second_hba.conf", hba, user="postgres"), stage.HOME / "pg1/tls"
    settings = {
        **{"unix_socket_directories": stage.HOME / HOST / "run", "listen_addresses": ADDRESS[HOST], "hba_file": file},
        **{"synchronous_standby_names": "", "primary_conninfo": "", "archive_mode": "off", "ssl": "on"},
        **{"ssl_cert_file": tls / "host.pem", "ssl_key_file": tls / "host.key", "ssl_ca_file": tls / "ca.pem"},
        "primary_slot_name": "",
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    stage.begin(HOST, "postgres", [POSTGRES / "postgres", "-D", data, *words], user="postgres")
    stage.until("the server of that instant is open", _is_open, 300)


def _is_open() -> bool:
    words = ["psql", "-XAtq", "-h", stage.HOME / HOST / "run", "-d", engines.DATABASE]
    asked = inside(HOST, [*words, "-c", "select pg_is_in_recovery()"], user="postgres")
    return asked.stdout.strip() == "f"


def verified() -> list[str]:
    """The record of the restored server, verified by the portal itself."""
    tls = f"sslmode=verify-full&sslrootcert={stage.HOME}/tls/ca.pem"
    place = f"postgresql://portal_web:{secret('portal_web')}@{ADDRESS[HOST]}:5432/{engines.DATABASE}?{tls}"
    told = portal.settings("client", pooled=False) | {"DATABASE_URL": place}
    said = portal.verifies(told)
    return [f"TORN the restored record: {said}"] if said else []
