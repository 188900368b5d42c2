"""What `manage.py check --deploy --fail-level WARNING` finds in an installation for real people."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning
from django.db import DatabaseError

from accounts import demo
from odr_portal import front
from odr_portal.processes import separation, translations
from web import environment, servers

#: What libpq counts as a connection that nobody between reads or answers in the server's place.
CHECKED = ("verify-full", "verify-ca")


def nobody_of_a_demo_can_come_in(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """`check --deploy`: the people of this database are those that DEMO says."""
    try:
        sentence = demo.refusal()
    except DatabaseError:
        sentence = "The database cannot be asked whether people of a demo are active in it."
        return [Warning(sentence, hint="Run this check where the portal runs.", id="odr_portal.W002")]
    return [Error(sentence, id="odr_portal.E005")] if sentence else []


def it_is_no_demo(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEMO:
        return []
    told = "DEMO is on: everybody reads everybody's codes at /demo/mail/ and comes in as anybody of the demo."
    return [Warning(told, hint="Unset DEMO.", id="odr_portal.W003")]


def hosts_are_named(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    told = "ALLOWED_HOSTS has *: links in letters may be bent to any host that a request names."
    return [Warning(told, hint="Set SITE_URL=https://host, or name the hosts.", id="odr_portal.W004")]


def keys_differ_and_are_strong(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """No key serves two purposes; a word that opens something is long. Never shows one."""
    by_value: dict[bytes, list[str]] = {}
    for name, secret in _secrets():
        by_value.setdefault(secret, []).append(name)
    told = [f"{' and '.join(names)} are the same key." for names in by_value.values() if len(names) > 1]
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < 32:
        told.append("METRICS_TOKEN can be guessed: it has fewer than 32 characters.")
    if environment.text("VAULT_KEYS"):
        told.append("VAULT_KEYS stands in the environment, which each child process inherits: use VAULT_KEY_FILE.")
    return [Warning(one, hint="docs/operations.md says how each is changed.", id="odr_portal.W005") for one in told]


def _secrets() -> Iterator[tuple[str, bytes]]:
    named = [("SECRET_KEY", settings.SECRET_KEY), ("METRICS_TOKEN", settings.METRICS_TOKEN)]
    named += [("CELLS_SECRET", settings.CELLS_SECRET)]
    named += [("SECRET_KEY_FALLBACKS", key) for key in settings.SECRET_KEY_FALLBACKS]
    named += [("the password of DATABASE_URL", settings.DATABASES["default"]["PASSWORD"])]
    named += [("the password of REDIS_URL", urlsplit(settings.REDIS_URL).password or "")]
    if settings.SMS_ALIYUN:
        named.append(("SMS_ALIYUN_KEY_SECRET", settings.SMS_ALIYUN.secret))
    if settings.EVIDENCE_S3:
        named.append(("EVIDENCE_S3_SECRET", settings.EVIDENCE_S3.secret))
    yield from ((name, secret.encode()) for name, secret in named if secret)
    for nth, key in enumerate(settings.SMS_GATEWAY.keys if settings.SMS_GATEWAY else (), start=1):
        yield f"SMS_GATEWAY_SECRET ({nth})", base64.b64encode(key)
    if settings.VAULT_KEYS is not None:
        for purpose in ("wrap", "index", "entry"):
            for version, key in getattr(settings.VAULT_KEYS, purpose).items():
                yield f"the vault key {purpose} {version}", base64.b64encode(key)


def lines_are_closed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """TLS to database, broker, mail server, scanner, witnesses, time stamps and whoever is told of traces and errors,
    unless they are on this machine."""
    results: list[CheckMessage] = []
    database = settings.DATABASES["default"]
    if not servers.is_own_socket(database["HOST"]) and database["OPTIONS"].get("sslmode") not in CHECKED:
        told = "The line to the database is not closed to others, or its server is not checked."
        hint = "Write ?sslmode=verify-full&sslrootcert=FILE at the end of DATABASE_URL."
        results.append(Warning(told, hint=hint, id="odr_portal.W006"))
    broker = urlsplit(settings.REDIS_URL)
    wish = parse_qs(broker.query).get("ssl_cert_reqs", ["required"])[-1].lower().removeprefix("cert_")
    is_closed = broker.scheme in ("redis+socket", "rediss") or (broker.scheme == "sentinel" and settings.REDIS_CA)
    if not is_closed or wish != "required":
        told = "The line to the broker is not closed to others, or its server is not checked."
        results.append(Warning(told, hint="Write REDIS_URL=rediss://…, or use a socket.", id="odr_portal.W007"))
    mail = settings.MAIL_SERVER
    if mail and mail.security == "plain" and not environment.is_this_machine(mail.host):
        told = "The line to the mail server is open where that server offers no STARTTLS."
        results.append(Warning(told, hint="Write EMAIL_URL=smtp+starttls://… or smtps://….", id="odr_portal.W009"))
    if settings.CLAMD and settings.CLAMD.host and not environment.is_this_machine(settings.CLAMD.host):
        told = "Files go to the scanner over an open line: clamd speaks no TLS."
        hint = "Run clamd on this machine (CLAMD_URL=unix:///…), or lead a tunnel to it."
        results.append(Warning(told, hint=hint, id="odr_portal.W010"))
    for url in (
        *(one.url for one in settings.WITNESSES.all),
        settings.TSA_URL,
        settings.OTLP_ENDPOINT,
        settings.SENTRY_DSN,
    ):
        outside = urlsplit(url)
        if outside.scheme == "http" and not environment.is_this_machine(outside.hostname or ""):
            told = f"{outside.hostname} is asked over an open line."
            results.append(Warning(told, hint="Write https there.", id="odr_portal.W012"))
    return results


def the_front_speaks_new_tls(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What ends TLS in front: TLS 1.2 or later, suites of today, a certificate that browsers trust."""
    site = urlsplit(settings.SITE_URL)
    if not settings.HTTPS:
        return []
    told = front.found(site.hostname or "", site.port or 443)
    if told is None:
        text = f"{settings.SITE_URL} is not reached from here: nobody looked how it speaks TLS."
        return [Info(text, hint="Run this check where it is reached.", id="odr_portal.I003")]
    return [Warning(one, hint="Set it right at the proxy.", id="odr_portal.W011") for one in told]


