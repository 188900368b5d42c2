"""The pages are read in two languages, so the catalogues are compiled first."""

import pytest

from odr_portal.processes import translations


@pytest.fixture(autouse=True, scope="session")
def compiled_catalogues() -> None:
    translations.compile_newer()
