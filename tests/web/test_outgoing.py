"""T60 and T61: where a call may go, and how little an answer can do to us."""

import resource
import socket
import threading
import time
from ipaddress import ip_address
from typing import Any

import pytest

from tests import PATIENCE
from tests.complaints.outbound.receivers import NAME, Receiver, receiver
from web import safe_http
from web.safe_http import NoAnswer, Refused, Rule, is_public

__all__ = ["receiver"]

_PRIVATE = """
100.100.100.200 169.254.169.254 127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 100.64.0.1 198.18.0.1
192.0.0.8 192.0.2.1 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 168.63.129.16 192.88.99.1 :: ::1
::ffff:127.0.0.1 ::ffff:100.100.100.200 ::127.0.0.1 ::8.8.8.8 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
64:ff9b:1::8.8.8.8 2002:7f00:1:: 2002:a9fe:a9fe::1 2001:0:1::1 fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1
2001:db8::1 3fff::1 100::1 fe80::1%1 4000::1 5f00::1
"""
PRIVATE = _PRIVATE.split()
_PUBLIC = "8.8.8.8 1.1.1.1 114.114.114.114 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1 2400:3200::1"
PUBLIC = _PUBLIC.split()
#: What is wrong with them → addresses; {host} is one of the open internet.
_ODD = {
    "odd_scheme": "http://{host}/ ftp://{host}/ file:///etc/passwd //{host}/ gopher://{host}/",
    "odd_port": "https://{host}:8443/ https://{host}:22/",
    "odd_address": """
https:///path https://{host}:99999/ https://user:secret@{host}/ https://{host}#x@a.example/ https://2130706433/
https://0x7f.1/ https://0x7f000001/ https://127.1/ https://0177.0.0.1/ https://①②⑦.0.0.1/ https://１２７.0.0.1/
https://localhost/ https://{host}\\@127.0.0.1/ https://例子.中国/ https://a..example/ https://-a.example/
https://a.example./ https://a_b.example/ https://[::1/
""",
    "not_public": """
https://[::ffff:127.0.0.1]/ https://[64:ff9b::7f00:1]/ https://100.100.100.200/latest/ https://169.254.169.254/
https://[::1]/ https://127.0.0.1:443/
""",
    "odd_address|not_public": "https://[fe80::1%25eth0]/",
}
ODD = {code: urls.split() for code, urls in _ODD.items()}
ODD["odd_address"] += ["https://{host}/\r\nX: y", "https://{host}/ x", "https://{host}/" + "a" * 500]
LEADS_INSIDE = [*([text] for text in PRIVATE), ["8.8.8.8", "10.0.0.1"], ["8.8.8.8", "::1"], ["no address"]]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """To what a connection was made; none is."""
    seen: list[Any] = []

    def connect(address: Any, *_: Any, **__: Any) -> socket.socket:
        seen.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: connect(address))
    return seen


def ask(url: str, rule: Rule, *, within: float = 10) -> int:
    return safe_http.post(url, body=b"{}", headers={"Content-Type": "application/json"}, rule=rule, within=within)


def test_T60_no_way_inside_and_the_way_outside() -> None:
    assert [text for text in PRIVATE if is_public(ip_address(text))] == []
    assert [text for text in PUBLIC if not is_public(ip_address(text))] == []


def test_T60_an_odd_address_or_a_name_that_leads_inside_is_refused_before_anything_is_connected(
    connected: list[Any],
) -> None:
    asked: list[str] = []
    rule = Rule(resolve=lambda name, _port: asked.append(name) or ["8.8.8.8"])  # type: ignore[func-returns-value]
    for code, urls in ODD.items():
        for url in urls:
            with pytest.raises(Refused, match=f"^({code})$"):
                ask(url.replace("{host}", "hook.example"), rule)
    for answers in LEADS_INSIDE:
        with pytest.raises(Refused, match=r"^not_public$"):
            ask("https://hook.example/", Rule(resolve=lambda *_, answers=answers: answers))
    assert (connected, asked) == ([], [])


