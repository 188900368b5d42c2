"""Debian's own packages that the cluster is made of, installed where they are missing. No service of them starts."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

#: Package: a program of it. `python3-etcd` must be named: without it Patroni finds no etcd.
PACKAGES = {
    **{"iproute2": "ip", "etcd-server": "etcd", "etcd-client": "etcdctl", "patroni": "patroni"},
    **{"python3-etcd": "/usr/share/doc/python3-etcd", "python3-psycopg2": "/usr/share/doc/python3-psycopg2"},
    **{"postgresql-17": "/usr/lib/postgresql/17/bin/postgres", "haproxy": "haproxy", "pgbouncer": "pgbouncer"},
    **{"valkey-server": "valkey-server", "valkey-sentinel": "valkey-sentinel", "pgbackrest": "pgbackrest"},
    **{"openssl": "openssl", "memcached": "memcached", "python3-swiftclient": "swift"},
    **{f"swift-{kind}": f"swift-{kind}-server" for kind in ("proxy", "account", "container", "object")},
}
#: The exit code of “it cannot be tried here”, which is neither green nor red (as make test-install has it).
CANNOT = 77
POSTGRES = Path("/usr/lib/postgresql/17/bin")
PATH = f"{POSTGRES}:/usr/sbin:/usr/bin:/sbin:/bin"
#: Namespaces of their own, and with them everything ends when this process does, however it ends.
APART = ("unshare", "--mount", "--pid", "--ipc", "--net", "--fork", "--kill-child", "--mount-proc")


def refuse(sentence: str) -> SystemExit:
    print(f"NOT TRIED: {sentence}", file=sys.stderr)
    return SystemExit(CANNOT)


def check() -> None:
    """Ends with `CANNOT` where no cluster can be made here."""
    release = Path("/etc/os-release")
    if not release.exists() or 'VERSION_ID="13"' not in release.read_text() or "Debian" not in release.read_text():
        raise refuse("the cluster is made of the packages of Debian 13, and this is another system.")
    if os.geteuid() != 0:
        raise refuse("only root makes namespaces for hosts.")
    tried = subprocess.run(
        [*APART, "sh", "-c", "mount -t tmpfs tmpfs /run && ip netns add tried && ip netns exec tried true"],
        capture_output=True,
        text=True,
    )
    if tried.returncode and shutil.which("ip"):
        raise refuse(f"namespaces are forbidden here ({' '.join(tried.stderr.split())[-200:]}).")
    install()


def missing() -> list[str]:
    return [name for name, file in PACKAGES.items() if not shutil.which(file, path=PATH) and not Path(file).is_dir()]


def install() -> None:
    names = missing()
    if not names:
        return
    print(f"Installing {', '.join(names)} …", flush=True)
    with _nothing_starts():
        apt = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", *names]):
            done = subprocess.run(["apt-get", "--quiet", *words], env=apt, capture_output=True, text=True)
            if done.returncode:
                raise refuse(f"Debian's packages cannot be installed: {done.stderr.strip()[-300:]}")


@contextlib.contextmanager
def _nothing_starts() -> Iterator[None]:
    """While packages are installed: no service starts, now or with the machine, and PostgreSQL makes no cluster."""
    policy, own = Path("/usr/sbin/policy-rc.d"), not Path("/usr/sbin/policy-rc.d").exists()
    clusters = Path("/etc/postgresql-common/createcluster.d")
    folders = [folder for folder in (clusters.parent, clusters) if not folder.exists()]
    file = clusters / "odr-cluster.conf"
    units = Path("/etc/systemd/system")
    before = {path for path in units.rglob("*") if path.is_symlink()}
    try:
        if own:
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        clusters.mkdir(parents=True, exist_ok=True)
        file.write_text("create_main_cluster = false\n")
        yield
    finally:
        if own:
            policy.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
        for folder in reversed(folders):
            with contextlib.suppress(OSError):
                folder.rmdir()
        for path in {path for path in units.rglob("*") if path.is_symlink()} - before:
            path.unlink()
