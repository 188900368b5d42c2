"""Reads the environment. An odd value refuses to start, in one sentence.

Where a variable is not set, a file is asked (web/settings_file.py).
"""

import base64
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography import x509

from web import settings_file
from web.settings_file import ROOT as ROOT
from web.settings_file import OddValue as OddValue
from web.settings_file import local_folder as local_folder

YES = {"1", "true", "yes", "on"}
IN_FILE = settings_file.read()


def open_to_others(path: Path) -> str:
    """Why a file may not hold a key: others than its owner read it or its group writes it; empty where it may. Its
    group may read: web, worker and watch are users of one group where they share a key. Raises OSError."""
    if path.stat().st_mode & 0o027:
        return f"{path} can be read by others or written by its group: run `chmod 600 {path}`, or 640 for its group."
    return ""


def text(name: str, default: str = "") -> str:
    """The value of a variable; with ``<NAME>_FILE`` it is read from that file, as secret stores hand it over."""
    return os.environ.get(name) or _from_file(name) or IN_FILE.get(name) or default


def _from_file(name: str) -> str:
    key = f"{name}_FILE"
    place = "" if name.endswith("_FILE") else os.environ.get(key) or IN_FILE.get(key, "")
    if not place:
        return ""
    try:
        content, wrong = Path(place).read_text(encoding="utf-8").strip(), open_to_others(Path(place))
    except (OSError, UnicodeDecodeError):
        raise OddValue(f"{name}_FILE", place, "this file cannot be read.") from None
    if wrong:
        raise OddValue(f"{name}_FILE", place, wrong)
    return content


def strong(name: str, secret: str) -> str:
    """The same secret, if nobody could guess it: at least 32 characters, at least 12 different ones."""
    if len(secret) < 32 or len(set(secret)) < 12 or secret.startswith("django-insecure"):
        raise OddValue(
            name, "…", "it must have at least 32 random characters, such as `openssl rand -base64 48` prints."
        )
    return secret


def host_of(url: str) -> str:
    """The name of the host in an address; empty for none."""
    return urlsplit(url).hostname or ""


def yes_no(name: str, default: bool) -> bool:
    value = text(name)
    if not value:
        return default
    if value.lower() in YES:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise OddValue(name, value, "write yes or no.")


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isdecimal() or not least <= int(value) <= most:
        raise OddValue(name, value, f"write a whole number from {least} to {most}.")
    return int(value)


def one_of(name: str, default: str, choices: set[str]) -> str:
    value = text(name, default)
    if value not in choices:
        raise OddValue(name, value, f"write {' or '.join(sorted(choices))}.")
    return value


#: The two digits of provinces, cities under the government and regions (GB/T 2260); 00 is none of them.
_RANGES = (range(1), range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66))
PROVINCES = frozenset(f"{code:02}" for codes in (*_RANGES, (71, 81, 82)) for code in codes)


def province(name: str, value: str) -> str:
    if value not in PROVINCES:
        raise OddValue(name, value, "write the two digits of a province (GB/T 2260), such as 35; 00: of no single one.")
    return value


def cells(name: str, values: list[str], *, own: str) -> dict[str, str]:
    """35=https://host 11=https://host: province → address; the own province may stand among them."""
    named = dict(value.partition("=")[::2] for value in values)
    if len(named) != len(values) or not all(named.values()):
        raise OddValue(name, " ".join(values), "write province=https://host, each province once.")
    return {province(name, code): site(name, url) for code, url in named.items() if code != own}


def words(name: str, default: str = "") -> list[str]:
    return [word for word in text(name, default).replace(",", " ").split() if word]


PROCESSES = ("web", "worker", "beat", "watch")


def process_users(name: str, values: list[str]) -> dict[str, str]:
    """web=USER worker=USER beat=USER watch=USER; nothing: no separation is claimed."""
    pairs = dict(value.split("=", 1) for value in values if "=" in value)
    if values and (set(pairs) != set(PROCESSES) or len(values) != len(PROCESSES) or not all(pairs.values())):
        raise OddValue(name, " ".join(values), "write web=USER worker=USER beat=USER watch=USER, all four.")
    return pairs


def ports(name: str, values: list[str]) -> list[int]:
    """One or more ports of TCP."""
    if not values or not all(value.isdecimal() and 1 <= int(value) <= 65535 for value in values):
        raise OddValue(name, " ".join(values), "write one or more ports, such as 443 8443.")
    return [int(value) for value in values]


