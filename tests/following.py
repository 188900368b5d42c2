"""A link of a message, as its reader follows it: the page, then its button."""

from typing import Any

from django.test import Client


def follow(client: Client, path: str, *, form: str = "the-form-of-this-page") -> Any:
    """What the button answers. ``form``: which showing of the page it stands on."""
    assert client.get(path).status_code == 200
    return client.post(path, {"open": "1", "idempotency_key": form})
