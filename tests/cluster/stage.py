"""Hosts as network namespaces, each with one line to a switch, and what is done to them. Works only within the
namespaces that tests/cluster/__main__.py makes: what is here ends with them, and the machine sees none of it.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.cluster.needs import PATH

Found = TypeVar("Found")
#: Everything that is made; set by `begin_in`.
HOME = Path("/nonexistent")
GROUPS = {
    "etcd": {"etcd1": 11, "etcd2": 12, "etcd3": 13},
    "pg": {"pg1": 21, "pg2": 22, "pg3": 23},
    "lb": {"lb1": 31, "lb2": 32},
    "valkey": {"vk1": 41, "vk2": 42, "vk3": 43},
    "s3": {"s31": 51, "s32": 52, "s33": 53},
    "web": {"web1": 61, "web2": 62},
    "worker": {"wk1": 71, "wk2": 72},
    "edge": {"edge": 81},
    # Two that are not of the deployment: people's programs, and where a server of an instant before is made.
    "client": {"client": 91},
    "second": {"second": 25},
}
NUMBERS = {host: number for hosts in GROUPS.values() for host, number in hosts.items()}
KIND = {host: kind for kind, hosts in GROUPS.items() for host in hosts}
NET = "10.77.0"
ADDRESS = {host: f"{NET}.{number}" for host, number in NUMBERS.items()}
#: Frames to it are lost on the way.
NOBODY = "02:00:00:00:de:ad"
_SWITCH = "switch"


class Broken(Exception):
    """Something of the stage itself did not come up; its sentence says where to look."""


def begin_in(folder: Path) -> None:
    global HOME
    HOME = folder
    ip("netns", "add", _SWITCH)
    ip("-n", _SWITCH, "link", "add", "br0", "type", "bridge")
    ip("-n", _SWITCH, "link", "set", "br0", "up")


def say(*words: object) -> None:
    print(time.strftime("%H:%M:%S"), *words, flush=True)


def ip(*words: str, check: bool = True) -> str:
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True).stdout


def wire(host: str) -> None:
    line, number = f"v-{host}", f"02:00:00:00:00:{NUMBERS[host]:02x}"
    ip("netns", "add", host)
    peer = ["peer", "name", "eth0", "address", number, "netns", host]
    ip("-n", _SWITCH, "link", "add", line, "type", "veth", *peer)
    ip("-n", _SWITCH, "link", "set", line, "master", "br0", "up")
    ip("-n", host, "address", "add", f"{ADDRESS[host]}/24", "dev", "eth0")
    ip("-n", host, "link", "set", "lo", "up")
    ip("-n", host, "link", "set", "eth0", "up")
    folder(host), folder(host, "tmp")


def hosts() -> list[str]:
    made = {line.split()[0] for line in ip("netns", "list").splitlines() if line.strip()}
    return [host for host in NUMBERS if host in made]


def folder(host: str, *below: str, user: str = "") -> Path:
    place = HOME.joinpath(host, *below)
    place.mkdir(parents=True, exist_ok=True)
    if user:
        shutil.chown(place, user, user)
    return place


def secret(name: str) -> str:
    """The same one for a name, as long as the stage stands."""
    place = HOME / "secrets.json"
    known = json.loads(place.read_text()) if place.exists() else {}
    if name not in known:
        known[name] = secrets.token_hex(24)
        place.touch(mode=0o600)
        place.write_text(json.dumps(known))
    return str(known[name])


def written(place: Path, text: str, *, user: str = "root") -> Path:
    """A file that this user alone reads."""
    place.touch(mode=0o600)
    place.write_text(text)
    shutil.chown(place, user, user)
    return place


def certificates() -> Path:
    """A folder: an authority of the stage (ca.pem) and one certificate with every address (host.pem, both.pem)."""
    place = HOME / "tls"
    if (place / "both.pem").exists():
        return place
    place.mkdir()
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ",".join([*(f"IP:{one}" for one in ADDRESS.values()), "IP:127.0.0.1", "DNS:portal.test"])
    (place / "names").write_text(f"subjectAltName={names}")
    authority = ["-keyout", "ca.key", "-out", "ca.pem", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-out", "host.pem"]
    for words in (
        ["req", "-x509", *curve, "-days", "3", "-subj", "/CN=authority of the stage", *authority],
        ["req", *curve, "-subj", "/CN=portal.test", "-keyout", "host.key", "-out", "host.csr"],
        ["x509", "-req", "-in", "host.csr", "-days", "3", *signed],
    ):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=place)
    (place / "both.pem").write_text((place / "host.pem").read_text() + (place / "host.key").read_text())
    for file in place.iterdir():
        file.chmod(0o644)
    return place


# --- processes --------------------------------------------------------------------------------------------------------


def _command(host: str, words: list[Any], user: str) -> list[str]:
    drop = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    return ["ip", "netns", "exec", host, *drop, *map(str, words)]


def _environment(host: str, told: dict[str, str]) -> dict[str, str]:
    own = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": str(HOME / host), "TMPDIR": str(HOME / host / "tmp")}
    return own | told


def begin(host: str, name: str, words: list[Any], *, user: str = "", cwd: Path | None = None, **told: str) -> None:
    """A program that goes on; what it says stands in HOME/host/name.log."""
    with (HOME / host / f"{name}.log").open("ab") as log:
        subprocess.Popen(
            _command(host, words, user),
            **{"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log},
            start_new_session=True,
            cwd=cwd or HOME / host,
            env=_environment(host, told),
        )


def inside(host: str, words: list[Any], *, user: str = "", cwd: Path | None = None, seconds: float = 600, **told: str):
    """A program that ends: its CompletedProcess."""
    return subprocess.run(
        _command(host, words, user),
        **{"capture_output": True, "text": True, "stdin": subprocess.DEVNULL},
        cwd=cwd or HOME / host,
        env=_environment(host, told),
        timeout=seconds,
    )


def done(host: str, words: list[Any], **how: Any) -> str:
    """What it prints; raises Broken where it fails."""
    ended = inside(host, words, **how)
    if ended.returncode:
        raise Broken(f"{' '.join(map(str, words))[:120]}: {(ended.stdout + ended.stderr).strip()[-1500:]}")
    return str(ended.stdout)


def processes(host: str) -> list[int]:
    return [int(pid) for pid in ip("netns", "pids", host, check=False).split()]


def running(host: str, word: str) -> list[int]:
    """Processes of the host whose command line has this word."""
    found = []
    for pid in processes(host):
        with contextlib.suppress(OSError):
            if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def signal_all(host: str, sign: int = signal.SIGKILL) -> None:
    for pid in processes(host):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            continue


# --- what breaks ------------------------------------------------------------------------------------------------------


def cable(host: str, state: str) -> None:
    ip("-n", _SWITCH, "link", "set", f"v-{host}", state)


def cut_power(*those: str) -> None:
    """The line goes dead first, so that nobody gets a farewell; then every process by SIGKILL."""
    for host in those:
        cable(host, "down")
        signal_all(host)


def keep_apart(host: str, *kinds: str) -> None:
    """The host and all of these kinds lose each other's frames, as silently as by a broken switch; others reach it."""
    for other in [one for kind in kinds for one in GROUPS[kind] if one != host]:
        for one, to in ((host, other), (other, host)):
            lost = ["lladdr", NOBODY, "dev", "eth0", "nud", "permanent"]
            ip("-n", one, "neigh", "replace", ADDRESS[to], *lost)


