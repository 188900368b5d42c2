"""What stands before a page for people at work: signed in, at work today, never kept by a browser.

The workspace is asked anew for each request, so who left is out with the next one.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponseBase]


def staff_page(workspace_of: Callable[[HttpRequest], Any], *methods: str) -> Callable[[View], View]:
    """The view gets the workspace of whoever is signed in as its second argument."""
    page = page_given(workspace_of, *methods)
    return lambda view: never_cache(login_required(page(view)))


def page_given(what_of: Callable[[HttpRequest], Any], *methods: str) -> Callable[[View], View]:
    """The view gets what ``what_of`` finds as its second argument, whoever is there."""

    def wrap(view: View) -> View:
        @never_cache
        @require_http_methods(["HEAD", *methods])
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, what_of(request), *args, **kwargs)

        return inner

    return wrap
