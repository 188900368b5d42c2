"""Servers on 127.0.0.1 that take our letters, or do to us what real ones do at their worst.

A letter stands in ``accepted`` only if the server said so; ``heard`` holds what it was
handed, whatever became of it.
"""

import base64
import contextlib
import itertools
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests import PATIENCE
from web import environment

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@dataclass
class Taken:
    """One letter with its envelope."""

    to: str
    message: EmailMessage

    @property
    def key(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class PostOffice:
    """``mode``: accept, dies (after the last dot, before 250), hangs_up, 421, tarpit, silent."""

    mode: str = "accept"
    answers: dict[str, int] = field(default_factory=dict)
    #: Put before what is said of an address, such as an enhanced status.
    words: str = ""
    data_code: int = 250
    #: Seconds that it takes over a letter.
    takes: float = 0.0
    accepted: list[Taken] = field(default_factory=list)
    heard: list[Taken] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def keys(self) -> list[str]:
        return [taken.key for taken in self.accepted]


class _Talk(socketserver.StreamRequestHandler):
    server: Any

    def say(self, line: str) -> None:
        office = self.server.office
        data = f"{line}\r\n".encode()
        if office.mode == "tarpit":
            # A byte at a time, for ever: no time-out that counts from the last byte ends it.
            for byte in itertools.cycle(data.rstrip()):
                if office.ended.wait(0.2):
                    return
                self.wfile.write(bytes([byte]))
            return
        self.wfile.write(data)

    def handle(self) -> None:
        office: PostOffice = self.server.office
        office.connections += 1
        with contextlib.suppress(OSError):
            if office.mode == "hangs_up":
                return
            if office.mode == "silent":
                office.ended.wait(PATIENCE)
                return
            self.say("220 post office")
            self.talk(office)

    def talk(self, office: PostOffice) -> None:
        to = ""
        while line := self.rfile.readline():
            word = line.decode().strip()
            verb = word[:4].upper()
            if verb == "EHLO":
                self.say("250-post office")
                self.say("250 8BITMIME")
            elif verb == "MAIL" and office.mode == "421":
                self.say("421 closing")
                return
            elif verb == "RCPT":
                to = word.partition("<")[2].partition(">")[0]
                code = office.answers.get(to, 250)
                self.say(f"{code} {office.words}{to} said the server")
            elif verb == "DATA":
                self.say("354 go on")
                if not self.letter(office, to):
                    return
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def letter(self, office: PostOffice, to: str) -> bool:
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        taken = Taken(to, message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[arg-type]
        office.heard.append(taken)
        office.ended.wait(office.takes)
        if office.mode == "dies":
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        if office.data_code == 250:
            # Noted before it is said: whoever hears the 250 may rely on it.
            office.accepted.append(taken)
        self.say(f"{office.data_code} done")
        return True


@contextlib.contextmanager
def serving(server: Any) -> Iterator[int]:
    """A server of this machine at work; gives its port."""
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 50

    def __init__(self, talk: type[socketserver.BaseRequestHandler], **known: Any) -> None:
        super().__init__(("127.0.0.1", 0), talk)
        vars(self).update(known)


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    office = PostOffice()
    with serving(Server(_Talk, office=office)) as office.port:
        yield office
        office.ended.set()


@dataclass
class Gateway:
    """Takes signed posts; answers ``status``."""

    status: int = 204
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    #: Called with the text of each message before it is answered.
    over: Callable[[str], object] = str
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/sms"

    @property
    def texts(self) -> list[str]:
        return [json.loads(body)["data"]["text"] for _, body in self.posts]

    def take(self, _path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.posts.append((headers, body))
        self.over(json.loads(body)["data"]["text"])
        return self.status, b""


def answering(answer: Callable[[str, dict[str, str], bytes], tuple[int, bytes]]) -> ThreadingHTTPServer:
    """A server that gives each post, its path, headers and body, to ``answer``."""

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, words = answer(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Post)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    taken = Gateway()
    with serving(answering(taken.take)) as taken.port:
        yield taken


@pytest.fixture
def mail(settings: Any, post_office: PostOffice) -> PostOffice:
    """The portal with a mail server."""
    settings.MAIL_SERVER = environment.mail_server("EMAIL_URL", post_office.url)
    settings.MAIL_FROM = "portal@example.org"
    return post_office


@pytest.fixture
def sms(settings: Any, gateway: Gateway) -> Gateway:
    settings.SMS_GATEWAY = environment.gateway("SMS_GATEWAY_URL", gateway.url, "SMS_GATEWAY_SECRET", [SECRET])
    return gateway
