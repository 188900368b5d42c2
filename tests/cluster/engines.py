"""What runs on the hosts that are not the portal's own: etcd, Patroni with PostgreSQL, balancers, Valkey with Sentinel.

Settings as docs/operations.md has them for several hosts; smaller where only size differs.
"""

import json
from typing import Any

from tests.cluster import bucket, stage
from tests.cluster.needs import POSTGRES
from tests.cluster.stage import ADDRESS, GROUPS, NET, begin, done, folder, inside, secret, written

WRITER, READER, POOL = 5000, 5001, 6432
DATABASE = "portal"
#: The safety that is taken away now (tests/cluster/twins.py).
TWIN = ""


def etcd(host: str) -> None:
    own = ADDRESS[host]
    members = ",".join(f"{one}=http://{ADDRESS[one]}:2380" for one in GROUPS["etcd"])
    urls = {
        **{"listen-peer-urls": f"http://{own}:2380", "initial-advertise-peer-urls": f"http://{own}:2380"},
        **{"listen-client-urls": f"http://{own}:2379", "advertise-client-urls": f"http://{own}:2379"},
        **{"initial-cluster": members, "initial-cluster-token": "portal", "initial-cluster-state": "new"},
        **{"name": host, "data-dir": str(stage.HOME / host / "data")},
        # A busy machine is not a dead one.
        **{"heartbeat-interval": "200", "election-timeout": "2000"},
    }
    begin(host, "etcd", ["etcd", *(word for name, value in urls.items() for word in (f"--{name}", value))])


def _parameters() -> dict[str, Any]:
    return {
        **{"max_connections": 200, "shared_buffers": "96MB", "wal_level": "logical", "wal_log_hints": "on"},
        **{"max_wal_senders": 10, "max_replication_slots": 10, "wal_keep_size": "256MB", "max_wal_size": "1GB"},
        **{"synchronous_commit": "on", "jit": "off", "hot_standby": "on", "hot_standby_feedback": "on"},
        **{"wal_sender_timeout": "10s", "wal_receiver_timeout": "10s", "tcp_user_timeout": "10s"},
        **{"archive_mode": "on", "archive_timeout": "30s", "archive_command": bucket.ARCHIVE},
        **{"log_statement": "none", "log_min_duration_statement": -1, "log_min_error_statement": "panic"},
        "log_error_verbosity": "terse",
    }


def pg(host: str) -> None:
    """Patroni; PostgreSQL is its child."""
    place, run = folder(host, user="postgres"), folder(host, "run", user="postgres")
    folder(host, "tmp", user="postgres")
    tls = folder(host, "tls", user="postgres")
    for name in ("host.key", "host.pem", "ca.pem"):
        written(tls / name, (stage.certificates() / name).read_text(), user="postgres")
    bucket.backups_of(host)
    logins = {"replication": "replicator", "superuser": "postgres", "rewind": "rewinder"}
    config = {
        **{"scope": "portal", "namespace": "/service/", "name": host, "watchdog": {"mode": "off"}},
        "restapi": {"listen": f"{ADDRESS[host]}:8008", "connect_address": f"{ADDRESS[host]}:8008"},
        "etcd3": {"hosts": [f"{ADDRESS[one]}:2379" for one in GROUPS["etcd"]]},
        "bootstrap": {
            "dcs": {
                **{"ttl": 20, "loop_wait": 5, "retry_timeout": 5, "primary_start_timeout": 10},
                **{"maximum_lag_on_failover": 1_048_576, "failsafe_mode": True},
                **{"synchronous_mode": "quorum", "synchronous_node_count": 1, "synchronous_mode_strict": True},
                "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": _parameters()},
            },
            "initdb": [{"encoding": "UTF8"}, "data-checksums", {"locale": "C.UTF-8"}],
        },
        "postgresql": {
            **{"listen": f"{ADDRESS[host]}:5432", "connect_address": f"{ADDRESS[host]}:5432"},
            **{"data_dir": str(place / "data"), "bin_dir": str(POSTGRES), "pgpass": str(place / "pgpass")},
            "authentication": {use: {"username": name, "password": secret(name)} for use, name in logins.items()},
            "parameters": {
                **{"unix_socket_directories": str(run), "ssl": "on", "ssl_cert_file": str(tls / "host.pem")},
                **{"ssl_key_file": str(tls / "host.key"), "ssl_ca_file": str(tls / "ca.pem")},
            },
            "pg_hba": [
                "local all all peer",
                f"host replication replicator {NET}.0/24 scram-sha-256",
                f"host all all {NET}.0/24 scram-sha-256",
            ],
        },
    }
    # YAML reads JSON.
    written(place / "patroni.yml", json.dumps(config, indent=1), user="postgres")
    begin(host, "patroni", ["patroni", place / "patroni.yml"], user="postgres")


