"""The looks in which pages are walked: @pytest.mark.parametrize("look", LOOKS), and `visit` opens pages in them.

One look is for every run, the others are for the long run.
"""

from typing import Any

import pytest


def in_look(width: int, language: str = "zh-hans", *, full: bool = False, **more: Any) -> Any:
    """One look of a test, by its name; ``full`` for the long run."""
    name = "-".join(str(text) for text in (width, language, *more.values()))
    marks = [pytest.mark.full] if full else []
    return pytest.param({"width": width, "language": language, **more}, id=name, marks=marks)


LOOKS = [in_look(360), *(in_look(*other, full=True) for other in ((1280, "en"), (1280, "zh-hans"), (360, "en")))]
