"""A bucket that outlives a host: OpenStack Swift with its S3 door on three hosts, three copies of each object; and
backups of the database in it (pgBackRest, encrypted).

/etc/swift is laid over by a mount that only the process itself sees: `ip netns exec` gives each one of its own.
"""

import subprocess
from pathlib import Path

from tests.cluster import stage
from tests.cluster.stage import ADDRESS, GROUPS, begin, folder, inside, secret, written

_PORTS = {"object": 6200, "container": 6201, "account": 6202}
DOOR = 8443
KEY = "portal:odr"
#: The server works in the folder of its data, so that one line serves every host. Until the bucket is there, a segment
#: is kept and tried again.
ARCHIVE = 'pgbackrest --config="$(dirname "$PWD")/pgbackrest.conf" --stanza=portal archive-push %p'


#: Where the copies of an object lie: one on each host.
_RINGS = """
import sys
from swift.common.ring import RingBuilder
for kind in ("object", "container", "account"):
    ring = RingBuilder(6, 3, 1)
    for zone, address in enumerate(sys.argv[1:], 1):
        port = {"object": 6200, "container": 6201, "account": 6202}[kind]
        place = {"ip": address, "port": port, "replication_ip": address, "replication_port": port}
        ring.add_dev({"region": 1, "zone": zone, "device": "d1", "weight": 100, **place})
    ring.rebalance()
    ring.get_ring().save(f"{kind}.ring.gz")
"""


def _rings() -> Path:
    place = stage.HOME / "rings"
    if not place.exists():
        place.mkdir()
        addresses = [ADDRESS[one] for one in GROUPS["s3"]]
        subprocess.run(["/usr/bin/python3", "-c", _RINGS, *addresses], check=True, capture_output=True, cwd=place)
    return place


def s3(host: str) -> None:
    for below in ((), ("srv",), ("srv", "d1"), ("cache",), ("tmp",)):
        folder(host, *below, user="swift")
    place, etc, own = stage.HOME / host, folder(host, "etc"), ADDRESS[host]
    texts = {
        "swift.conf": f"[swift-hash]\nswift_hash_path_suffix = {secret('swift')}\n"
        "[storage-policy:0]\nname = three\ndefault = yes\n"
    }
    serves = f"bind_ip = {own}\nworkers = 0\nuser = swift\nswift_dir = /etc/swift\n"
    for kind, port in _PORTS.items():
        texts[f"{kind}-server.conf"] = f"""[DEFAULT]
{serves}bind_port = {port}
devices = {place}/srv
mount_check = false
fallocate_reserve = 0
recon_cache_path = {place}/cache
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
[{kind}-replicator]
interval = 10
{"sync_method = ssync" if kind == "object" else ""}
recon_cache_path = {place}/cache
"""
    filters = ("catch_errors", "gatekeeper", "healthcheck", "bulk", "slo", "dlo", "s3api", "tempauth")
    more = {
        "s3api": "location = us-east-1\n",
        "tempauth": f"user_portal_odr = {secret('s3')} .admin\n",
        "cache": "memcache_servers = " + ",".join(f"{ADDRESS[one]}:11211" for one in GROUPS["s3"]) + "\n",
    }
    texts["proxy-server.conf"] = f"""[DEFAULT]
{serves}bind_port = 8080
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache s3api tempauth bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# With 1 s, 5 s and ten errors an upload took 14 s when a host had just gone dark.
conn_timeout = 0.5
node_timeout = 2
error_suppression_limit = 1
error_suppression_interval = 60
[filter:cache]
use = egg:swift#memcache
{more["cache"]}""" + "".join(f"[filter:{one}]\nuse = egg:swift#{one}\n{more.get(one, '')}" for one in filters)
    for name, text in texts.items():
        written(etc / name, text, user="swift")
    for ring in _rings().glob("*.ring.gz"):
        (etc / ring.name).write_bytes(ring.read_bytes())
        (etc / ring.name).chmod(0o644)
    doors = "\n".join(f"  server {one} {ADDRESS[one]}:8080 check" for one in GROUPS["s3"])
    (place / "haproxy.cfg").write_text(f"""defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
listen s3
  bind *:{DOOR} ssl crt {stage.certificates() / "both.pem"}
  option httpchk GET /healthcheck
  default-server inter 1s fall 2 rise 1
{doors}
""")
    begin(host, "memcached", ["memcached", "-l", own, "-u", "nobody", "-m", "32"])
    for kind in _PORTS:
        begin(host, kind, _over(etc, f"swift-{kind}-server", f"/etc/swift/{kind}-server.conf"))
    begin(host, "replicator", _over(etc, "swift-object-replicator", "/etc/swift/object-server.conf"))
    begin(host, "proxy", _over(etc, "swift-proxy-server", "/etc/swift/proxy-server.conf"))
    begin(host, "haproxy", ["haproxy", "-db", "-f", place / "haproxy.cfg"])


def _over(etc: Path, *words: str) -> list[str]:
    return ["sh", "-c", 'mount --bind "$0" /etc/swift && exec "$@"', str(etc), *words]


def make(name: str) -> bool:
    """By Swift's own door; True when it is there."""
    host = next(iter(GROUPS["s3"]))
    door = ["-A", f"http://{ADDRESS[host]}:8080/auth/v1.0", "-U", KEY, "-K", secret("s3")]
    return inside(host, ["swift", *door, "post", name]).returncode == 0


def backups_of(host: str, *, user: str = "postgres") -> Path:
    """The settings of pgBackRest on this host, for this user."""
    place = stage.HOME / host
    for below in ("log", "lock", "spool"):
        folder(host, "backrest", below, user=user)
    folder(host, "backrest", user=user)
    settings = {
        **{"repo1-type": "s3", "repo1-path": "/backup", "repo1-s3-endpoint": ADDRESS["s31"], "repo1-bundle": "y"},
        **{"repo1-storage-port": DOOR, "repo1-s3-bucket": "backup", "repo1-s3-key": KEY, "repo1-s3-uri-style": "path"},
        **{"repo1-s3-key-secret": secret("s3"), "repo1-s3-region": "us-east-1"},
        **{"repo1-storage-ca-file": stage.certificates() / "ca.pem", "repo1-cipher-type": "aes-256-cbc"},
        **{"repo1-cipher-pass": secret("backup"), "repo1-retention-full": 2, "compress-type": "zst"},
        **{"compress-level": 1, "start-fast": "y", "log-path": place / "backrest/log"},
        **{"lock-path": place / "backrest/lock", "spool-path": place / "backrest/spool"},
    }
    said = "\n".join(f"{name}={value}" for name, value in settings.items())
    own = f"[portal]\npg1-path={place}/data\npg1-socket-path={place}/run\npg1-user=postgres\n"
    return written(place / "pgbackrest.conf", f"[global]\n{said}\n{own}", user=user)
