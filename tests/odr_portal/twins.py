"""Teeth of several hosts: a copy of the portal with one safety taken away must turn a test red, without a cluster.

    python -m tests.odr_portal.twins [NAME …]

Those that only a cluster shows are in tests/cluster/twins.py. A change that no longer fits the source is an error.
"""

import sys

from tests.faults.twins import Change, prove_each
from tests.walls.twins import Twin, prove

_SERVERS, _ADDRESS = "web/servers.py", ("tests/odr_portal/test_environment.py", "-k", "address_of_a_database")
_STANDBY, _READS = "database/standby.py", ("tests/database/test_standby.py",)
_SHARED = ("tests/complaints/dossier/test_several_hosts.py",)
_DRILL, _DRILLED = "odr_portal/backup/drill.py", ("tests/odr_portal/backup/test_drill.py", "-m", "", "-k")

TWINS: tuple[Twin, ...] = (
    Twin(
        "any-host",
        "of several servers the first is taken, whether it writes or not",
        _ADDRESS,
        [Change(_SERVERS, '        options.setdefault("target_session_attrs", "read-write")\n', "        pass\n")],
    ),
    Twin(
        "words-dropped",
        "a word of an address that nobody knows is dropped in silence",
        _ADDRESS,
        [Change(_SERVERS, "        if unknown:\n", "        if False:\n")],
    ),
    Twin(
        "lease-for-good",
        "a lease has no end, so nobody takes over from a process that died",
        ("tests/complaints/notices/test_leases.py",),
        [
            Change(
                "complaints/models/notices.py",
                "where l.until <= clock_timestamp() or l.holder = excluded.holder",
                "where l.holder = excluded.holder",
            )
        ],
    ),
    Twin(
        "patient-sentinels",
        "a sentinel that is dark is asked again and again",
        ("tests/odr_portal/test_sentinels.py", "-k", "new_primary"),
        [Change("odr_portal/ticks.py", ', "retry": Retry(NoBackoff(), 0)}', "}")],
    ),
    Twin(
        "probes-by-name",
        "a balancer that asks by address is refused",
        ("tests/odr_portal/test_asked_by_machines.py",),
        [Change("web/headers.py", "        if request.path in BY_MACHINES:\n", "        if False:\n")],
    ),
    Twin(
        "leaves-without-a-word",
        "a process that was told to end stays ready for a balancer",
        ("tests/web/requests/test_leaving.py",),
        [Change("odr_portal/health.py", "    if leaving.is_under_way():\n", "    if False:\n")],
    ),
    Twin(
        "own-change-unseen",
        "whoever has just changed something reads a standby, which may not have it",
        _READS,
        [Change(_STANDBY, "        if cookie in request.COOKIES or time.monotonic()", "        if time.monotonic()")],
    ),
    Twin(
        "standby-believed",
        "what fails on the standby is not asked of the primary",
        _READS,
        [Change(_STANDBY, "        if response.status_code >= 500:\n", "        if False:\n")],
    ),
    Twin(
        "added-key-replaces",
        "the key of a second watch ends that of the first",
        ("tests/proof/test_seal_keys.py", "-k", "two_watches"),
        [Change("complaints/record/seal_keys.py", "            if way == REPLACE:\n", "            if way:\n")],
    ),
    Twin(
        "parts-on-one-host",
        "a part of an upload stays on the host that took it",
        ("tests/complaints/evidence/test_bucket.py", "-k", "another_goes_on_with"),
        [
            Change(
                "complaints/evidence/storing.py",
                "    if isinstance(place, Bucket):\n        place.save(_part(upload, at)",
                "    if False:\n        place.save(_part(upload, at)",
            )
        ],
    ),
    Twin(
        "made-on-one-host",
        "an export, a table or a dossier stays on the host that made or took it",
        _SHARED,
        [
            Change(
                "complaints/evidence/outgoing.py",
                "    place = storage() if settings.EVIDENCE_S3 is not None else None\n",
                "    place = None\n",
            )
        ],
    ),
    Twin(
        "drill-believes",
        "the record of what was restored is not looked at",
        (*_DRILLED, "broken_record"),
        [Change(_DRILL, '    if not report["unbroken"]:\n', "    if False:\n")],
    ),
    Twin(
        "drill-leaves",
        "what a drill restored stays where it was",
        (*_DRILLED, "good_archive"),
        [
            Change(_DRILL, "        server.stop()\n", "        server.end()\n"),
            Change(_DRILL, "        shutil.rmtree(place, ignore_errors=True)\n", ""),
        ],
    ),
)

if __name__ == "__main__":
    sys.exit(prove_each(TWINS, sys.argv[1:], prove))
