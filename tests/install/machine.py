"""A fresh Debian 13 with its own systemd, in namespaces of this machine: root, and packages of Debian, are needed.

The network is this machine's own, so its ports 80 and 443 must be free. Nothing is left but the folder of the machine,
which `removed` takes away.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SUITE, MIRROR = "trixie", "http://deb.debian.org/debian"
#: What a Debian has that was installed by hand: an init, certificates, and nothing of ours.
BASE = "systemd-sysv,dbus,ca-certificates,procps,iproute2"
PORTS = (80, 443, 8443)
#: The exit code of “it cannot be tried here”, which is neither green nor red.
CANNOT = 77

_BOOT = r"""
set -e
mount --make-rprivate /
mkdir -p "$1/.cgroup" && mount -t cgroup2 none "$1/.cgroup"
mkdir -p "$1/.cgroup/$2" && echo $$ > "$1/.cgroup/$2/cgroup.procs"
exec unshare --pid --uts --ipc --cgroup --mount --fork --kill-child bash -c '
set -e
mount --bind "$1" "$1"
umount "$1/.cgroup" 2>/dev/null || true
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/run"
mount -t tmpfs tmpfs "$1/tmp"
mount -t sysfs sysfs "$1/sys"
mount -t cgroup2 none "$1/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for one in null zero full random urandom tty; do touch "$1/dev/$one"; mount --bind "/dev/$one" "$1/dev/$one"; done
mkdir "$1/dev/pts" "$1/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
ln -s pts/ptmx "$1/dev/ptmx"
mount -t tmpfs tmpfs "$1/dev/shm"
for pair in fd: stdin:/0 stdout:/1 stderr:/2; do ln -s "/proc/self/fd${pair#*:}" "$1/dev/${pair%%:*}"; done
hostname portal
cd "$1" && mkdir -p .old && pivot_root . .old && umount -l /.old
exec env -i container=namespaces PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init --log-target=journal
' boot "$1"
"""


def refuse(sentence: str) -> SystemExit:
    print(f"NOT TRIED: {sentence}", file=sys.stderr)
    return SystemExit(CANNOT)


def check() -> None:
    """Ends with `CANNOT` where no such machine can be made here."""
    if os.geteuid() != 0:
        raise refuse("only root makes namespaces with an init of their own.")
    for program in ("mmdebstrap", "unshare", "nsenter"):
        if not shutil.which(program):
            raise refuse(f"{program} is missing: apt-get install mmdebstrap util-linux.")
    if subprocess.run(["unshare", "--pid", "--uts", "--ipc", "--cgroup", "--mount", "--fork", "true"]).returncode:
        raise refuse("namespaces are forbidden here.")
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise refuse(f"port {port} of this machine is taken.") from None


def base(kept: Path) -> Path:
    """The archive of an empty Debian, made once."""
    if not kept.exists():
        new = kept.with_suffix(".new.tar")
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={BASE}"),
                *('--aptopt=Acquire::Languages "none"', SUITE, str(new), MIRROR),
            ],
            check=True,
        )
        new.rename(kept)
    return kept


class Machine:
    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.group = f"odr-install-{os.getpid()}"
        self.outer: subprocess.Popen[bytes] | None = None
        self.init = 0

    def start(self) -> None:
        # The resolver of this machine, since the network is.
        shutil.copyfile("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self.outer = subprocess.Popen(
            ["unshare", "--mount", "bash", "-c", _BOOT, "boot", str(self.root), self.group],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        end = time.monotonic() + 60
        while time.monotonic() < end and self.outer.poll() is None:
            with contextlib.suppress(OSError, ValueError):
                # unshare --fork: its one child is the init.
                children = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text().split()
                (self.init,) = map(int, children)
                state = self.run("systemctl is-system-running", quiet=True).stdout.strip()
                if state in {"running", "degraded"}:
                    return
            time.sleep(0.2)
        raise SystemExit("systemd did not start in the namespaces.")

    def run(self, script: str, *, quiet: bool = False) -> "subprocess.CompletedProcess[str]":
        """As root in /root, as somebody who has just logged in. Its output is kept; `quiet` prints nothing of it."""
        done = subprocess.run(
            [
                *("nsenter", "--target", str(self.init), "--mount", "--uts", "--ipc", "--pid", "--cgroup"),
                *("--root", "--wd", "env", "-i", "--chdir=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"),
                *("LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "bash", "-euo", "pipefail", "-c", script),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if not quiet:
            print("".join(f"    {line}\n" for line in done.stdout.splitlines()[-40:]), end="", flush=True)
        return done

    def stop(self) -> None:
        if self.outer is not None and self.outer.poll() is None:
            os.kill(self.outer.pid, signal.SIGKILL)
            self.outer.wait()
        if self.init:
            # It dies with its parent; the folder is free when it is gone.
            end = time.monotonic() + 20
            while Path(f"/proc/{self.init}").exists() and time.monotonic() < end:
                time.sleep(0.1)
        folder = self.root.with_name(f"{self.root.name}.cgroup")
        folder.mkdir(exist_ok=True)
        if not subprocess.run(["mount", "-t", "cgroup2", "none", str(folder)]).returncode:
            for path, _, _ in os.walk(folder / self.group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(path)
            subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


@contextlib.contextmanager
def running(folder: Path, archive: Path) -> Iterator[Machine]:
    folder.mkdir(mode=0o755)
    machine = Machine(folder)
    try:
        subprocess.run(["tar", "-xf", str(archive), "-C", str(folder)], check=True)
        machine.start()
        yield machine
    finally:
        machine.stop()
        shutil.rmtree(folder)