def without_password(url: str) -> str:
    """Without what stands before the @, and without the query: a password may stand in either."""
    head, at, tail = url.partition("?")[0].rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at else tail


@dataclass(frozen=True, slots=True)
class MailServer:
    """``security`` is plain (STARTTLS where it is offered), starttls (never without) or tls."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "plain"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A web address that takes signed messages, and the keys that sign them; the newest first."""

    url: str
    keys: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AliyunSms:
    """An account of the short message service of Alibaba Cloud, with the wording that it has approved."""

    url: str
    key_id: str
    secret: str = field(repr=False)
    sign: str = ""
    template: str = ""
    code_template: str = ""


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """Where an S3-compatible bucket is, and the pair of keys that opens it."""

    endpoint: str
    bucket: str
    region: str
    key: str
    secret: str = field(repr=False)


def bucket(prefix: str) -> BucketPlace:
    """PREFIX_ENDPOINT, _BUCKET, _REGION, _KEY, _SECRET; all but the region are needed."""
    endpoint = text(f"{prefix}_ENDPOINT")
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?", endpoint):
        raise OddValue(f"{prefix}_ENDPOINT", without_password(endpoint), "write https://host.")
    name, key, secret = text(f"{prefix}_BUCKET"), text(f"{prefix}_KEY"), text(f"{prefix}_SECRET")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{2,62}", name):
        raise OddValue(f"{prefix}_BUCKET", name, "write the name of the bucket.")
    if not key or len(secret) < 8:
        raise OddValue(
            f"{prefix}_SECRET", "…", f"write {prefix}_KEY and {prefix}_SECRET, the pair that opens the bucket."
        )
    return BucketPlace(endpoint, name, text(f"{prefix}_REGION", "us-east-1"), key, secret)


@dataclass(frozen=True, slots=True)
class Scanner:
    """Where clamd listens: a host and port, or the path of a socket."""

    host: str = ""
    port: int = 0
    path: str = ""


def scanner(name: str, url: str) -> Scanner | None:
    """tcp://host:port or unix:///path; empty: none."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OddValue(name, url, "write tcp://host:3310 or unix:///path/of/socket.") from None
    if parts.scheme == "unix" and not parts.netloc and len(parts.path) > 1:
        return Scanner(path=parts.path)
    if parts.scheme == "tcp" and parts.hostname and port != 0 and not parts.username and not parts.path.strip("/"):
        return Scanner(host=parts.hostname, port=port or 3310)
    raise OddValue(name, url, "write tcp://host:3310 or unix:///path/of/socket.")


_MAIL = {"smtp": ("plain", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def is_this_machine(host: str) -> bool:
    return host in _LOOPBACK


def mail_server(name: str, url: str) -> MailServer | None:
    """smtp://, smtp+starttls:// or smtps://user:password@host:port; empty: none."""
    if not url:
        return None
    wanted = "write smtp://user:password@host:port (or smtps://, smtp+starttls://)."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OddValue(name, without_password(url), wanted) from None
    if (
        parts.scheme not in _MAIL
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or bool(parts.username) != bool(parts.password)
        or port == 0
    ):
        raise OddValue(name, without_password(url), wanted)
    security, usual = _MAIL[parts.scheme]
    return MailServer(
        parts.hostname, port or usual, unquote(parts.username or ""), unquote(parts.password or ""), security
    )


def mail_address(name: str, value: str) -> str:
    """One bare address: name@host.example, nothing that a header could be bent with."""
    if not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value):
        raise OddValue(name, value, "write one address like portal@example.org.")
    return value


def reports_to(name: str, value: str) -> str:
    """The address that reports of errors go to, as Sentry and its kin write it; empty: none."""
    form = r"https?://[A-Za-z0-9]+(:[A-Za-z0-9]+)?@[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._-]+)*/\d+"
    if value and not re.fullmatch(form, value):
        raise OddValue(name, without_password(value), "write https://KEY@host/NUMBER.")
    return value


def listening(name: str, value: str) -> tuple[str, int] | None:
    """host:port of this machine; empty: none."""
    host, _colon, port = value.rpartition(":")
    if value and not (host and port.isdecimal() and 0 < int(port) < 65536):
        raise OddValue(name, value, "write host:port, such as 10.0.0.5:9105.")
    return (host.strip("[]"), int(port)) if value else None


