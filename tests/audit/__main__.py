"""The auditor on a running installation: make audit, or

    python -m tests.audit [AREA …] [--most N]

It reads the database that DATABASE_URL names, else the one that `make run` serves, in one read-only transaction.
Prints what differs (figure, scope, period, the portal's number, the auditor's) and how many numbers were compared.
Exit code 0: nothing differs; 1: something does, or nothing could be compared.
"""

import argparse
import os
import sys
import time

SHOWN = 200


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
    import django

    django.setup()
    from collections import Counter

    from django.db import connection, transaction
    from django.utils import timezone, translation

    from tests.audit.compare import AREAS, Audit, compared
    from tests.audit.core import rows

    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(AREAS)}; all without")
    parser.add_argument("--most", type=int, help="places, enterprises and categories looked at, at the most (all)")
    asked = parser.parse_args()
    if unknown := set(asked.areas) - set(AREAS):
        parser.error(f"there is no area {', '.join(sorted(unknown))}; there are {', '.join(AREAS)}")
    translation.activate("zh-hans")
    begun, n, differ = time.monotonic(), Counter[str](), Counter[str]()
    with connection.cursor() as cursor:
        # The auditor thinks between its statements, and some are long.
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout"):
            cursor.execute(f"set {limit} = 0")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read read only")
            audit = Audit(rows.read(cursor), timezone.now(), asked.most)
        print(f"{len(audit.rows.cases):,} cases read in {time.monotonic() - begun:.0f} s", flush=True)
        for area in asked.areas or AREAS:
            for pair in compared(audit, [area]):
                n[area] += 1
                if pair.differs:
                    differ[area] += 1
                    if differ.total() <= SHOWN:
                        print(pair, flush=True)
            print(f"{area}: {n[area]:,} compared, {differ[area]:,} differ", flush=True)
    if differ.total() > SHOWN:
        print(f"… the first {SHOWN} are shown")
    print(f"{n.total():,} numbers compared, {differ.total():,} differ ({time.monotonic() - begun:.0f} s)")
    return 0 if n.total() and not differ.total() else 1


if __name__ == "__main__":
    sys.exit(main())
