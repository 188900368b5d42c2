"""What tests of many cases share: a folder for files, people signed in at their desks, tables as they are filled in."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.models import Complaint, RoundTrip
from complaints.procedure.workflow import Status
from complaints.tables.round_trip import working
from tests import given
from tests.cast import World
from tests.complaints.outbound.conftest import export_root, filled

__all__ = ["export_root"]
HOME = "/enterprise/round-trip/"


def cases(
    world: World, count: int, *, status: Status = Status.NEGOTIATING, now: datetime | None = None
) -> list[Complaint]:
    """Equal cases of different people, so that none of them is a duplicate."""
    moment = now or timezone.now()
    return [given.a_complaint(world, status=status, now=moment) for _n in range(count)]


def table(rows: Sequence[Mapping[str, str]], *, encoding: str = "utf-8-sig") -> bytes:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def uploaded(browser: Client, raw: bytes, *, name: str = "待办.csv", status: int = 302) -> RoundTrip:
    answer = browser.post(HOME, filled(file=SimpleUploadedFile(name, raw)))
    assert answer.status_code == status, answer.content.decode()[-2000:]
    return RoundTrip.objects.latest("pk")


def worked(trip: RoundTrip) -> RoundTrip:
    """Until it waits for somebody, or is over."""
    working.sweep_round_trips(now=timezone.now())
    trip.refresh_from_db()
    return trip


def tried(browser: Client, raw: bytes, **options: Any) -> RoundTrip:
    trip = worked(uploaded(browser, raw, **options))
    assert trip.state == "checked", (trip.state, trip.failure, trip.failure_words)
    return trip


def decided(browser: Client, trip: RoundTrip, choice: str) -> RoundTrip:
    answer = browser.post(f"{HOME}{trip.mark}/decide/", filled(decision=choice))
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return worked(trip)


def lines(trip: RoundTrip) -> list[tuple[int, str, str, str]]:
    return list(trip.rows.order_by("line").values_list("line", "state", "column", "problem"))


def states(trip: RoundTrip) -> list[str]:
    return list(trip.rows.order_by("line").values_list("state", flat=True))


def results(browser: Client, trip: RoundTrip) -> list[dict[str, str]]:
    raw = browser.get(f"{HOME}{trip.mark}/results/").content
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def offer_row(case: Complaint, **changes: str) -> dict[str, str]:
    """A line that grants all that Chen asks for."""
    row = {"编号": case.number, "步骤": "提出方案", "答复1": "同意", "答复金额1": "128.50", "履行方式1": "原路退款"}
    row |= {"最后一天1": "2099-12-07", "答复2": "同意", "履行方式2": "变更或者取消服务", "最后一天2": "2099-12-07"}
    row |= {"给消费者的话": "多扣的费用全部退还。"}
    return row | changes