def lb(host: str) -> None:
    """HAProxy finds the primary by Patroni's answers; PgBouncer before it lends few sessions of the server to many."""
    place, tls = folder(host), stage.certificates()
    members = "\n".join(f"  server {one} {ADDRESS[one]}:5432 check port 8008" for one in GROUPS["pg"])
    # Without it whoever hangs on a primary that is none any more stays there.
    fence = "" if TWIN == "no-fencing" else " on-marked-down shutdown-sessions"
    lines = f"  default-server inter 1s fastinter 500ms fall 2 rise 1{fence}\n{members}"
    (place / "haproxy.cfg").write_text(f"""global
  maxconn 2000
defaults
  mode tcp
  timeout connect 2s
  timeout client 30m
  timeout server 30m
  timeout check 3s
  retries 2
listen primary
  bind *:{WRITER}
  option httpchk OPTIONS /primary
  http-check expect status 200
{lines}
listen standby
  bind *:{READER}
  balance leastconn
  option httpchk OPTIONS /replica?lag=16MB
  http-check expect status 200
{lines}
""")
    settings = {
        **{"listen_addr": "*", "listen_port": POOL, "unix_socket_dir": "", "auth_type": "scram-sha-256"},
        **{"auth_file": place / "users.txt", "max_client_conn": 2000, "default_pool_size": 20},
        **{"reserve_pool_size": 5, "server_login_retry": 1, "server_connect_timeout": 3, "server_check_delay": 5},
        # Not "options" as well: who needs them must be refused, not served without what they say.
        **{"query_wait_timeout": 5, "ignore_startup_parameters": "extra_float_digits"},
        **{"tcp_user_timeout": 5000, "tcp_keepidle": 5, "tcp_keepintvl": 3, "tcp_keepcnt": 3},
        **{"client_tls_sslmode": "require", "client_tls_key_file": tls / "host.key"},
        "client_tls_cert_file": tls / "host.pem",
    }
    said = "\n".join(f"{name} = {value}" for name, value in settings.items())
    pool = "host=127.0.0.1 pool_mode=transaction"
    bases = f"{DATABASE} = {pool} port={WRITER}\nportal_read = {pool} port={READER} dbname={DATABASE}\n"
    written(place / "pgbouncer.ini", f"[databases]\n{bases}[pgbouncer]\n{said}\n", user="postgres")
    users = "".join(f'"{name}" "{secret(name)}"\n' for name in ("portal_web",))
    written(place / "users.txt", users, user="postgres")
    begin(host, "haproxy", ["haproxy", "-db", "-f", place / "haproxy.cfg"])
    begin(host, "pgbouncer", ["pgbouncer", place / "pgbouncer.ini"], user="postgres")


def valkey(host: str) -> None:
    own, first, place, word = ADDRESS[host], ADDRESS["vk1"], folder(host), secret("valkey")
    # Both programs write their own files: who is primary, and how often that changed.
    if not (place / "valkey.conf").exists():
        follows = "" if host == "vk1" else f"replicaof {first} 6379\n"
        written(
            place / "valkey.conf",
            f"""bind {own} 127.0.0.1
port 6379
dir {place}
requirepass {word}
primaryauth {word}
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
repl-timeout 10
repl-ping-replica-period 2
{follows}""",
        )
        written(
            place / "sentinel.conf",
            f"""bind {own} 127.0.0.1
port 26379
dir {place}
requirepass {word}
sentinel sentinel-pass {word}
sentinel monitor portal {first} 6379 2
sentinel auth-pass portal {word}
sentinel down-after-milliseconds portal 3000
sentinel failover-timeout portal 10000
sentinel parallel-syncs portal 1
""",
        )
    begin(host, "valkey", ["valkey-server", place / "valkey.conf"])
    begin(host, "sentinel", ["valkey-server", place / "sentinel.conf", "--sentinel"])


