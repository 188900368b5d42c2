"""The portal of this tree on two hosts that serve and two that work, with its own settings, behind one address."""

import csv
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.cluster import bucket, engines, stage
from tests.cluster.stage import ADDRESS, GROUPS, begin, done, folder, inside, secret

SITE = "portal.test"
#: The tree that the portal runs from; a twin names a changed copy of it.
TREE = ROOT
#: At the bucket door of each host of the portal: whichever host of the bucket lives.
BUCKET_PORT = 8443


def python(*words: Any) -> list[Any]:
    return [TREE / ".venv/bin/python", *words]


def address(user: str, kind: str, port: int, **query: str) -> str:
    places = ",".join(f"{ADDRESS[one]}:{port}" for one in GROUPS[kind])
    asked = {"sslmode": "verify-full", "sslrootcert": f"{stage.HOME}/tls/ca.pem", **query}
    said = "&".join(f"{key}={value}" for key, value in asked.items())
    return f"postgresql://{user}:{secret(user)}@{places}/{engines.DATABASE}?{said}"


def settings(host: str, *, pooled: bool) -> dict[str, str]:
    """The environment of a process on this host; commands are not pooled."""
    local, keys = folder(host, "local"), stage.HOME / "keys"
    sentinels = [f"sentinel://:{secret('valkey')}@{ADDRESS[one]}:26379" for one in GROUPS["valkey"]]
    port = engines.POOL if pooled else engines.WRITER
    return {
        **{"ODR_LOCAL": str(local), "SITE_URL": f"https://{SITE}", "DEMO": "no", "LOG_LEVEL": "INFO"},
        "DATABASE_URL": address("portal_web", "lb", port),
        "DATABASE_OWNER_URL": address("portal_owner", "lb", engines.WRITER),
        **{"DATABASE_POOLED": "yes" if pooled else "no", "API_CALLS_PER_MINUTE": "100000"},
        **{"REDIS_URL": ";".join(sentinels), "REDIS_PRIMARY": "portal", "REDIS_SENTINEL_PASSWORD": secret("valkey")},
        **{"SECRET_KEY_FILE": f"{keys}/secret-key", "VAULT_KEY_FILE": f"{keys}/vault-keys"},
        **{"EVIDENCE_STORAGE": "s3", "EVIDENCE_S3_ENDPOINT": f"https://127.0.0.1:{BUCKET_PORT}"},
        **{"EVIDENCE_S3_BUCKET": "evidence", "EVIDENCE_S3_KEY": bucket.KEY, "EVIDENCE_S3_SECRET": secret("s3")},
        **{"SSL_CERT_FILE": f"{stage.HOME}/tls/ca.pem", "STATIC_ROOT": str(stage.HOME / "static")},
        **{"EVIDENCE_ROOT": str(local / "evidence"), "EXPORT_ROOT": str(local / "exports")},
        **{"MEDIA_ROOT": str(local / "files"), "METRICS_TOKEN": secret("metrics")},
    }


def manage(*words: str, host: str = "client", **more: str) -> str:
    """What a command of the portal prints; raises stage.Broken where it fails."""
    return done(host, python("manage.py", *words), cwd=TREE, **settings(host, pooled=False) | more)


def program(module: str, *words: object, host: str = "client") -> str:
    """What a program of the tests prints, with the settings of a command."""
    return done(host, python("-m", module, *words), cwd=TREE, **settings(host, pooled=False))


def verifies(told: dict[str, str]) -> str:
    """What `verify_record` has to say against the record of the database that these settings name; empty: whole."""
    ended = inside("client", python("manage.py", "verify_record", "--alone"), cwd=TREE, **told)
    # 3: whole, compared with nothing from outside.
    return "" if ended.returncode == 3 else (ended.stdout + ended.stderr)[-600:]


def prepare() -> None:
    """Once, as docs/install.md says it: keys, roles, database, tables, directory."""
    keys = stage.HOME / "keys"
    manage("make_keys", str(keys))
    printed = manage("database_roles", "--no-passwords")
    words = ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-h", stage.HOME / engines.primary() / "run", "-d", "postgres"]
    file = stage.written(stage.HOME / "roles.sql", printed, user="postgres")
    done(engines.primary(), [*words, "-f", file], user="postgres")
    for user in ("portal_owner", "portal_web"):
        engines.sql(f"alter role {user} password '{secret(user)}'", "postgres")
    for command in (["migrate", "--verbosity", "0"], ["load_directory"], ["collectstatic", "--noinput", "-v", "0"]):
        stage.say(f"manage.py {command[0]}")
        manage(*command)


def _bucket_door(host: str) -> None:
    doors = "\n".join(f"  server {one} {ADDRESS[one]}:{bucket.DOOR} check" for one in GROUPS["s3"])
    file = stage.HOME / host / "haproxy.cfg"
    file.write_text(f"""defaults
  mode tcp
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  retries 2
  option redispatch 1
listen bucket
  bind 127.0.0.1:{BUCKET_PORT}
  default-server inter 1s fall 2 rise 2 on-marked-down shutdown-sessions
{doors}
""")
    begin(host, "bucket", ["haproxy", "-db", "-f", file])


def client(host: str) -> None:
    """Commands are carried out there, and some read files."""
    _bucket_door(host)


def web(host: str) -> None:
    _bucket_door(host)
    serve(host)


