"""What `check --deploy` names in an installation for real people, and that no key is shown."""

import base64
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import WARNING
from kombu import Connection
from kombu.exceptions import OperationalError

from accounts.keys import keys
from complaints.record import notes
from odr_portal import deploy_checks
from odr_portal.ticks import app, broker_tls
from tests.complaints.outbound.receivers import Receiver, receiver
from web import environment, servers

__all__ = ["receiver"]

STRONG = "a-long-word-that-serves-one-purpose-only-0123456789"


def told() -> list[str]:
    """What the checks find that ask no database."""
    results = [one for check in deploy_checks.CHECKS[1:] for one in check(None) if one.level >= WARNING]
    assert not [message for message in results if STRONG in f"{message.msg}{message.hint}"]
    return [f"{message.id.rpartition('.')[2]} {message.msg}" for message in results]


@pytest.fixture(autouse=True)
def _installed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_KEYS", raising=False)
    settings.DEMO, settings.ALLOWED_HOSTS, settings.SECRET_KEY = False, ["odr.example.org"], STRONG
    settings.VAULT_KEYS = keys.parse(keys.fresh())
    settings.REDIS_URL = "rediss://:word@broker.example.org/0"
    settings.PROCESS_USERS = {"web": "daemon", "worker": "bin", "beat": "sys", "watch": "games"}
    settings.VAULT_KEY_FILE = settings.DOCUMENT_KEY_FILE = settings.SEAL_KEY_FILE = ""
    settings.EVIDENCE_ROOT = settings.EXPORT_ROOT = "/nowhere"
    key = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
    settings.SMS_GATEWAY = environment.gateway(
        "SMS_GATEWAY_URL", "https://sms.example.org/", "SMS_GATEWAY_SECRET", [key]
    )


def test_T77_an_installation_in_order_is_told_nothing(settings: Any) -> None:
    assert told() == []
    settings.PROCESS_USERS, settings.SMS_GATEWAY = {}, None
    assert [one.partition(":")[0] for one in told()] == [
        "W008 PROCESS_USERS is not set",
        "W013 No text message can be sent",
    ]


def test_T77_a_demo_any_host_and_open_lines_are_named(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO, settings.ALLOWED_HOSTS = True, ["*"]
    settings.REDIS_URL = "redis://broker.example.org/0"
    elsewhere = settings.DATABASES["default"] | {"HOST": "db.example.org"}
    monkeypatch.setitem(settings.DATABASES, "default", elsewhere)
    assert [one.partition(":")[0] for one in told()] == [
        "W003 DEMO is on",
        "W004 ALLOWED_HOSTS has *",
        "W006 The line to the database is not closed to others, or its server is not checked.",
        "W007 The line to the broker is not closed to others, or its server is not checked.",
    ]
    for mode, number in (("require", 1), ("verify-full", 0)):
        tls = servers.database("DATABASE_URL", f"postgresql://web@db.example.org/portal?sslmode={mode}")["OPTIONS"]
        monkeypatch.setitem(settings.DATABASES, "default", elsewhere | {"OPTIONS": tls})
        assert len([one for one in told() if one.startswith("W006")]) == number


def test_T77_shared_and_weak_keys_are_named_and_not_shown(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.METRICS_TOKEN = STRONG
    assert told() == ["W005 SECRET_KEY and METRICS_TOKEN are the same key."]
    settings.METRICS_TOKEN = "short"
    assert told() == ["W005 METRICS_TOKEN can be guessed: it has fewer than 32 characters."]
    settings.METRICS_TOKEN = ""
    one = base64.b64encode(bytes(range(32))).decode()
    with pytest.raises(keys.UnusableKeys):
        keys.parse(f"wrap 1 {one}\nindex 1 {one}\nentry 1 {one}\n")
    known = keys.parse(keys.fresh())
    settings.VAULT_KEYS = keys.VaultKeys(known.wrap, known.wrap, known.entry)
    assert told() == ["W005 the vault key wrap 1 and the vault key index 1 are the same key."]
    settings.VAULT_KEYS = known
    monkeypatch.setenv("VAULT_KEYS", "wrap 1 …")
    assert [one.partition(",")[0] for one in told()] == ["W005 VAULT_KEYS stands in the environment"]


def test_T77_open_lines_to_broker_mail_and_scanner_are_named_and_those_of_this_machine_are_not(settings: Any) -> None:
    for query, number in (("", 0), ("?ssl_ca_certs=/etc/ca.pem", 0), ("?ssl_cert_reqs=none", 1)):
        settings.REDIS_URL = f"rediss://:word@broker.example.org/0{query}"
        assert len([one for one in told() if one.startswith("W007")]) == number
    settings.REDIS_URL = "rediss://:word@broker.example.org/0"
    for url, number in (
        ("smtp://mail.example.org", 1),
        *((f"{scheme}://mail.example.org", 0) for scheme in ("smtps", "smtp+starttls")),
        ("smtp://localhost", 0),
    ):
        settings.MAIL_SERVER = environment.mail_server("EMAIL_URL", url)
        assert len([one for one in told() if one.startswith("W009")]) == number, url
    for url, number in (("tcp://scan.example.org:3310", 1), ("tcp://127.0.0.1:3310", 0), ("unix:///run/clamd", 0)):
        settings.CLAMD = environment.scanner("CLAMD_URL", url)
        assert len([one for one in told() if one.startswith("W010")]) == number, url
    for url, number in (("http://tsa.example.org/", 1), ("https://tsa.example.org/", 0), ("http://localhost:318/", 0)):
        settings.TSA_URL = url
        assert len([one for one in told() if one.startswith("W012")]) == number, url
    key = notes.NoteKey("witness.example.org", notes.COSIGNS, bytes(32))
    settings.TSA_URL, settings.WITNESSES = "", notes.Witnesses(1, (notes.Witness(key, "http://witness.example.org"),))
    assert [one for one in told() if one.startswith("W012")] == ["W012 witness.example.org is asked over an open line."]


def test_T77_a_broker_that_shows_a_certificate_of_its_own_making_is_not_spoken_to(receiver: Receiver) -> None:
    url = f"rediss://127.0.0.1:{receiver.port}/0"
    with (
        Connection(url, ssl=broker_tls(url)) as line,
        pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        line.ensure_connection(max_retries=1, timeout=5)
    assert broker_tls("redis+socket:///run/valkey.sock") is None
    assert app.conf.broker_use_ssl == broker_tls(app.conf.broker_url)


def test_T77_the_history_of_the_source_beside_the_code_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    assert deploy_checks.no_history_lies_beside_the_code(None) == []
    (tmp_path / ".git").mkdir()
    assert [one.id for one in deploy_checks.no_history_lies_beside_the_code(None)] == ["odr_portal.I002"]
