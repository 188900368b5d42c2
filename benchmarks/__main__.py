"""All benchmarks, one after the other on one server: `python -m benchmarks [--quick] [name …]`, or `make bench`.

Each runs in a process of its own with a time of its own; one that fails is named in the table's end and
the others still run. Exit code 0 when all ran (missed goals are told, not punished), 1 when one failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django
import psycopg2

from benchmarks import ground
from benchmarks.measuring import OUT, ROOT, Figure, keep, machine, table

#: In this order: what the clock decides comes while the machine is freshest.
NAMES = (
    "filing",
    "sweeps",
    "importing",
    "lists",
    "words",
    "bulk",
    "triage",
    "search",
    "listening",
    "pages",
    "walls",
    "sealing",
    "verification",
    "replay",
    "due_date",
    "dossier",
    "documents",
    "sets",
    "webhooks",
    "phone",
    "rules",
    "rollups",
    "counting",
    "hotspots",
    "open_data",
    "dashboard",
    "public",
)
#: Run where they are named only: one needs what is not installed by itself, one starts a whole `make run` of its own,
#: one fills sixty gigabytes, one needs PgBouncer, one waits for minutes.
NAMED_ONLY = ("optional.bills", "optional.small", "optional.long_tables", "optional.pooled", "optional.notices")
LONGEST = 1500


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, to see that all of it works")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES + NAMED_ONLY))
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES + NAMED_ONLY):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES + NAMED_ONLY)}")
    begun, figures, failed = time.monotonic(), [], []
    where = machine()
    with ground.server() as base:
        with psycopg2.connect(base.dsn("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute("select current_setting('server_version'), current_setting('shared_buffers')")
            where["postgresql"], where["shared_buffers"] = cursor.fetchone()
        connection.close()
        where |= {"django": django.get_version(), "quick": asked.quick}
        for name in asked.names or NAMES:
            result = one(name, base, quick=asked.quick)
            figures += result or []
            failed += [] if result else [name]
    where["load_after"] = [round(load, 2) for load in os.getloadavg()]
    where["seconds"] = round(time.monotonic() - begun)
    sys.stdout.write("\n" + table(figures) + "\n\n" + line(where) + "\n")
    sys.stdout.write(f"{keep('all' if not asked.names else '-'.join(asked.names), where, figures)}\n")
    if failed:
        sys.stdout.write(f"did not run to the end: {', '.join(failed)}\n")
    return 1 if failed else 0


def one(name: str, base: ground.Ground, *, quick: bool) -> list[Figure]:
    """The figures of one benchmark; none when it failed."""
    sys.stderr.write(f"{name} …\n")
    begun = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        variables = {**os.environ, ground.SHARED: str(base.folder), OUT: out.name}
        command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else [])]
        process = subprocess.Popen(command, cwd=ROOT, env=variables, start_new_session=True)
        try:
            process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"{name} took more than {LONGEST} s and was stopped\n")
        finally:
            ground.end(process)
        written = Path(out.name).read_text(encoding="utf-8")
    sys.stderr.write(f"{name}: {time.monotonic() - begun:.0f} s\n")
    if process.returncode or not written:
        return []
    return [
        Figure(**{**row, "ratio": row["ratio"] and tuple(row["ratio"]), "goal": row["goal"] and tuple(row["goal"])})
        for row in json.loads(written)
    ]


def line(where: dict[str, object]) -> str:
    """The machine, in one line."""
    return (
        f"{where['cores']} cores, {where['memory_gib']} GiB, Linux {where['kernel']}, PostgreSQL {where['postgresql']}"
        f" (shared_buffers {where['shared_buffers']}), Python {where['python']}, Django {where['django']},"
        f" commit {where['commit']}, load {where['load_before']} before and {where['load_after']} after,"
        f" {where['seconds']} s{', --quick' if where['quick'] else ''}"
    )


if __name__ == "__main__":
    sys.exit(main())
