"""The pages are read in two languages, so the catalogues are compiled first."""

import pytest

from odr_portal.processes.running import check_translations


@pytest.fixture(autouse=True, scope="session")
def compiled_catalogues() -> None:
    check_translations()