def codes_reach_phones(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.SMS_GATEWAY or settings.SMS_ALIYUN or settings.DEMO:
        return []
    told = "No text message can be sent: nobody proves a phone, so no decision of two persons is possible."
    return [Warning(told, hint="Set SMS_GATEWAY_URL and its key, or SMS_ALIYUN_….", id="odr_portal.W013")]


def no_history_lies_beside_the_code(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An installation needs no history of the source; nothing of it is served all the same."""
    if not (environment.ROOT / ".git").exists():
        return []
    text = "The history of the source (.git) lies in the folder that the portal runs from."
    return [Info(text, hint="Install what `git archive` writes, without it.", id="odr_portal.I002")]


def where_no_document_key_is_set(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """`check --deploy`: as it should be where pages are served, and nowhere else. It cannot know where it runs."""
    if settings.DOCUMENT_KEY_FILE:
        return []
    text = "DOCUMENT_KEY_FILE is not set here. That is right where pages are served; worker and watch need it."
    hint = "Without it they build no dossier and print no document: docs/how-to/dossiers.md."
    return [Info(text, hint=hint, id="odr_portal.I001")]


def each_process_has_a_user(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.PROCESS_USERS:
        told = "PROCESS_USERS is not set: nobody looks whether the pages can read the key that signs the record."
        hint = "docs/operations.md, “A system user a process”."
        return [Warning(told, hint=hint, id="odr_portal.W008")]
    return [Warning(one, hint="See PROCESS_USERS.", id="odr_portal.W008") for one in separation.found()]


def the_recovery_key_is_elsewhere(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """It ends a stolen seal key: whoever steals both has won."""
    folders = {Path(place).parent for place in (settings.VAULT_KEY_FILE, settings.SEAL_KEY_FILE) if place}
    found = sorted(str(folder / separation.RECOVERY_KEY) for folder in folders if _stands(folder))
    return [
        Warning(f"{place} lies beside the keys in use.", hint="Carry it away from this machine.", id="odr_portal.W014")
        for place in found
    ]


def _stands(folder: Path) -> bool:
    try:
        return (folder / separation.RECOVERY_KEY).exists()
    except OSError:
        return False


def translations_are_compiled(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Pages would be Chinese and say that they are English."""
    if not (missing := translations.not_compiled()):
        return []
    told = f"{len(missing)} files of translations are not compiled: pages in English would be Chinese."
    return [Error(told, hint=translations.WHAT_TO_DO, id="odr_portal.E008")]


CHECKS = (
    nobody_of_a_demo_can_come_in,
    it_is_no_demo,
    hosts_are_named,
    keys_differ_and_are_strong,
    lines_are_closed,
    each_process_has_a_user,
    where_no_document_key_is_set,
    codes_reach_phones,
    no_history_lies_beside_the_code,
    the_recovery_key_is_elsewhere,
    translations_are_compiled,
    the_front_speaks_new_tls,
)
