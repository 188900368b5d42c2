"""Calls to addresses that somebody else chose: where they may go, and how long and how much they may cost.

The name is looked up once, every address that it has must be one of the open internet
(``is_public``), and the connection goes to an address that was looked at, never to the name. No
redirect is followed, no proxy asked; of an answer its status counts, and of a service that the operator
named the first bytes that it says (``ask``).
"""

import http.client
import io
import re
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from types import MappingProxyType
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from web.time_limit import Limit

Address = IPv4Address | IPv6Address
CONNECT_WITHIN = 5.0
#: For all of it: name, connection, what we say and the head of the answer.
WITHIN = 10.0
#: Of an answer at most so many bytes are read; a body is not read at all.
MOST_BYTES = 64 * 1024
LONGEST_URL = 500

_LETTERS = re.compile(r"[!-\[\]-~]+")
_NAME = re.compile(
    r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])\Z", re.IGNORECASE
)
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
#: Public by their number, and yet no way out: the host of a cloud, the anycast relay of 6to4,
#: what is kept for protocols and for examples (older tables of Python know only a part of these).
_NOT_OUTSIDE = (
    IPv4Network("168.63.129.16/32"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("192.0.0.0/24"),
    IPv6Network("3fff::/20"),
    IPv6Network("2001:db8::/32"),
)


class Refused(Exception):
    """The rule forbids this address; nothing was connected. ``code``: odd_address, odd_scheme, odd_port, not_public."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NoAnswer(Exception):
    """Nobody answered in time, or not in a way that can be read. The code says nothing that the other side said."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_public(address: Address) -> bool:
    """The rule of D15: an address of the open internet, whatever it is wrapped in."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.scope_id is not None or address not in _GLOBAL_UNICAST:
            return False
    if any(address in network for network in _NOT_OUTSIDE if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


Resolve = Callable[[str, int], list[str]]


def look_up(name: str, port: int) -> list[str]:
    """All addresses of a name; waits no longer than for a connection."""
    results: list[str] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except OSError:
            return
        results.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))

    # The system's resolver knows no time limit.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(CONNECT_WITHIN)
    return list(results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Where calls may go. ``ports`` None: any. ``spelling``: only plain names and numbers are read."""

    schemes: Collection[str] = ("https",)
    longest: int = LONGEST_URL
    ports: Collection[int] | None = (443,)
    allows: Callable[[Address], bool] = is_public
    spelling: bool = True
    resolve: Resolve = look_up
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context


def public_rule() -> Rule:
    """For addresses that people of enterprises write: https, the ports of WEBHOOK_PORTS, public only."""
    return Rule(ports=tuple(settings.WEBHOOK_PORTS))


#: For addresses in the settings: whoever runs the portal may name a machine of their own network.
OPERATOR = Rule(schemes=("https", "http"), ports=None, allows=lambda _address: True, spelling=False)


def checked(url: str, rule: Rule) -> SplitResult:
    """The parts of ``url`` as far as they can be judged without asking anybody; Refused otherwise."""
    if len(url) > rule.longest or not _LETTERS.fullmatch(url):
        raise Refused("odd_address")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("odd_address") from None
    if parts.scheme not in rule.schemes:
        raise Refused("odd_scheme")
    host = parts.hostname or ""
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise Refused("odd_address")
    if rule.ports is not None and (port or 443) not in rule.ports:
        raise Refused("odd_port")
    literal = _literal(host)
    if literal is not None and not rule.allows(literal):
        raise Refused("not_public")
    if literal is None and rule.spelling and not _NAME.fullmatch(host):
        # 2130706433, 0x7f.1, 127.1 and the like: some read them as addresses.
        raise Refused("odd_address")
    return parts


def post(url: str, *, body: bytes, headers: Mapping[str, str], rule: Rule, within: float = WITHIN) -> int:
    """The status of the answer. Raises Refused before anything is connected, NoAnswer afterwards."""
    return ask(url, body=body, headers=headers, rule=rule, within=within)[0]


def ask(
    url: str,
    *,
    rule: Rule,
    body: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
    within: float = WITHIN,
    keep: int = 0,
) -> tuple[int, bytes]:
    """As ``post``, with the first ``keep`` bytes of what was answered; without a body it is a GET."""
    parts = checked(url, rule)
    with Limit(within) as limit:
        try:
            return _ask(parts, body, headers, rule, limit, within, keep)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer("timeout" if limit.is_over else _code(error)) from None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _addresses(host: str, port: int, rule: Rule) -> list[str]:
    """Looked up once; a single one that is not allowed refuses them all."""
    if _literal(host) is not None:
        return [host]
    result = rule.resolve(host, port)
    if not result:
        raise NoAnswer("no_such_name")
    for text in result:
        address = _literal(text)
        if address is None or not rule.allows(address):
            raise Refused("not_public")
    return result


def _ask(
    parts: SplitResult,
    body: bytes | None,
    headers: Mapping[str, str],
    rule: Rule,
    limit: Limit,
    within: float,
    keep: int,
) -> tuple[int, bytes]:
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    sock = _connect(_addresses(host, port, rule), port)
    try:
        limit.holds(sock)
        sock.settimeout(within)
        talk: http.client.HTTPConnection
        if is_tls:
            context = rule.tls()
            sock = context.wrap_socket(sock, server_hostname=host)
            talk = http.client.HTTPSConnection(host, port, context=context)
        else:
            talk = http.client.HTTPConnection(host, port)
        # Over this very socket or not at all.
        talk.sock, talk.auto_open = sock, 0
        talk.response_class = _Short
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        own = {**headers, "User-Agent": "odr-portal", "Accept-Encoding": "identity", "Connection": "close"}
        talk.request("GET" if body is None else "POST", path, body, own)
        with talk.getresponse() as answer:
            return answer.status, answer.read(keep) if keep else b""
    finally:
        sock.close()


def _connect(addresses: list[str], port: int) -> socket.socket:
    """The first address that takes the connection; two are tried."""
    failed: OSError = OSError()
    for address in addresses[:2]:
        try:
            return socket.create_connection((address, port), CONNECT_WITHIN)
        except OSError as error:
            failed = error
    raise failed


class _Capped(io.RawIOBase):
    """An answer that ends after MOST_BYTES, whatever more the other side has to say."""

    def __init__(self, source: Any) -> None:
        self.source, self.left = source, MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)[: self.left]
        read = int(self.source.readinto1(view)) if self.left else 0
        self.left -= read
        return read

    def close(self) -> None:
        self.source.close()
        super().close()


class _Short(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Capped(self.fp), 4096)


def _code(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionError | http.client.HTTPException):
        return "hung_up"
    return "unreachable"
