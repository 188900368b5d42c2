"""The looks in which the pages of a case are walked.

The two that differ in everything are for every run, the two crossed ones for the long run.
"""

import pytest

LOOKS = [
    (360, "zh-hans"),
    (1280, "en"),
    pytest.param(1280, "zh-hans", marks=pytest.mark.full),
    pytest.param(360, "en", marks=pytest.mark.full),
]
