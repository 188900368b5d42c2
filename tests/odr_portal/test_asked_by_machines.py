"""A balancer asks by address, and sends nobody where the database only reads."""

from typing import Any

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("hosts", [["portal.example.org"], [".example.org"], ["*"]])
def test_what_machines_ask_is_answered_by_address_and_a_page_is_not(
    client: Client, settings: Any, hosts: list[str]
) -> None:
    settings.ALLOWED_HOSTS, settings.METRICS_ADDRESSES = hosts, ["127.0.0.1"]
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path, headers={"host": "10.77.0.51:8000"}).status_code == 200, path
    assert client.get("/", headers={"host": "10.77.0.51:8000"}).status_code == (200 if hosts == ["*"] else 400)
