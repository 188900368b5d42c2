"""Where the servers of the portal are: addresses of databases and of the broker. An odd one refuses to start, in one
sentence that never shows a password."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from psycopg2 import ProgrammingError
from psycopg2.extensions import parse_dsn

from web.environment import OddValue, without_password

#: What the query of an address may say to libpq. Any other word is a mistake, and is not dropped in silence.
_TO_LIBPQ = frozenset(
    {
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "channel_binding"),
        *("target_session_attrs", "load_balance_hosts", "connect_timeout", "tcp_user_timeout", "application_name"),
    }
)


def database(name: str, url: str) -> dict[str, Any]:
    """A postgresql:// address as Django's settings: several host:port with commas, or a folder of a socket as ?host=.

    OPTIONS holds what its query says to libpq. Of several hosts the one that writes is meant, unless it says
    otherwise."""
    wanted = "write postgresql://user:password@host:port/name, more hosts with commas, then ?sslmode=verify-full&…."
    try:
        query = [word for word, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=False)]
        unknown = sorted(set(query) - _TO_LIBPQ - {"host", "port", "user"})
        if unknown:
            raise OddValue(name, without_password(url), f"{unknown[0]} is not known after the “?”: {wanted}")
        parts = parse_dsn(url) if url.startswith(("postgresql://", "postgres://")) else {}
    except (ProgrammingError, ValueError):
        parts = {}
    hosts, ports = parts.get("host", "").split(","), parts.get("port", "").split(",")
    is_port = all(not port or (port.isdecimal() and 0 < int(port) < 65536) for port in ports)
    if not parts.get("dbname") or not is_port or len(ports) not in (1, len(hosts)):
        raise OddValue(name, without_password(url), wanted)
    options = {key: value for key, value in parts.items() if key in _TO_LIBPQ}
    if len(hosts) > 1:
        options.setdefault("target_session_attrs", "read-write")
    for key in ("sslrootcert", "sslcert", "sslkey", "sslcrl"):
        if (file := options.get(key)) and file != "system" and not Path(file).is_file():
            raise OddValue(name, without_password(url), f"{key} names a file, and there is none at {file}.")
    return {
        "NAME": parts["dbname"],
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", "") if any(ports) else "",
        "OPTIONS": options,
    }


_BROKERS = {"redis", "rediss", "redis+socket", "sentinel"}


def broker(name: str, url: str) -> str:
    """redis://, rediss:// or redis+socket://; or sentinels (``sentinel://:password@host:26379``) with semicolons."""
    wanted = "write redis://:password@host:6379/0, rediss://…, or sentinel://:password@host:26379;sentinel://…."
    parts = [urlsplit(part) for part in url.split(";")]
    schemes = {part.scheme for part in parts}
    is_several = len(parts) > 1
    try:
        is_odd = any(part.port == 0 for part in parts) or (is_several and not all(part.hostname for part in parts))
    except ValueError:
        is_odd = True
    if is_odd or not schemes <= _BROKERS or (is_several and schemes != {"sentinel"}):
        raise OddValue(name, ";".join(without_password(part) for part in url.split(";")), wanted)
    return url


def is_own_socket(host: str) -> bool:
    """The database is reached through a folder of this machine, as the embedded one is, and no network lies between."""
    return all(one.startswith("/") for one in host.split(","))