def pairs(name: str, value: str) -> dict[str, str]:
    """Headers as OpenTelemetry writes them: name=value,name=value, values in the form of addresses."""
    found = dict(part.strip().split("=", 1) for part in value.split(",") if "=" in part)
    if value and (len(found) != value.count(",") + 1 or not all(found)):
        raise OddValue(name, "…", "write name=value,name=value.")
    return {key.lower(): unquote(one) for key, one in found.items()}


def contact(name: str, value: str) -> str:
    """A mailbox as mailto:, or an https address, as security.txt names it; empty: none."""
    if not value or re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[!-~]*)?", value):
        return value
    try:
        return f"mailto:{mail_address(name, value.removeprefix('mailto:'))}"
    except OddValue:
        raise OddValue(name, value, "write one mailbox like security@example.org, or https://host/path.") from None


def gateway(name: str, url: str, secret_name: str, secrets: list[str]) -> Gateway | None:
    """An https address (http only on this machine) with its keys, each ``whsec_`` and base64; empty: none."""
    if not url and not secrets:
        return None
    try:
        parts = urlsplit(url)
        known = parts.hostname and parts.port != 0 and not parts.username and not parts.fragment
    except ValueError:
        known, parts = False, urlsplit("")
    if not known or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise OddValue(name, without_password(url), "write https://host/path.")
    keys = []
    for secret in secrets:
        head, _, text64 = secret.partition("_")
        try:
            key = base64.b64decode(text64, validate=True) if head == "whsec" else b""
        except ValueError:
            key = b""
        if not 24 <= len(key) <= 64:
            raise OddValue(
                secret_name, "…", "write whsec_ and 24 to 64 random bytes in base64, two of them while keys change."
            )
        keys.append(key)
    if not keys:
        raise OddValue(secret_name, "", "the gateway needs a key: whsec_ and 24 to 64 random bytes in base64.")
    return Gateway(url, tuple(keys))


def aliyun_sms(values: dict[str, str]) -> AliyunSms | None:
    """All of SMS_ALIYUN_KEY_ID, _KEY_SECRET, _SIGN, _TEMPLATE, or none; _CODE_TEMPLATE and _URL may be left out."""
    needed = ("KEY_ID", "KEY_SECRET", "SIGN", "TEMPLATE")
    if not any(values.get(part) for part in (*needed, "CODE_TEMPLATE")):
        return None
    for part in needed:
        if not values.get(part):
            raise OddValue(f"SMS_ALIYUN_{part}", "", "all of KEY_ID, KEY_SECRET, SIGN and TEMPLATE are needed.")
    if not re.fullmatch(r"[A-Za-z0-9]{16,64}", values["KEY_ID"]):
        raise OddValue("SMS_ALIYUN_KEY_ID", "…", "write the AccessKey id, letters and digits.")
    for part in ("TEMPLATE", "CODE_TEMPLATE"):
        if values.get(part) and not re.fullmatch(r"SMS_[0-9]{4,20}", values[part]):
            raise OddValue(
                f"SMS_ALIYUN_{part}", values[part], "write the number of an approved template, SMS_ and digits."
            )
    url = values.get("URL") or "https://dysmsapi.aliyuncs.com/"
    parts = urlsplit(url)
    if not (
        re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?", url)
        and (parts.scheme == "https" or parts.hostname in _LOOPBACK)
    ):
        raise OddValue("SMS_ALIYUN_URL", without_password(url), "write https://host.")
    return AliyunSms(
        url.rstrip("/") + "/",
        values["KEY_ID"],
        values["KEY_SECRET"],
        values["SIGN"],
        values["TEMPLATE"],
        values.get("CODE_TEMPLATE", ""),
    )


def outside(name: str, url: str) -> str:
    """An address that the portal calls: https://host/path, or http in a network of the operator's; empty: none."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"https", "http"} and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:
        is_usable = False
    if url and not is_usable:
        raise OddValue(name, without_password(url), "write https://host/path.")
    return url


def certificates(name: str, place: str) -> tuple[x509.Certificate, ...]:
    """What a file of certificates (PEM) holds; no name of a file: none."""
    if not place:
        return ()
    try:
        return tuple(x509.load_pem_x509_certificates(Path(place).read_bytes()))
    except (OSError, ValueError):
        raise OddValue(name, place, "this must be a readable file with one or more certificates (PEM).") from None


def site(name: str, url: str) -> str:
    """The portal's own address, as people write it: https://host, without a path; empty: unknown."""
    if url and not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?", url):
        raise OddValue(name, url, "write https://host.")
    return url.rstrip("/")
