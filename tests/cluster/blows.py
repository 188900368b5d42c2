"""What is done to the cluster while programs file, one thing at a time, and what must hold then."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests import ROOT
from tests.cluster import engines, judge, portal, stage
from tests.cluster.stage import ADDRESS, GROUPS

CLIENTS, LEAD = 4, 300
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
    after: float = 15
    #: Seconds within which somebody files again, and a tick comes through the broker.
    silence: float = 30
    ticks: float | None = None
    none_refused: bool = False
    files: bool = False


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


ALL = {
    one.name: one
    for one in (
        Blow("primary", "primary of PostgreSQL, power cut", power("primary")),
        Blow("half-partition", "primary cut off from etcd and standbys, not from clients", half_partition),
        Blow("switchover", "planned switchover", switchover, hold=15, after=10, silence=8),
        Blow("standby", "a standby, power cut", power("standby"), hold=15, after=10, silence=8),
        Blow("etcd", "etcd's leader, power cut", power("etcd"), hold=15, after=5, silence=8),
        Blow("etcd-all", "all of etcd, power cut", all_of_etcd, hold=40, after=15, silence=8),
        Blow("balancer", "a balancer (HAProxy and PgBouncer), power cut", power("lb1"), hold=25, after=10),
        Blow("web", "a web host, power cut", power("web1"), hold=20, after=20, silence=5),
        Blow("worker", "a worker host, power cut", power("wk1"), hold=40, after=5, silence=5, ticks=30),
        Blow("valkey", "primary of Valkey, power cut", power("valkey"), hold=40, after=10, silence=5, ticks=30),
        Blow("bucket", "a host of the bucket, power cut", power("s33"), hold=25, after=10, silence=5, files=True),
    )
}


def start(host: str) -> None:
    """Whatever runs on a host of its kind."""
    for module in (engines, portal, bucket_module()):
        if begin := getattr(module, stage.KIND[host], None):
            begin(host)


def bucket_module() -> object:
    from tests.cluster import bucket

    return bucket


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
    seconds = 10 + blow.hold + blow.after
    kind = "files" if blow.files else "cases"
    program = ["/usr/bin/python3", ROOT / "tests/cluster/clients.py", out, ADDRESS["edge"]]
    program += [stage.HOME / "tls/ca.pem", seconds, kind, *tokens]
    stage.begin("client", "clients", program)
    stage.until("everybody files", lambda: out.exists() and out.read_text().count('"status": 201') >= CLIENTS, 60)
    those = before()
    load = os.getloadavg()[0]
    struck = time.time()
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
    return Result(blow, what, seen, broken, load, ticks, notes)


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
    for pid in stage.processes("client"):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                if "clients.py" in file.read():
                    return True
        except OSError:
            continue
    return False
