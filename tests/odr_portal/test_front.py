"""What `check --deploy` says of the proxy in front: versions, suites and certificate, as anybody sees them."""

import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from odr_portal import deploy_checks, front
from tests.complaints.outbound.receivers import NAME, certificate, trusting


@contextlib.contextmanager
def standing(folder: Path, *, least: ssl.TLSVersion, suites: str) -> Iterator[int]:
    """The port of a server that shakes hands so, and says nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name, text in zip(("own.pem", "key.pem"), certificate(), strict=True):
        (folder / name).write_bytes(text)
    context.load_cert_chain(folder / "own.pem", folder / "key.pem")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = least
    context.set_ciphers(suites)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _address = listening.accept()
                    with contextlib.suppress(OSError), context.wrap_socket(line, server_side=True):
                        pass
                    line.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


MODERN = "ECDHE+AESGCM:ECDHE+CHACHA20"
OF_ALL_TIMES = "ALL:@SECLEVEL=0"


@pytest.fixture(autouse=True)
def _it_stands_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "look_up", lambda name, port: ["127.0.0.1"])


def test_T77_a_front_that_speaks_only_what_is_new_is_told_nothing(tmp_path: Path) -> None:
    with standing(tmp_path, least=ssl.TLSVersion.TLSv1_2, suites=MODERN) as port:
        assert front.found(NAME, port, trusted=trusting()) == []


def test_T77_old_versions_old_suites_and_a_certificate_of_its_own_making_are_named(tmp_path: Path) -> None:
    with standing(tmp_path, least=ssl.TLSVersion.TLSv1_1, suites=OF_ALL_TIMES) as port:
        assert front.found(NAME, port, trusted=trusting()) == [
            f"{NAME} still speaks TLS 1.0 or 1.1.",
            f"{NAME} still takes cipher suites without authenticated encryption.",
        ]
    with standing(tmp_path, least=ssl.TLSVersion.TLSv1_2, suites=MODERN) as port:
        (told,) = front.found(NAME, port) or []
        assert told.startswith(f"The certificate of {NAME} is not one that browsers trust: self")
        (told,) = front.found("other.example", port, trusted=trusting()) or []
        assert told.startswith("The certificate of other.example is not one that browsers trust: Hostname mismatch")


def test_T77_the_check_asks_the_address_of_the_portal_and_says_where_it_could_not(
    settings: Any, tmp_path: Path
) -> None:
    settings.HTTPS, settings.SITE_URL = False, "http://localhost:8000"
    assert deploy_checks.the_front_speaks_new_tls(None) == []
    with standing(tmp_path, least=ssl.TLSVersion.TLSv1_2, suites=OF_ALL_TIMES) as port:
        settings.HTTPS, settings.SITE_URL = True, f"https://{NAME}:{port}"
        assert {one.id for one in deploy_checks.the_front_speaks_new_tls(None)} == {"odr_portal.W011"}
    assert [one.id for one in deploy_checks.the_front_speaks_new_tls(None)] == ["odr_portal.I003"]
