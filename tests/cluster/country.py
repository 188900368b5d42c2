"""`make test-cluster BLOW=country`: two provinces and the nation, each with a PostgreSQL primary, its standby and a
host; a primary dies, then a whole province does not answer.

A browser files at the wrong portal and ends with one case in the right one; numbers are led to the portal that keeps
them; the nation's counters equal the provinces' after the failover; who is away is named and stops nobody.
"""

import json
import time

from tests import ROOT
from tests.cluster import stage
from tests.cluster.needs import POSTGRES
from tests.cluster.portal import python
from tests.cluster.stage import ADDRESS, NET, begin, done, folder, inside, say, secret, written

NAME = "country"
PROVINCES = {"35": "fj", "11": "bj"}
#: Of each a county, for which its portal answers.
PLACES = {"35": "350102000", "11": "110101000"}
NATION = "na"
KINDS = ("pg1", "pg2", "web")
_HOSTS = {
    f"{who}{kind}": 10 * n + m
    for n, who in enumerate(("fj", "bj", NATION), 1)
    for m, kind in enumerate(("pg1", "pg2", "web"))
}
#: Seconds within which the nation has what a province counted, once there is a primary.
SETTLED = 60
TALLY = "select (select count(*) from complaints_complaint), (select count(*) from oversight_tally where received > 0)"


def carry_out() -> bool:
    """Whether all held."""
    stage.GROUPS = {"country": {**_HOSTS, "client": 91}}
    stage.NUMBERS = dict(stage.GROUPS["country"])
    stage.KIND = dict.fromkeys(stage.NUMBERS, "country")
    ADDRESS.clear()
    ADDRESS.update({host: f"{NET}.{number}" for host, number in stage.NUMBERS.items()})
    for host in stage.NUMBERS:
        stage.wire(host)
    primaries = {who: _pair(who) for who in (*PROVINCES.values(), NATION)}
    for province, who in PROVINCES.items():
        _portal(province, who)
    _flow()
    problems: list[str] = []
    for check in (files_where_it_belongs, numbers_are_led, sums_agree, primary_dies, province_is_away):
        try:
            found = check(primaries)
        except stage.Broken as broken:
            found = [f"BROKEN {check.__name__}: {broken}"]
        say(f"{check.__name__}: {'; '.join(found) or 'held'}")
        problems += found
    return not problems


# --- what there is ----------------------------------------------------------------------------------------------------


