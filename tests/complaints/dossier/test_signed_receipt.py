"""A receipt with the portal's signature: made by the worker for who filed, and for nobody else."""

import io
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from complaints.dossier import building
from complaints.models import Complaint, Dossier
from tests import found_in, given, missing_in
from tests.cast import World
from tests.complaints.documents.signatures import verdict
from tests.complaints.dossier.conftest import built, text_of
from tests.complaints.pages.at_the_desk import send, shown, signed_in

pytestmark = pytest.mark.django_db


def asked(case: Complaint, world: World) -> Dossier:
    answer = send(signed_in(world.chen), f"/cases/{case.number}/dossier/", {"kind": "receipt"})
    assert (answer.status_code, answer.url) == (302, f"/cases/{case.number}/receipt/")
    return Dossier.objects.latest("pk")


def test_who_filed_gets_it_signed_without_the_token_and_with_the_line_to_keep(world: World) -> None:
    case = given.filed(world, now=timezone.now())
    chen, page = signed_in(world.chen), f"/cases/{case.number}/receipt/"
    assert "制作有签名的收据" in shown(chen.get(page))
    dossier = asked(case, world)
    assert asked(case, world) == dossier
    assert "正在制作和签名" in shown(chen.get(page))
    dossier = built(dossier)
    address = f"/cases/{case.number}/dossier/{dossier.public_id}/receipt/"
    assert not missing_in(shown(chen.get(page)), f'href="{address}"', str(dossier.files["receipt"][0]))
    signed = b"".join(chen.get(address).streaming_content)  # type: ignore[attr-defined]
    assert verdict(signed) == ""
    assert verdict(signed.replace(b"/Type", b"/Tape", 1)) != ""
    text = "".join(text_of(pikepdf.open(io.BytesIO(signed))).split())
    case.refresh_from_db()
    assert not missing_in(text, case.number, bytes(case.last_hash).hex()[:32], "/track/")
    assert not found_in(text, "查询口令", "没有平台的电子签名")
    # The print that comes at once is not signed, and says so.
    at_once = chen.get(f"/cases/{case.number}/receipt.pdf").content
    assert verdict(at_once) == "no signature"
    assert "没有平台的电子签名" in "".join(text_of(pikepdf.open(io.BytesIO(at_once))).split())
    # It is no dossier: the page of that offers none.
    assert "可以下载" not in shown(chen.get(f"/cases/{case.number}/dossier/"))


def test_nobody_who_did_not_file_gets_one(world: World) -> None:
    case = given.filed(world, now=timezone.now())
    address = f"/cases/{case.number}/dossier/{built(asked(case, world)).public_id}/receipt/"
    for user in (world.ming, world.rui, world.otto, world.hua):
        browser = signed_in(user)
        assert send(browser, f"/cases/{case.number}/dossier/", {"kind": "receipt"}).status_code == 404
        assert browser.get(address).status_code == 404
    for kind in ("court", "poster"):
        assert send(signed_in(world.chen), f"/cases/{case.number}/dossier/", {"kind": kind}).status_code == 404
    assert Dossier.objects.count() == 1


def test_without_a_document_key_none_is_made_and_the_page_says_that_it_waits(world: World, settings: Any) -> None:
    case, now = given.filed(world, now=timezone.now()), timezone.now()
    dossier, key = asked(case, world), settings.DOCUMENT_KEY_FILE
    settings.DOCUMENT_KEY_FILE = ""
    building.sweep_dossiers(now=now)
    Dossier.objects.update(asked_at=now - timedelta(minutes=6))
    page = shown(signed_in(world.chen).get(f"/cases/{case.number}/receipt/"))
    assert not missing_in(page, "平台可能暂时不能签名", "会自动继续")
    settings.DOCUMENT_KEY_FILE = key
    assert built(dossier).state == "ready"
    assert "暂时不能签名" not in shown(signed_in(world.chen).get(f"/cases/{case.number}/receipt/"))
