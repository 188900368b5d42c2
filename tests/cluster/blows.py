"""What is done to the cluster while programs file, one thing at a time, and what must hold then."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests import ROOT
from tests.cluster import bucket, engines, judge, portal, release, stage
from tests.cluster.stage import ADDRESS, GROUPS

CLIENTS = 4
#: What stood when the blow came: "primary", "etcd", "valkey" → host.
Before = Mapping[str, str]


@dataclass(frozen=True)
class Blow:
    name: str
    #: As the table of docs/faults.md says it.
    title: str
    #: Does it; gives what was struck.
    strike: Callable[[Before], str]
    #: Seconds until all is mended, and for which programs go on after that.
    hold: float = 35
    after: float = 10
    #: Seconds within which somebody files again, and a tick comes through the broker.
    silence: float = 30
    ticks: float | None = None
    #: Not even a fault of the server is excused.
    none_refused: bool = False
    #: A picture is uploaded to each case.
    files: bool = False
    #: What must hold besides when all is well again: broken promises.
    then: Callable[[], list[str]] = lambda: []


@dataclass
class Result:
    blow: Blow
    struck: str
    seen: judge.Seen
    broken: list[str]
    load: float
    ticks: float | None = None
    notes: list[str] = field(default_factory=list)


def before() -> Before:
    return {
        **{"primary": engines.primary(), "etcd": engines.leader_of_etcd(), "valkey": engines.primary_of_valkey()},
        "standby": next((name for name, one in engines.members().items() if one["role"] != "leader"), ""),
    }


def power(which: str) -> Callable[[Before], str]:
    def strike(those: Before) -> str:
        host = those.get(which, which)
        stage.cut_power(host)
        return host

    return strike


def half_partition(those: Before) -> str:
    """Clients still reach the primary, which has lost etcd and its standbys: what it says now nobody else has."""
    stage.keep_apart(those["primary"], "etcd", "pg")
    return those["primary"]


def switchover(those: Before) -> str:
    engines.hand_over(those["standby"])
    return f"{those['primary']} → {those['standby']}"


def all_of_etcd(those: Before) -> str:
    stage.cut_power(*GROUPS["etcd"])
    return "etcd1 etcd2 etcd3"


def frozen(those: Before) -> str:
    """Patroni stands still, PostgreSQL does not: nobody tells the old primary that it is none any more. As there is no
    watchdog here, only the balancers and quorum commit stand between."""
    for pid in stage.running(those["primary"], "patroni.yml"):
        os.kill(pid, signal.SIGSTOP)
    return those["primary"]


def _is_held() -> bool:
    asked = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and query like '%complaints_complaint%'"
    return engines.sql(asked)[0][0] != "0"


def slow_reader_and_release(those: Before) -> str:
    """Somebody reads for a minute from the table that a release wants to change."""
    reads = "begin; select count(*) from complaints_complaint; select pg_sleep(60); commit"
    place = stage.HOME / those["primary"]
    words = ["psql", "-XAtq", "-h", place / "run", "-d", engines.DATABASE, "-c", reads]
    stage.begin(those["primary"], "reader", words, user="postgres")
    stage.until("a reader who holds the table", _is_held)
    told = portal.settings("client", pooled=False) | {"DJANGO_SETTINGS_MODULE": "tests.cluster.later.settings"}
    told |= {"MIGRATION_LOCK_TIMEOUT_MS": "600000"} if engines.TWIN == "no-lock-timeout" else {}
    stage.begin("client", "release", portal.python("manage.py", "migrate", "later"), cwd=portal.TREE, **told)
    return "complaints_complaint"


def release_is_there() -> list[str]:
    asked = "select count(*) from information_schema.columns where column_name = 'later'"
    there = engines.sql(f"{asked} and table_name = 'complaints_complaint'")[0][0] == "1"
    return [] if there else ["STUCK the migration did not come through"]


def one_at_a_time(those: Before) -> str:
    """Nothing breaks; two processes more ask for a thing that one at a time does, all through the pool."""
    told = portal.settings("wk1", pooled=True)
    stage.begin("wk1", "leases", portal.python("-m", "tests.cluster.leases", 20), cwd=portal.TREE, **told)
    return "nothing"


def nobody_twice() -> list[str]:
    said = (stage.HOME / "wk1" / "leases.log").read_text().split()
    if len(said) != 2 or not said[0].isdecimal() or int(said[0]) < 20:
        return [f"STUCK nobody was ever alone: {' '.join(said)[-300:]}"]
    stage.say(f"alone {said[0]} times, with somebody else {said[1]} times")
    return [f"TWICE {said[1]} of {said[0]} times two did what one at a time does"] if said[1] != "0" else []


ALL = {
    one.name: one
    for one in (
        Blow(
            *("pool", "nothing: everything through one pool", one_at_a_time),
            **{"hold": 30, "silence": 5, "none_refused": True, "then": nobody_twice},
        ),
        Blow("primary", "primary of PostgreSQL, power cut", power("primary")),
        Blow("half-partition", "primary cut off from etcd and standbys, not from clients", half_partition),
        Blow("frozen", "Patroni of the primary frozen", frozen, hold=45),
        Blow("switchover", "planned switchover", switchover, hold=15, silence=8),
        Blow("standby", "a standby, power cut", power("standby"), hold=15, silence=8),
        Blow("etcd", "etcd's leader, power cut", power("etcd"), hold=15, silence=8),
        Blow("etcd-all", "all of etcd, power cut", all_of_etcd, hold=40, silence=8),
        Blow("balancer", "a balancer (HAProxy and PgBouncer), power cut", power("lb1"), hold=25),
        Blow("web", "a web host, power cut", power("web1"), hold=20, silence=5),
        Blow("worker", "a worker host, power cut", power("wk1"), hold=40, silence=5, ticks=30),
        Blow("valkey", "primary of Valkey, power cut", power("valkey"), hold=40, silence=5, ticks=30),
        # A call under way waits up to five seconds for an answer (evidence/bucket.py) before it is sent again.
        Blow("bucket", "a host of the bucket, power cut", power("s33"), hold=25, silence=8, files=True),
        Blow(
            *("migration", "a migration behind a reader of 60 s", slow_reader_and_release),
            **{"hold": 75, "silence": 5, "none_refused": True, "then": release_is_there},
        ),
        Blow(
            *("release", "a release with a migration over all hosts, and back", release.roll),
            **{"hold": 150, "silence": 5, "none_refused": True},
        ),
    )
}
#: Not a blow among the others: everything stops for it, so it comes last.
BACK_IN_TIME = "back-in-time"
NAMES = (*ALL, BACK_IN_TIME)


def start(host: str) -> None:
    """Whatever runs on a host of its kind."""
    for module in (engines, portal, bucket):
        if begin := getattr(module, stage.KIND[host], None):
            begin(host)


def is_well() -> bool:
    return engines.is_whole() and portal.is_ready()


def cases() -> dict[str, list[str]]:
    """Mark of a complaint → numbers of the cases that stand with it, on the primary of now."""
    found: dict[str, list[str]] = {}
    for mark, number in engines.sql(
        "select substr(item_name, 4), number from complaints_complaint where item_name like '宽带 %'"
    ):
        found.setdefault(mark, []).append(number)
    return found


def clocks(seconds: float) -> None:
    """Cases whose clocks fall due within these seconds from now, while something is broken."""
    portal.program("tests.faults", "clocks", 10, 5, seconds)


def carry_out(blow: Blow) -> Result:
    stage.until(f"{blow.name}: all is well before", is_well, 300)
    out = stage.HOME / "client" / f"{blow.name}.answers"
    clocks(blow.hold + blow.after)
    tokens = portal.tokens(CLIENTS)
    out.unlink(missing_ok=True)
    seconds = 10 + blow.hold + blow.after
    kind = "files" if blow.files else "cases"
    program = ["/usr/bin/python3", ROOT / "tests/cluster/clients.py", out, ADDRESS["edge"]]
    program += [stage.HOME / "tls/ca.pem", seconds, kind, *tokens]
    stage.begin("client", "clients", program)
    stage.until("everybody files", lambda: out.exists() and out.read_text().count('"status": 201') >= CLIENTS, 60)
    those = before()
    load, struck = os.getloadavg()[0], time.time()
    what = blow.strike(those)
    ticks = watch(blow, struck)
    stage.heal(start)
    notes = []
    healed = time.monotonic()
    stage.until("all is well again", is_well, 300)
    notes.append(f"whole after {time.monotonic() - healed:.0f} s")
    stage.until("the programs have ended", lambda: not is_filing(), 180)
    seen = judge.of_lines(out.read_text().splitlines(), cases(), struck)
    broken = judge.broken(seen, silence=blow.silence, none_refused=blow.none_refused)
    if blow.ticks is not None and (ticks is None or ticks > blow.ticks):
        broken.append(f"STUCK no tick through the broker for {ticks or blow.hold:.0f} s (at most {blow.ticks:.0f})")
    return Result(blow, what, seen, broken + blow.then(), load, ticks, notes)


def watch(blow: Blow, struck: float) -> float | None:
    """Holds the blow; seconds after which a tick was carried out that was sent after it, where that is asked for."""
    ticks = None
    while time.time() < struck + blow.hold:
        if blow.ticks is not None and ticks is None:
            age = portal.health()["heartbeats"].get("beat")
            # Sent at least two seconds after the blow, so none that was on its way.
            if age is not None and time.time() - age > struck + 2:
                ticks = time.time() - struck
        time.sleep(min(1.0, max(0.0, struck + blow.hold - time.time())))
    return ticks


def is_filing() -> bool:
    return bool(stage.running("client", "clients.py"))
