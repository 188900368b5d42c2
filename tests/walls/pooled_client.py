"""A process of the portal behind a pooler: threads ask what several people see, in turn, and compare.

    python -m tests.walls.pooled_client PEOPLE.json SECONDS

PEOPLE.json: {id of a user: [[numbers of the cases that they see], [entries of each]]}. Prints {"right": …, "wrong": …,
"errors": {text: how often}}.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")

THREADS = 4


class TakenBack(Exception):
    """Of a request that fails after it has asked."""


def main(people: dict[str, list[list[Any]]], seconds: float) -> None:
    import django

    django.setup()
    from django.contrib.auth.models import AnonymousUser
    from django.db import connection, transaction

    from accounts.models import User
    from complaints.models import Complaint, HandlingStep
    from database import row_security
    from database.prepared import PreparedQuery

    numbers = PreparedQuery(lambda least: Complaint.objects.filter(pk__gte=least).order_by("pk").only("number"), int)
    entries = PreparedQuery(
        lambda number: HandlingStep.objects.filter(complaint__number=number).order_by("pk").only("step"), str
    )
    results: Counter[str] = Counter()
    errors: Counter[str] = Counter()

    def ask(dice: random.Random) -> None:
        pk = dice.choice([*people, ""])
        expected = people.get(pk, [[], []])
        # Outside of a request, as what looks up a session.
        user = User.objects.get(pk=pk) if pk else AnonymousUser()
        request: Any = SimpleNamespace(user=user, path="/")
        with suppress(TakenBack), row_security.serving(request):
            seen = [case.number for case in numbers(0)]
            assert seen == list(Complaint.objects.order_by("pk").values_list("number", flat=True))
            with transaction.atomic():
                each = [len(entries(number)) for number in expected[0]]
            results["right" if [seen, each] == expected else "wrong"] += 1
            if dice.random() < 0.3:
                raise TakenBack
        # As a sweep asks, outside of any request: one transaction, one statement.
        with transaction.atomic():
            everything = {case.number for case in numbers(0)}
        alone = Complaint.objects.count()
        is_all = alone == len(everything) and everything.issuperset(expected[0])
        results["right" if is_all else "wrong"] += 1
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('statement_timeout'), current_setting('lock_timeout')")
            results["right" if cursor.fetchone() == ("5s", "3s") else "wrong"] += 1
            # What a statement that somebody brought in may leave behind.
            cursor.execute("set statement_timeout = 0; set search_path = ''; select pg_try_advisory_lock(7)")

    def work(seed: int) -> None:
        dice, end = random.Random(seed), time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                ask(dice)
            except Exception as error:
                errors[f"{type(error).__name__}: {str(error).splitlines()[0]}"] += 1
        connection.close()

    threads = [Thread(target=work, args=[seed]) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({**results, "errors": errors}))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()), float(sys.argv[2]))