def _pair(who: str) -> str:
    """A primary and its standby, which acknowledges every commit; gives the primary."""
    first, second = f"{who}pg1", f"{who}pg2"
    for host in (first, second):
        place = folder(host, user="postgres")
        for below in ("run", "tmp", "tls"):
            folder(host, below, user="postgres")
        for name in ("host.key", "host.pem", "ca.pem"):
            written(place / "tls" / name, (stage.certificates() / name).read_text(), user="postgres")
    data = stage.HOME / first / "data"
    done(first, [POSTGRES / "initdb", "-D", data, "-A", "peer", "-E", "UTF8", "--locale=C.UTF-8"], user="postgres")
    hba = "local all all peer\n"
    hba += "".join(f"hostssl {which} {NET}.0/24 scram-sha-256\n" for which in ("all all", "replication replicator"))
    written(data / "pg_hba.conf", hba, user="postgres")
    settings = {
        **{"listen_addresses": "*", "ssl": "on", "wal_level": "logical", "hot_standby_feedback": "on"},
        **{"max_connections": "100", "shared_buffers": "48MB", "jit": "off", "wal_sender_timeout": "10s"},
        **{"sync_replication_slots": "on", "wal_receiver_timeout": "10s", "tcp_user_timeout": "10s"},
    }
    with (data / "postgresql.conf").open("a") as file:
        file.write("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
    _postgres(first)
    stage.until(f"{first} answers", lambda: _is_up(first))
    sql(first, f"create role replicator login replication password '{secret('replicator')}'", "postgres")
    source = f"host={ADDRESS[first]} user=replicator password={secret('replicator')} dbname=postgres"
    source += " sslmode=require application_name=second"
    words = ["-d", source, "-D", stage.HOME / second / "data", "-R", "-C", "-S", "second", "-X", "stream", "-c", "fast"]
    done(second, [POSTGRES / "pg_basebackup", *words], user="postgres")
    _postgres(second)
    stage.until(f"{second} answers", lambda: _is_up(second))
    for name, value in (("synchronous_standby_names", "second"), ("synchronized_standby_slots", "second")):
        sql(first, f"alter system set {name} = '{value}'", "postgres")
    sql(first, "select pg_reload_conf()", "postgres")
    return first


def _postgres(host: str) -> None:
    place = stage.HOME / host
    told = {
        "unix_socket_directories": place / "run",
        "ssl_cert_file": place / "tls/host.pem",
        "ssl_key_file": place / "tls/host.key",
    }
    words = [POSTGRES / "postgres", "-D", place / "data", *(f"-c{name}={value}" for name, value in told.items())]
    begin(host, "postgres", words, user="postgres")


def _is_up(host: str) -> bool:
    return (
        inside(
            host, ["psql", "-XAtqc", "select 1", "-h", stage.HOME / host / "run", "-d", "postgres"], user="postgres"
        ).returncode
        == 0
    )


def sql(host: str, statement: str, database: str = "portal") -> list[list[str]]:
    words = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", stage.HOME / host / "run", "-d", database]
    return [line.split("|") for line in done(host, [*words, "-c", statement], user="postgres").splitlines()]


def _line(who: str, user: str, database: str, **more: str) -> str:
    """As libpq reads it: both servers, of which the one that writes is taken."""
    hosts = ",".join(ADDRESS[f"{who}pg{nth}"] for nth in (1, 2))
    said = {"host": hosts, "port": "5432,5432", "dbname": database, "user": user, "password": secret(f"{who} {user}")}
    said |= {
        "target_session_attrs": "read-write",
        "sslmode": "require",
        "connect_timeout": "2",
        "tcp_user_timeout": "6000",
    }
    return " ".join(f"{name}={value}" for name, value in (said | more).items())


def _url(who: str, user: str) -> str:
    hosts = ",".join(f"{ADDRESS[f'{who}pg{nth}']}:5432" for nth in (1, 2))
    asked = f"sslmode=verify-full&sslrootcert={stage.HOME}/tls/ca.pem"
    return f"postgresql://{user}:{secret(f'{who} {user}')}@{hosts}/portal?{asked}"


def site(who: str) -> str:
    return f"https://{ADDRESS[f'{who}web']}:8443"


def settings(who: str, province: str) -> dict[str, str]:
    host = f"{who}web"
    local, keys = folder(host, "local"), folder(host, "keys")
    return {
        **{"ODR_LOCAL": str(local), "SITE_URL": site(who), "LOG_LEVEL": "INFO", "PROVINCE": province},
        **{"DATABASE_URL": _url(who, "portal_web"), "DATABASE_OWNER_URL": _url(who, "portal_owner")},
        **{"SECRET_KEY_FILE": f"{keys}/secret-key", "VAULT_KEY_FILE": f"{keys}/vault-keys"},
        **{"EVIDENCE_ROOT": str(local / "evidence"), "EXPORT_ROOT": str(local / "exports")},
        **{"MEDIA_ROOT": str(local / "files"), "STATIC_ROOT": str(stage.HOME / "static")},
        "CELLS": " ".join(f"{code}={site(one)}" for code, one in PROVINCES.items()),
        "CELLS_SECRET": secret("cells"),
        "SSL_CERT_FILE": f"{stage.HOME}/tls/ca.pem",
    }


def manage(who: str, province: str, *words: str, **more: str) -> str:
    return done(f"{who}web", python("manage.py", *words), cwd=ROOT, **settings(who, province) | more)


def _portal(province: str, who: str) -> None:
    host, primary = f"{who}web", f"{who}pg1"
    manage(who, province, "make_keys", str(stage.HOME / host / "keys"))
    file = written(
        stage.HOME / primary / "roles.sql", manage(who, province, "database_roles", "--no-passwords"), user="postgres"
    )
    words = ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-h", stage.HOME / primary / "run", "-d", "postgres", "-f", file]
    done(primary, words, user="postgres")
    for user in ("portal_owner", "portal_web"):
        sql(primary, f"alter role {user} password '{secret(f'{who} {user}')}'", "postgres")
    for command in (["migrate", "--verbosity", "0"], ["load_directory"], ["collectstatic", "--noinput", "-v", "0"]):
        say(f"{who}: manage.py {command[0]}")
        manage(who, province, *command)
    serve(who, province)


def serve(who: str, province: str) -> None:
    host, tls = f"{who}web", stage.certificates()
    server = ["--bind", f"{ADDRESS[host]}:8443", "--certfile", tls / "host.pem", "--keyfile", tls / "host.key"]
    server += [
        "--workers",
        "1",
        "--threads",
        "4",
        "--timeout",
        "30",
        "--worker-tmp-dir",
        folder(host, "tmp"),
        "--no-control-socket",
    ]
    begin(host, "web", python("-m", "gunicorn", "odr_portal.wsgi", *server), cwd=ROOT, **settings(who, province))
    stage.until(f"{who} serves", lambda: asked(site(who) + "/readyz")[0] == 200, 120)


def _flow() -> None:
    """The statements of `nation_statements`, as the administrators carry them out."""
    primary = f"{NATION}pg1"
    sql(primary, f"create role portal_web login password '{secret(f'{NATION} portal_web')}'", "postgres")
    sql(primary, "create role portal_owner", "postgres")
    for nth, (province, who) in enumerate(PROVINCES.items()):
        printed = manage(who, province, "nation_statements", province, _line(who, "portal_nation", "portal"))
        there, _head, here = printed.partition("-- As an administrator of the nation's server, once:\n")
        lines = [line for line in there.splitlines() if line.endswith(";")]
        sql(f"{who}pg1", " ".join(lines))
        sql(f"{who}pg1", f"alter role portal_nation password '{secret(f'{who} portal_nation')}'")
        once, _and, subscription = here.partition("-- And for this province:\n")
        database, _connect, table = once.partition("\\connect nation\n")
        if not nth:
            sql(primary, database, "postgres")
            sql(primary, table, "nation")
        sql(primary, subscription, "nation")


# --- what people and programs do --------------------------------------------------------------------------------------

_ASK = """
import sys, urllib.error, urllib.request as u
try:
    answer = u.urlopen(sys.argv[1], timeout=15)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""


def asked(url: str) -> tuple[int, str]:
    ended = inside("client", ["/usr/bin/python3", "-c", _ASK, url], SSL_CERT_FILE=f"{stage.HOME}/tls/ca.pem")
    status, _, text = ended.stdout.partition(" ")
    return (int(status), text) if ended.returncode == 0 else (0, "")


def browse(what: str, *words: str) -> dict[str, str]:
    """What a browser of its own ends with (tests/cluster/browsing.py)."""
    program = ["/usr/bin/python3", ROOT / "tests/cluster/browsing.py", what, *words]
    return dict(json.loads(done("client", program, SSL_CERT_FILE=f"{stage.HOME}/tls/ca.pem")))


def fold(who: str, province: str) -> None:
    told = settings(who, province) | {"DJANGO_SETTINGS_MODULE": "odr_portal.settings"}
    code = "import django; django.setup(); from oversight.tasks import sweep_counters; sweep_counters()"
    done(f"{who}web", python("-c", code), cwd=ROOT, **told)


def national() -> tuple[int, str]:
    """What `manage.py national_sums` says on the nation's host: exit code and words."""
    told = settings("fj", "00") | {
        "NATION_URL": _line(NATION, "portal_web", "nation"),
        "ODR_LOCAL": str(folder(f"{NATION}web", "local")),
    }
    ended = inside(f"{NATION}web", python("manage.py", "national_sums"), cwd=ROOT, **told)
    return ended.returncode, (ended.stdout + ended.stderr).strip()


def cases(who: str, host: str) -> set[str]:
    return {number for (number,) in sql(host, "select number from complaints_complaint")}


# --- what must hold ---------------------------------------------------------------------------------------------------

Primaries = dict[str, str]
#: Numbers that were filed, by province.
FILED: dict[str, list[str]] = {province: [] for province in PROVINCES}


def file(at: str, province: str) -> list[str]:
    """A browser files at the portal of `at` about a place of `province`, pressing every last button twice at once."""
    ended = browse("file", site(at), PLACES[province])
    FILED[province].append(ended["number"])
    right = site(PROVINCES[province])
    problems = [] if ended["at"] == right else [f"WRONG filed at {ended['at']}, not at {right}"]
    return problems + ([] if f"-{province}-" in ended["number"] else [f"WRONG number {ended['number']}"])


def files_where_it_belongs(primaries: Primaries) -> list[str]:
    problems = [found for at in PROVINCES.values() for province in PROVINCES for found in file(at, province)]
    for province, who in PROVINCES.items():
        there = cases(who, primaries[who])
        if there != set(FILED[province]):
            problems.append(f"WRONG {who} has {sorted(there)}, filed were {FILED[province]}")
        ((least, most),) = sql(primaries[who], "select min(id), max(id) from complaints_complaint")
        if not int(province) * 10**14 <= int(least) <= int(most) < (int(province) + 1) * 10**14:
            problems.append(f"WRONG ids of {who}: {least} to {most}")
    return problems


def numbers_are_led(primaries: Primaries) -> list[str]:
    problems = []
    for at in PROVINCES.values():
        for province, who in PROVINCES.items():
            if at != who:
                ended = browse("track", site(at), FILED[province][0])
                if not ended["at"].startswith(f"{site(who)}/track/?number="):
                    problems.append(f"WRONG {FILED[province][0]} led to {ended['at']}")
    # A number of before provinces: nobody says where it is, so all are asked.
    older, who = "20251118-7K3Q9M2PT4RA-D", "bj"
    older = browse("check", older)["number"]
    sql(
        primaries[who],
        "set session_replication_role = replica; update complaints_complaint set number = "
        f"'{older}' where number = '{FILED['11'][-1]}'",
    )
    ended = browse("track", site("fj"), older)
    sql(
        primaries[who],
        "set session_replication_role = replica; update complaints_complaint set number = "
        f"'{FILED['11'][-1]}' where number = '{older}'",
    )
    return problems + (
        [] if ended["at"].startswith(f"{site(who)}/track/?number=") else [f"WRONG {older} led to {ended['at']}"]
    )


def sums_agree(primaries: Primaries) -> list[str]:
    for province, who in PROVINCES.items():
        fold(who, province)
    return _settled({province: len(numbers) for province, numbers in FILED.items()})


def _settled(received: dict[str, int]) -> list[str]:
    """Until the nation says what the provinces say, and that it is these numbers."""
    begun, code, text = time.monotonic(), 1, ""
    while time.monotonic() < begun + SETTLED:
        code, text = national()
        if code == 0 and all(f"{province}: {n} received" in text for province, n in received.items()):
            say(f"the nation agrees after {time.monotonic() - begun:.0f} s: {' | '.join(text.splitlines())}")
            return []
        time.sleep(1)
    return [f"DIFFERS {code} {' | '.join(text.splitlines())[-500:]}; filed {received}"]


def primary_dies(primaries: Primaries) -> list[str]:
    """Power cut of the primary of Fujian after more was filed there; its standby is promoted. The nation's slot was
    kept there too."""
    problems = file("fj", "35")
    # A slot that is still temporary goes with the promotion.
    ready = "select synced and not temporary and invalidation_reason is null from pg_replication_slots"
    ready += " where slot_name = 'nation_35'"
    stage.until("the nation's slot would outlive a failover", lambda: sql("fjpg2", ready, "postgres") == [["t"]], 180)
    fold("fj", "35")
    stage.cut_power("fjpg1")
    struck = time.monotonic()
    # Elsewhere nobody notices.
    problems += file("bj", "11")
    with (stage.HOME / "fjpg2/data/postgresql.auto.conf").open("a") as told:
        told.write("synchronous_standby_names = ''\nsynchronized_standby_slots = ''\nprimary_conninfo = ''\n")
    done("fjpg2", [POSTGRES / "pg_ctl", "promote", "-w", "-D", stage.HOME / "fjpg2/data"], user="postgres")
    primaries["fj"] = "fjpg2"
    stage.until("Fujian serves again", lambda: asked(site("fj") + "/readyz")[0] == 200, 60)
    say(f"Fujian serves again {time.monotonic() - struck:.0f} s after its primary died")
    problems += file("fj", "35") + file("bj", "35")
    for province, who in PROVINCES.items():
        fold(who, province)
    if cases("fj", "fjpg2") != set(FILED["35"]):
        problems.append("LOST a case that was acknowledged")
    return problems + _settled({province: len(numbers) for province, numbers in FILED.items()})


def province_is_away(primaries: Primaries) -> list[str]:
    stage.cut_power("bjweb")
    problems = []
    ended = browse("file", site("fj"), PLACES["11"])
    if ended["status"] != "503" or "北京市的平台现在连不上" not in ended["text"]:
        problems.append(f"SILENT a complaint about Beijing: {ended['status']} {ended['text'][:200]}")
    ended = browse("track", site("fj"), FILED["11"][0])
    if ended["status"] != "503" or "北京市的平台现在连不上" not in ended["text"]:
        problems.append(f"SILENT a number of Beijing: {ended['status']}")
    if float(ended["seconds"]) > 10:
        problems.append(f"SLOW {ended['seconds']} s until Beijing was named")
    problems += file("fj", "35")
    fold("fj", "35")
    end = time.monotonic() + SETTLED
    while time.monotonic() < end:
        code, text = national()
        if code == 3 and f"35: {len(FILED['35'])} received" in text:
            break
        time.sleep(1)
    say(" | ".join(text.splitlines()))
    if code != 3 or f"11: {len(FILED['11'])} received" not in text or "its portal does not answer" not in text:
        problems.append(f"SILENT the nation: {code} {text[-300:]}")
    return problems
