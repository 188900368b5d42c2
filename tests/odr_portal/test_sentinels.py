"""The broker behind sentinels: whoever waits for it goes on with the new primary when the old one dies."""

import socket
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from celery import Celery
from django.test import override_settings
from kombu.transport.redis import SentinelChannel

from odr_portal import ticks as portal
from odr_portal.processes import embedded
from tests import PATIENCE
from tests.faults.portal import end_with_parent, free_port
from web.servers import broker

PASSWORD = "broker-of-a-test"


class Servers:
    """A primary, a replica and a sentinel, on ports of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.program = folder, embedded.valkey_program(None, folder)
        self.primary, self.replica, self.sentinel = free_port(), free_port(), free_port()
        common = f'bind 127.0.0.1\nsave ""\nrequirepass {PASSWORD}\nmasterauth {PASSWORD}\n'
        self.first = self._start("primary", f"port {self.primary}\n{common}")
        self._start("replica", f"port {self.replica}\n{common}replicaof 127.0.0.1 {self.primary}\n")
        watched = f"sentinel monitor portal 127.0.0.1 {self.primary} 1\nsentinel auth-pass portal {PASSWORD}\n"
        quick = "sentinel down-after-milliseconds portal 1000\nsentinel failover-timeout portal 3000\n"
        self._start("sentinel", f"port {self.sentinel}\nbind 127.0.0.1\n{watched}{quick}", "--sentinel")
        self.until(lambda: "slave0" in self.ask(self.primary, "info", "replication"))
        self.until(lambda: str(self.replica) in self.ask(self.sentinel, "sentinel", "replicas", "portal"))

    def _start(self, name: str, settings: str, *words: str) -> "subprocess.Popen[bytes]":
        (self.folder / name).mkdir()
        file = self.folder / name / "settings.conf"
        file.write_text(f"dir {self.folder / name}\n{settings}")
        how: dict[str, Any] = {"stdout": subprocess.DEVNULL, "preexec_fn": end_with_parent}
        return subprocess.Popen([self.program, file, *words], **how)

    def ask(self, port: int, *words: str) -> str:
        password = None if port == self.sentinel else PASSWORD
        with redis.Redis(port=port, password=password, socket_timeout=2) as line:
            return str(line.execute_command(*words))

    def until(self, condition: Any) -> None:
        end = time.monotonic() + PATIENCE
        while not _holds(condition):
            assert time.monotonic() < end, [(one.parent.name, one.read_text()) for one in self.folder.glob("*/*.conf")]
            time.sleep(0.1)


def _holds(condition: Any) -> bool:
    try:
        return bool(condition())
    except redis.RedisError:
        # Not listening yet.
        return False


def test_messages_go_to_the_new_primary_when_the_old_one_dies_and_a_dark_sentinel_holds_nobody(tmp_path: Path) -> None:
    them = Servers(tmp_path)
    # The first of them is dark: it takes no answer, as a host without power.
    with socket.create_server(("127.0.0.1", 0)) as dark:
        places = (dark.getsockname()[1], them.sentinel)
        url = ";".join(f"sentinel://:{PASSWORD}@127.0.0.1:{port}" for port in places)
        with override_settings(REDIS_URL=broker("REDIS_URL", url)):
            app = Celery("test", broker=url, set_as_current=False)
            app.conf.broker_transport_options = {
                **portal.app.conf.broker_transport_options,
                **portal.broker_sentinels(url),
            }

        def said(text: str) -> float:
            begun = time.monotonic()
            with app.connection_for_write() as line, line.SimpleQueue("ticks") as ticks:
                ticks.put(text)
            return time.monotonic() - begun

        assert said("before") < 10
        them.first.kill()
        them.first.wait()
        who = ("sentinel", "get-master-addr-by-name", "portal")
        them.until(lambda: str(them.replica) in them.ask(them.sentinel, *who))
        # What the old one had not passed on is lost, as any message may be.
        before = int(them.ask(them.replica, "llen", "odr:ticks"))
        assert said("after") < 10
        assert int(them.ask(them.replica, "llen", "odr:ticks")) == before + 1


def test_an_odd_address_of_a_broker_refuses_without_its_password() -> None:
    for url in (
        "http://:secret@broker",
        "sentinel://:secret@a;redis://:secret@b",
        "redis://:secret@a:many/0",
        "sentinel://:secret@a:26379;sentinel://",
        "sentinel://:secret@a:0",
    ):
        with pytest.raises(SystemExit, match="write redis://") as refused:
            broker("REDIS_URL", url)
        assert "secret" not in str(refused.value)


def test_what_cannot_be_acknowledged_takes_no_place() -> None:
    class Away(portal.FreeSlots):
        def _remove_from_indices(self, *_: Any, **__: Any) -> Any:
            raise redis.TimeoutError

    places = Away(SimpleNamespace(do_restore=False), prefetch_count=1)
    portal.Slots.append(places, object(), "a message")
    assert not places.can_consume()
    with pytest.raises(redis.TimeoutError):
        places.ack("a message")
    assert places.can_consume()
    assert SentinelChannel.QoS is portal.FreeSlots
