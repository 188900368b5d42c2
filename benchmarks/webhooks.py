"""What telling enterprises' own programs costs: deliveries a second to sixteen endpoints, and beside a dead one.

`python -m benchmarks.webhooks`: messages that wait are signed, sent over TLS to a receiver in a process of its own and
stamped, by the sweep that runs in production. Floor: the same bodies over the same connections by as many threads,
without rows, leases and stamps. Then once more with an endpoint that accepts a connection and never answers. Aim: 50 a
second, and the dead endpoint slows nobody.
"""

from __future__ import annotations

import datetime as dt
import http.server
import multiprocessing
import ssl
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed
from benchmarks.world.patterns import Pattern

ZONE = ZoneInfo("Asia/Shanghai")
NAME = "receiver.example"
ENDPOINTS = 16


def measure(*, quick: bool) -> list[Figure]:
    each, rounds = (10, 3) if quick else (25, 9)
    with ground.database("benchmark_webhooks") as base, tempfile.TemporaryDirectory() as folder:
        ground.set_up(base)
        pattern = Pattern(datetime.now(ZONE))
        receiver, dead = Receiver(Path(folder)), Receiver(Path(folder), silent=True)
        try:
            return _figures(pattern, receiver, dead, each, rounds)
        finally:
            receiver.end()
            dead.end()


def _figures(pattern: Pattern, receiver: Receiver, dead: Receiver, each: int, rounds: int) -> list[Figure]:
    from complaints.models import WebhookDelivery
    from complaints.webhooks import deliveries
    from web import safe_http as outgoing

    rule = outgoing.Rule(
        ports=(receiver.port, dead.port),
        allows=lambda address: address == ip_address("127.0.0.1"),
        resolve=lambda _name, _port: ["127.0.0.1"],
        tls=receiver.trusting,
    )
    endpoints = [_endpoint(pattern, receiver.url) for _ in range(ENDPOINTS)]

    def product() -> float:
        """Seconds until the last one was stamped; a sweep stays for calls that nobody answers, others do not wait."""
        _queue(endpoints, each)
        begun = datetime.now(ZONE)
        waiting = WebhookDelivery.objects.exclude(state="sent").filter(endpoint__in=endpoints)
        while waiting.exists():
            deliveries.sweep_webhooks(now=datetime.now(ZONE), rule=rule)
        last = WebhookDelivery.objects.filter(endpoint__in=endpoints).latest("sent_at").sent_at
        assert last is not None
        return (last - begun).total_seconds()

    body = _message(endpoints[0]).body.encode()

    def post(_number: int) -> None:
        if outgoing.post(receiver.url, body=body, headers={"Content-Type": "application/json"}, rule=rule) != 204:
            raise SystemExit("the receiver refused")

    def floor() -> None:
        with ThreadPoolExecutor(deliveries.LINES) as lines:
            list(lines.map(post, range(each * ENDPOINTS)))

    def beside_the_dead() -> float:
        endpoint = _endpoint(pattern, dead.url)
        _queue([endpoint], 1)
        seconds = product()
        WebhookDelivery.objects.filter(endpoint=endpoint).delete()
        endpoint.delete()
        return seconds

    count = each * ENDPOINTS
    for work in (product, floor):
        work()
    alone, floors, beside = [], [], []
    for _ in range(rounds):
        tell(f"webhooks: {count} messages")
        alone.append(count / product())
        floors.append(count / timed(floor))
        beside.append(count / beside_the_dead())
    return [
        compared(
            alone,
            floors,
            benchmark="webhooks",
            what=f"{count} messages to {ENDPOINTS} endpoints; aim 50/s",
            unit="/s",
            floor_is="/s, bare calls",
        ),
        compared(
            beside,
            alone,
            benchmark="webhooks",
            what="the same beside one that never answers",
            unit="/s",
            floor_is="/s, without it",
        ),
    ]


def _endpoint(pattern: Pattern, url: str) -> Any:
    from enterprises.models import WebhookEndpoint

    return WebhookEndpoint.objects.create(
        enterprise=pattern.enterprise,
        url=url,
        secret="whsec_" + "c2VjcmV0" * 4,
        cursor="0.0.0",
        events=["file"],
        created_at=datetime.now(ZONE),
        created_by=pattern.staff.user,
    )


def _message(endpoint: Any) -> Any:
    from complaints.webhooks.deliveries import delivery_of

    values = {
        "id": "1",
        "case": "20261126-AAAAAAAAAAAA-0",
        "sequence": 3,
        "from_status": "with_enterprise",
        "to_status": "negotiating",
        "outcome": "",
        "external_ref": "",
    }
    now = datetime.now(ZONE)
    return delivery_of(endpoint, f"benchmark:{ground.key()}", "accept_case", now, values, complaint_id=None, now=now)


def _queue(endpoints: list[Any], each: int) -> None:
    from complaints.models import WebhookDelivery

    WebhookDelivery.objects.bulk_create([_message(endpoint) for endpoint in endpoints for _ in range(each)])


class Receiver:
    """A server over TLS in a process of its own; ``silent`` takes the call and says nothing."""

    def __init__(self, folder: Path, *, silent: bool = False) -> None:
        self.paths = _certificate(folder)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, *self.paths, silent), daemon=True)
        self.process.start()
        self.port: int = ours.recv()

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/hook"

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.paths[0])

    def end(self) -> None:
        self.process.terminate()
        self.process.join(10)


def _certificate(folder: Path) -> tuple[str, str]:
    """(certificate, key) as files, made once a run."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    if not certificate.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]), dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return str(certificate), str(secret)


class _Takes(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: one line a message would be timed too."""


class _Silent(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read()


def _serve(pipe: Any, certificate: str, key: str, silent: bool) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Silent if silent else _Takes)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    pipe.send(server.server_address[1])
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(publish("webhooks", measure(quick=arguments(__doc__).quick)))
