"""What a program can check of the second wall's own rule: steps work beyond the caller's sight in few places only."""

from __future__ import annotations

import re
from functools import cache

from tests import APPS, ROOT
from tests.walls.twins import TWINS

#: Where it stands, and what was asked under the caller's role before.
BEYOND_SIGHT = {
    "complaints/handling/transition/take.py": "the cases were found under the caller's role",
    "complaints/handling/steps/filing.py": "new cases",
    "complaints/handling/transition/previewing.py": "the case was found under the caller's role; nothing is written",
    "complaints/evidence/keeping.py": "files of a case that the caller has",
    "complaints/evidence/uploads.py": "whether an id is taken by somebody else",
    "complaints/forms/fields.py": "files that came with a refused step",
    "complaints/notices/notice_choices.py": "the own cases were found under the caller's role",
    "complaints/links/answer_links.py": "the one case of a live link, which was found by its digest",
    "complaints/links/proving.py": "a case whose number was proven by a code, and others with the same number",
    "complaints/links/joining.py": "links of a case that the caller has; whoever is asked was found by the own link",
    "accounts/views/links.py": "whether a link was opened before, by the digest of its key",
    "complaints/desks/contact_looks.py": "counts of the security log: of the own people, or at cases found before",