# --- what they say ----------------------------------------------------------------------------------------------------

_FETCH = (
    "import sys, urllib.request as u; d = (sys.argv[3] if len(sys.argv) > 3 else '').encode() or None;"
    "r = u.Request(sys.argv[2], d, {'Content-Type': 'application/json'}, method=sys.argv[1]);"
    "print(u.urlopen(r, timeout=30 if d else 2).read().decode())"
)


def _asked(host: str, path: str, method: str = "GET", body: dict[str, Any] | None = None) -> str:
    words = ["/usr/bin/python3", "-c", _FETCH, method, f"http://{ADDRESS[host]}:8008{path}"]
    ended = inside(host, words + ([json.dumps(body)] if body else []))
    return ended.stdout if ended.returncode == 0 else ""


def members() -> dict[str, dict[str, Any]]:
    """The cluster as a living member tells it: name → role, state, lag …"""
    for host in GROUPS["pg"]:
        if stage.processes(host) and (said := _asked(host, "/cluster")):
            return {one["name"]: one for one in json.loads(said)["members"]}
    return {}


def primary() -> str:
    found = (name for name, one in members().items() if one["role"] == "leader" and one["state"] == "running")
    return next(found, "")


def is_whole() -> bool:
    """One primary, two that follow, and (unless a twin forbids it) one of them acknowledges with it."""
    them = members().values()
    roles = [one["role"] for one in them]
    return (
        len(roles) == len(GROUPS["pg"])
        and roles.count("leader") == 1
        and all(one["state"] in {"running", "streaming"} for one in them)
        and (TWIN == "asynchronous" or bool({"sync_standby", "quorum_standby"} & set(roles)))
    )


def synchronous() -> None:
    """Tells Patroni whether a commit waits for a second host: always, but for a twin."""
    is_safe = TWIN != "asynchronous"
    mode = {"synchronous_mode": "quorum" if is_safe else False, "synchronous_mode_strict": is_safe}
    _asked(stage.until("a primary", primary), "/config", "PATCH", mode)
    wanted = "show synchronous_standby_names"
    stage.until("commits wait as told", lambda: bool(sql(wanted, "postgres")[0][0]) == is_safe)


def hand_over(to: str) -> str:
    host = primary()
    return _asked(host, "/switchover", "POST", {"leader": host, "candidate": to})


def leader_of_etcd() -> str:
    living = [host for host in GROUPS["etcd"] if stage.processes(host)]
    for host in living:
        ends = ",".join(f"http://{ADDRESS[one]}:2379" for one in living)
        found = inside(host, ["etcdctl", "--endpoints", ends, "endpoint", "status", "-w", "json"], ETCDCTL_API="3")
        for one in json.loads(found.stdout or "[]"):
            if one["Status"]["header"]["member_id"] == one["Status"]["leader"]:
                return next(name for name in GROUPS["etcd"] if ADDRESS[name] in one["Endpoint"])
    return ""


def primary_of_valkey() -> str:
    asked = ["sentinel", "get-primary-addr-by-name", "portal"]
    for host in GROUPS["valkey"]:
        if stage.processes(host):
            found = inside(host, ["valkey-cli", "-p", "26379", "-a", secret("valkey"), "--no-auth-warning", *asked])
            address = found.stdout.split("\n")[0].strip()
            for name, one in ADDRESS.items():
                if one == address:
                    return name
    return ""


def sql(statement: str, database: str = DATABASE, host: str = "") -> list[list[str]]:
    """As the administrator, on the primary or on a named host."""
    where = host or stage.until("a primary", primary)
    words = [
        "psql",
        "-XAtq",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        stage.HOME / where / "run",
        "-d",
        database,
        "-c",
        statement,
    ]
    return [line.split("|") for line in done(where, words, user="postgres").splitlines()]
