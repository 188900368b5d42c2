"""Reads the environment. One rule: an odd value refuses to start, in one sentence.

Where a variable is not set, the file that `make run` leaves behind (.local/environment) is asked, so that
`manage.py` finds the local services without being told.
"""

import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

YES = {"1", "true", "yes", "on"}
ROOT = Path(__file__).resolve().parent.parent


class OddValue(SystemExit):
    """A setting that cannot be meant; the sentence is all the reader needs."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        super().__init__(f"{name}={value!r} is not usable: {wanted}")


def local_folder() -> Path:
    return Path(os.environ.get("ODR_LOCAL") or ROOT / ".local")


def _left_behind() -> dict[str, str]:
    if "pytest" in sys.modules:
        # A test must not depend on what somebody runs beside it.
        return {}
    try:
        lines = (local_folder() / "environment").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


LEFT_BEHIND = _left_behind()


def text(name: str, default: str = "") -> str:
    return os.environ.get(name) or LEFT_BEHIND.get(name) or default


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


def words(name: str, default: str = "") -> list[str]:
    return [word for word in text(name, default).replace(",", " ").split() if word]


def database(name: str, url: str) -> dict[str, str]:
    """A postgresql:// address as Django's settings; a folder as ?host= is a unix socket."""
    wanted = "write postgresql://user:password@host:port/name."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OddValue(name, _without_password(url), wanted) from None
    query = dict(parse_qsl(parts.query))
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise OddValue(name, _without_password(url), wanted)
    return {
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or query.get("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or unquote(parts.hostname or ""),
        "PORT": query.get("port") or str(port or ""),
    }


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at else url
