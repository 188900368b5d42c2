"""Says of each collected test whether `make test` may run it: `pytest --collect-only -p tests.collected FILES`.

A line `RUNS file::name` for each that no marker skips always and that is not left to `make test-full`. Three of five of
those of a browser run with a commit (tests/conftest.py); all of them are told.
"""

from typing import Any

import pytest


def runs(item: pytest.Item) -> bool:
    never: list[Any] = [True for _ in item.iter_markers("skip")]
    never += [marker.args[0] for marker in item.iter_markers("skipif") if marker.args]
    # Once Django is set up.
    from tests.conftest import FULL

    # As written beside the test; what the commit leaves out of this run is marked elsewhere.
    written = [*getattr(getattr(item, "obj", None), "pytestmark", ()), *item.listchain()[-2].own_markers]
    is_long = item.nodeid.startswith(FULL) or any(marker.name == "full" for marker in written)
    return not is_long and not any(condition is True for condition in never)


def pytest_collection_finish(session: pytest.Session) -> None:
    for name in sorted({item.nodeid.partition("[")[0] for item in session.items if runs(item)}):
        print(f"RUNS {name}")