def serve(host: str) -> None:
    server = {
        **{"bind": f"{ADDRESS[host]}:8000", "worker-class": "odr_portal.processes.web_worker.PatientWorker"},
        **{"workers": 1, "threads": 4, "timeout": 30, "graceful-timeout": 20, "backlog": 128},
        **{"limit-request-line": 4094, "worker-tmp-dir": folder(host, "tmp")},
        "forwarded-allow-ips": ADDRESS["edge"],
    }
    words = [word for name, value in server.items() for word in (f"--{name}", value)]
    words = python("-m", "gunicorn", "odr_portal.wsgi", *words, "--no-control-socket", "--preload")
    begin(
        host,
        "web",
        words,
        cwd=TREE,
        LEAVE_SECONDS="0" if engines.TWIN == "no-word" else "4",
        **settings(host, pooled=True),
    )


def is_served_by(host: str) -> bool:
    words = ["/usr/bin/python3", "-c", "import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=5)"]
    return inside("client", [*words, f"http://{ADDRESS[host]}:8000/readyz"]).returncode == 0


def worker(host: str) -> None:
    _bucket_door(host)
    work(host)


def work(host: str) -> None:
    """Worker, beat and watch on each host: more of them than needed do no harm. One signs the record."""
    told = settings(host, pooled=True) | {"STATEMENT_TIMEOUT_MS": "25000"}
    files = {"DOCUMENT_KEY_FILE": f"{stage.HOME}/keys/document-key.pem"}
    celery = python("-m", "celery", "--app")
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--optimization", "fair"]
    named = ["--loglevel", "INFO", "--hostname", f"worker@{host}"]
    sweeps = [*celery, "odr_portal.celery", "worker", "--concurrency", "1", *quiet, *named]
    schedule = ["--pidfile=", "--schedule", stage.HOME / host / "beat-schedule"]
    ticks = [*celery, "odr_portal.ticks", "beat", "--loglevel", "INFO", *schedule]
    begin(host, "worker", sweeps, cwd=TREE, REMAP_SIGTERM="SIGQUIT", **files, **told)
    begin(host, "beat", ticks, cwd=TREE, **told)
    seals = {"SEAL_KEY_FILE": f"{stage.HOME}/keys/seal-key.pem"} if host == "wk1" else {}
    begin(host, "watch", python("manage.py", "watch"), cwd=TREE, **files, **seals, **told)


def edge(host: str) -> None:
    tls = stage.certificates()
    hosts = "\n".join(f"  server {one} {ADDRESS[one]}:8000 check" for one in GROUPS["web"])
    page = (ROOT / "packaging/nginx/503.html").read_text()
    (stage.HOME / host / "503.http").write_text(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
        f"Retry-After: 30\r\n\r\n{page}"
    )
    file = stage.HOME / host / "haproxy.cfg"
    file.write_text(f"""global
  maxconn 2000
  tune.bufsize 32768
  stats socket {stage.HOME / host / "stats.sock"}
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout queue 5s
  timeout http-request 10s
  # A busy database answers /readyz slowly: to take all hosts out for that would be the worse answer.
  timeout check 5s
  errorfile 503 {stage.HOME / host / "503.http"}
frontend site
  bind *:443 ssl crt {tls / "both.pem"} ssl-min-ver TLSv1.2
  http-request set-header X-Forwarded-Proto https
  option forwardfor
  default_backend web
backend web
  balance leastconn
  option httpchk
  http-check send meth GET uri /readyz
  http-check expect status 200
  # A host that ends gets nothing new, and what it has in hand is not cut off.
  http-check disable-on-404
  # Only what never reached a host is sent again: a filing carries its own key, and its sender decides.
  retry-on conn-failure
  retries 2
  option redispatch 1
  default-server inter 1s fall 3 rise 1 on-marked-down shutdown-sessions
{hosts}
""")
    begin(host, "edge", ["haproxy", "-db", "-f", file])


def is_sent_to(host: str) -> bool:
    """Whether the balancer before the web hosts takes this one for up."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(stage.HOME / "edge" / "stats.sock"))
        line.sendall(b"show stat\n")
        rows = list(csv.DictReader(line.makefile()))
    return any(row["svname"] == host and row["status"] == "UP" for row in rows)


_ASK = """
import http.client, ssl, sys
line = http.client.HTTPSConnection(sys.argv[1], 443, timeout=20, context=ssl._create_unverified_context())
line.request("GET", sys.argv[2], headers={"Host": "portal.test", "Authorization": f"Bearer {sys.argv[3]}"})
answer = line.getresponse()
print(answer.status, answer.read().decode())
"""


def asked(path: str) -> tuple[int, str]:
    """What the address of the portal answers: status and text; (0, "") where nobody does."""
    ended = inside("client", ["/usr/bin/python3", "-c", _ASK, ADDRESS["edge"], path, secret("metrics")])
    status, _, text = ended.stdout.partition(" ")
    return (int(status), text.strip()) if ended.returncode == 0 else (0, "")


def is_ready() -> bool:
    return asked("/readyz")[0] == 200


def health() -> Mapping[str, Any]:
    status, text = asked("/healthz")
    return json.loads(text) if status == 200 else {"status": "none", "notes": [], "heartbeats": {}}


def tokens(count: int) -> list[str]:
    """A token each for so many people who complain by a program."""
    place: Path = stage.HOME / "tokens"
    if not place.exists():
        stage.written(place, program("tests.cluster.people", count))
    return place.read_text().split()
