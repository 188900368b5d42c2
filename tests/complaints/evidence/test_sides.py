"""Files of all three sides: the enterprise's proof and the officer's minutes stand in the record like the
consumer's."""

import hashlib
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints.models import Evidence, HandlingStep
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.evidence.files import pdf, png
from tests.complaints.evidence.test_uploads import TEXT, Sender
from tests.complaints.pages.at_the_desk import send, shown, signed_in

ENTERPRISE = (
    Status.PERFORMING,
    "enterprise",
    "performed",
    {"obligations": "1", "proof": "退款流水 8842，11月12日"},
    "report_performed",
    "证明材料",
)
AUTHORITY = (
    Status.MEDIATING,
    "authority",
    "session-record",
    {"minutes": "双方到场，各自陈述。", "present": "consumer"},
    "record_session",
    "笔录等材料",
)


@pytest.mark.parametrize(("status", "side", "slug", "said", "step", "label"), [ENTERPRISE, AUTHORITY])
def test_a_step_of_staff_brings_files_on_both_ways(
    world: World, status: Status, side: str, slug: str, said: dict[str, Any], step: str, label: str
) -> None:
    case = given.a_complaint(world, status=status)
    person = world.ming if side == "enterprise" else world.rui
    client = signed_in(person)
    place = f"/{side}/cases/{case.number}/{slug}/"
    page = shown(client.get(place))
    assert label in page
    assert 'enctype="multipart/form-data"' in page
    sender = Sender(client, f"/cases/{case.number}/", TEXT, "清单.txt")
    assert sender.all().json()["is_done"]
    bad = send(client, place, said | {"uploads": [SimpleUploadedFile("a.exe", b"MZ\x90\0")]})
    assert bad.status_code == 422
    assert "“a.exe”的类型不能接收" in shown(bad)
    assert next(iter(said.values())) in shown(bad)
    assert not Evidence.objects.exists()
    done = send(
        client, place, said | {"uploads": [SimpleUploadedFile("凭证.pdf", pdf())], "uploaded": f"{sender.id}/清单.txt"}
    )
    assert done.status_code == 302, shown(done)
    rows = {row.name: row for row in Evidence.objects.filter(complaint=case)}
    assert set(rows) == {"凭证.pdf", "清单.txt"}
    assert {row.uploaded_by_id for row in rows.values()} == {person.pk}
    entry = HandlingStep.objects.get(complaint=case, step=step)
    assert set(json.loads(entry.body)["files"]) == {row.sha256 for row in rows.values()}
    assert rows["清单.txt"].sha256 == hashlib.sha256(TEXT).hexdigest()
    assert f"/files/{rows['凭证.pdf'].pk}/" in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))


def test_a_step_that_is_refused_keeps_no_file_and_one_sent_twice_keeps_it_once(world: World, folder: Any) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    form = {"obligations": "1", "proof": "x", "uploads": [SimpleUploadedFile("a.png", png())]}
    answer = send(signed_in(world.ming), f"/enterprise/cases/{case.number}/performed/", form)
    assert answer.status_code in {409, 422}
    assert not Evidence.objects.exists()
    assert not [place for place in folder.rglob("*") if place.is_file()]
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client = signed_in(world.chen)
    for _time in range(2):
        form = {
            "idempotency_key": "the-same-key-twice",
            "text": "见附件。",
            "uploads": [SimpleUploadedFile("a.png", png())],
        }
        answer = client.post(f"/cases/{case.number}/statement/", form)
        assert answer.status_code == 302
    row = Evidence.objects.get()
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == sorted(row.paths)
