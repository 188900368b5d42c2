"""What `check --deploy` names in an installation for real people, and that no key is shown."""

import base64
from typing import Any

import pytest
from django.core.checks import WARNING

from accounts.keys import keys
from odr_portal import deploy_checks
from web import environment

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


def test_T77_an_installation_in_order_is_told_nothing(settings: Any) -> None:
    assert told() == []
    settings.PROCESS_USERS = {}
    assert [one.partition(":")[0] for one in told()] == ["W008 PROCESS_USERS is not set"]


def test_T77_a_demo_any_host_and_open_lines_are_named(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO, settings.ALLOWED_HOSTS = True, ["*"]
    settings.REDIS_URL = "redis://broker.example.org/0"
    elsewhere = settings.DATABASES["default"] | {"HOST": "db.example.org"}
    monkeypatch.setitem(settings.DATABASES, "default", elsewhere)
    assert [one.partition(":")[0] for one in told()] == [
        "W003 DEMO is on",
        "W004 ALLOWED_HOSTS has *",
        "W006 The line to the database is not closed to others, or its server is not checked.",
        "W007 The line to the broker is not closed to others.",
    ]
    for mode, number in (("require", 1), ("verify-full", 0)):
        url = f"postgresql://web@db.example.org/portal?sslmode={mode}&sslrootcert=/etc/ca.pem"
        tls = environment.database_tls(url)
        assert tls == {"sslmode": mode, "sslrootcert": "/etc/ca.pem"}
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
