"""`make test-cluster`: the portal on several hosts, in network namespaces of this machine; one after another dies.

    python -m tests.cluster [BLOW …]
    python -m tests.cluster --prove [TWIN …]

Ends with 0 when all that must hold held, 1 when something did not, 77 where it cannot be tried (not Debian 13, no root,
no namespaces). Leaves the packages that it installed and nothing else.
"""

import argparse
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.cluster import needs


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("names", nargs="*", metavar="BLOW")
    asked.add_argument("--prove", action="store_true", help="take one safety away after the other instead")
    asked.add_argument("--logs", type=Path, help="a folder that takes the logs of all hosts")
    asked.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.inside:
        from tests.cluster import run

        return run.carry_out(options.inside, options.names, proving=options.prove)
    needs.check()
    folder = Path(tempfile.mkdtemp(prefix="odr-cluster-", dir="/var/tmp"))
    folder.chmod(0o755)
    begun, before = time.monotonic(), left(folder)
    # Ended from outside, it takes everything with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    again = [sys.executable, "-u", "-m", "tests.cluster", "--inside", str(folder), *options.names]
    again += ["--prove"] if options.prove else []
    # The shell is the init of these processes: it takes leave of those whose parents were killed.
    apart = [*needs.APART, "bash", "-c", 'mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /dev/shm; "$@"; exit $?']
    stage = subprocess.Popen([*apart, "stage", *again], preexec_fn=_end_with_parent)
    try:
        code = stage.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            stage.kill()
        stage.wait()
        if options.logs:
            keep_logs(folder, options.logs)
        shutil.rmtree(folder, ignore_errors=True)
    remains = sorted(left(folder) - before) + [str(folder)] * folder.exists()
    if remains:
        print(f"LEFT BEHIND: {', '.join(remains)}", file=sys.stderr)
        code = code or 1
    print(f"Left behind: {', '.join(remains) or 'nothing but the packages'}. {time.monotonic() - begun:.0f} s.")
    return code


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def left(folder: Path) -> set[str]:
    """Namespaces and devices of this machine, and processes that work in the folder."""
    shown = subprocess.run(["sh", "-c", "ip netns list; ip -brief link"], capture_output=True, text=True).stdout
    results = {f"{line.split()[0]} (ip)" for line in shown.splitlines() if line.strip()}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            said = os.readlink(process / "cwd").encode() + (process / "cmdline").read_bytes()
            if bytes(folder) in said and process.name != str(os.getpid()):
                results.add(f"process {process.name}")
    return results


def keep_logs(folder: Path, target: Path) -> None:
    for log in [*folder.glob("*/*.log"), *folder.glob("*/*.answers")]:
        place = target / log.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, place)


if __name__ == "__main__":
    sys.exit(main())
