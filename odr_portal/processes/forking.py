"""What is loaded before the processes of web and worker are forked, so that they hold it together.

A page of memory is copied when a process writes to it, and the garbage collector writes to each object that it looks
at: what is there before the fork is taken out of its sight.
"""

import gc

from django.conf import settings
from django.urls import get_resolver
from django.utils import translation


def prepare() -> None:
    """In the parent, after its own imports and before its first fork."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            # Loads the catalogue and every page.
            translation.gettext("")
            _ = get_resolver().reverse_dict
    gc.collect()
    gc.freeze()