def test_T60_a_name_that_nobody_knows_and_one_that_changes_its_mind_is_asked_once(connected: list[Any]) -> None:
    with pytest.raises(NoAnswer, match="no_such_name"):
        ask("https://hook.example/", Rule(resolve=lambda *_: []))
    assert connected == []
    answers = [["8.8.4.4"], ["127.0.0.1"], ["169.254.169.254"]]
    with pytest.raises(NoAnswer, match="refused"):
        ask("https://hook.example/", Rule(resolve=lambda *_: answers.pop(0)))
    assert (connected, len(answers)) == ([("8.8.4.4", 443)], 2)


def test_T60_the_name_is_looked_up_by_the_system_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("8.8.8.8", 443))] * 2)
    assert safe_http.look_up("hook.example", 443) == ["8.8.8.8"]
    monkeypatch.setattr(safe_http, "CONNECT_WITHIN", 0.1)
    may_answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: may_answer.wait(PATIENCE) and [])
    begun = time.monotonic()
    assert safe_http.look_up("hook.example", 443) == []
    assert time.monotonic() - begun < PATIENCE / 10, "it waited for the answer"
    may_answer.set()


def test_T60_more_ports_by_setting_only(settings: Any) -> None:
    with pytest.raises(Refused, match="odd_port"):
        safe_http.checked("https://hook.example:8443/", safe_http.public_rule())
    settings.WEBHOOK_PORTS = [443, 8443]
    assert safe_http.checked("https://hook.example:8443/", safe_http.public_rule()).hostname == "hook.example"


def test_T60_the_certificate_is_that_of_the_name_and_no_proxy_of_the_surroundings_is_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(receiver.url, receiver.rule()) == 204
    headers, body = receiver.posts[0]
    assert (headers["host"], body, headers["accept-encoding"]) == (f"{NAME}:{receiver.port}", b"{}", "identity")
    assert headers[":request"] == "POST /hook?from=portal HTTP/1.1"
    with pytest.raises(NoAnswer, match="tls"):
        ask(receiver.url.replace(NAME, "other.example"), receiver.rule())
    with pytest.raises(NoAnswer, match="tls"):
        ask(receiver.url, receiver.rule(tls=safe_http.Rule().tls))
    assert len(receiver.posts) == 1
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(receiver.url, receiver.rule()) == 204


def test_T60_no_redirect_is_followed(receiver: Receiver) -> None:
    receiver.mode = "redirect"
    assert ask(receiver.url, receiver.rule()) == 307
    assert (receiver.connections, receiver.asked) == (1, [NAME])


@pytest.mark.parametrize("mode", ["slow", "silent"])
def test_T61_who_holds_us_holds_us_for_a_moment(receiver: Receiver, mode: str) -> None:
    assert (safe_http.CONNECT_WITHIN, safe_http.WITHIN) == (5, 10)
    receiver.mode = mode
    begun = time.monotonic()
    with pytest.raises(NoAnswer, match="timeout"):
        ask(receiver.url, receiver.rule(), within=0.6)
    assert time.monotonic() - begun < PATIENCE / 10, "it held us until it hung up"


@pytest.mark.parametrize("mode", ["endless", "bomb", "headers"])
def test_T61_a_flood_costs_nothing(receiver: Receiver, mode: str) -> None:
    receiver.mode, receiver.status = mode, 200
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.thread_time()
    assert ask(receiver.url, receiver.rule()) in {200, 204}
    assert time.thread_time() - begun < 5
    # What the socket's buffers took, and not 10 GB.
    assert receiver.sent < 30_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_T61_at_most_64_kilobytes_are_read(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    taken = safe_http._Capped.readinto

    def count(self: Any, buffer: Any) -> int:
        read.append(taken(self, buffer))
        return read[-1]

    monkeypatch.setattr(safe_http._Capped, "readinto", count)
    receiver.mode = "headers"
    ask(receiver.url, receiver.rule())
    assert 0 < sum(read) <= safe_http.MOST_BYTES == 65536