def heal(start: Callable[[str], None]) -> None:
    """Lines up, partitions away; what stands still goes on, what does not run is started again."""
    there = hosts()
    for host in there:
        cable(host, "up")
        signal_all(host, signal.SIGCONT)
        for line in ip("-n", host, "neigh", "show", "dev", "eth0", check=False).splitlines():
            if NOBODY in line:
                ip("-n", host, "neigh", "del", line.split()[0], "dev", "eth0", check=False)
    for host in there:
        if not processes(host):
            start(host)


def until(what: str, ask: Callable[[], Found], seconds: float = 180) -> Found:
    """What it gives once it gives something. Bring-up is patient; a limit of a blow is never waited for with this."""
    begun = time.monotonic()
    while not (found := ask()):
        if time.monotonic() - begun > seconds:
            raise Broken(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.5)
    if time.monotonic() - begun > 2:
        say(f"{what}: {time.monotonic() - begun:.0f} s")
    return found


def down() -> None:
    for host in hosts():
        signal_all(host, signal.SIGTERM)
    limit = time.monotonic() + 10
    while time.monotonic() < limit and any(processes(host) for host in hosts()):
        time.sleep(0.2)
    for host in hosts():
        signal_all(host)
        ip("netns", "del", host, check=False)
    ip("netns", "del", _SWITCH, check=False)
