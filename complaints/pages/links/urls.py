"""Addresses for whoever comes by a link or a token: joining a case, following one, the one case of a respondent."""

from collections.abc import Callable, Iterator

from django.http import HttpResponseBase
from django.urls import URLPattern, path

from complaints.pages.links import answer, finding, joining, link_access, prove, slip, track
from complaints.pages.links.link_access import LinkAccess
from complaints.pages.shared.case_shared import ORIGINAL, THUMBNAIL


def behind_a_link(access: LinkAccess, case: Callable[..., HttpResponseBase], *forms: str) -> Iterator[URLPattern]:
    """The one case that such a link opens; ``forms`` of a file beside our copy."""
    name, here, given = access.name, f"{access.name}/case/<str:number>/", {"access": access}
    yield path(f"{name}/<str:token>/", link_access.open_link, given, name=f"{name}-link")
    yield path(here, case, name=name)
    yield path(f"{here}code/", link_access.code, given, name=f"{name}-code")
    yield path(f"{here}why/<slug:clock>/", link_access.why, given, name=f"{name}-why")
    yield path(f"{here}files/<int:pk>/", link_access.file, given, name=f"{name}-file")
    for form in forms:
        named = {**given, "form": form}
        yield path(f"{here}files/<int:pk>/{form}/", link_access.file, named, name=f"{name}-file-{form}")
    yield path(f"{here}<slug:name>/", link_access.step, given, name=f"{name}-step")


PAPERS = "answer/case/<str:number>/documents/<int:pk>/"
ACCESS = {"access": answer.ACCESS}

urlpatterns = [
    path("cases/find/", finding.find, name="case-find"),
    path("cases/find/code/", finding.code, name="case-find-code"),
    path("cases/find/name/", finding.name, name="case-find-name"),
    path("cases/join/", joining.join, name="join"),
    path("cases/join/<str:token>/", joining.open_link, name="join-link"),
    path("slip/<str:key>/", slip.open_slip, name="slip"),
    path("track/", track.track, name="track"),
    path("track/<str:number>/", track.tracked, name="tracked"),
    path("track/<str:number>/code/", prove.code, name="tracked-code"),
    path("track/<str:number>/prove/", prove.prove, name="tracked-prove"),
    path("track/<str:number>/offer/<int:offer>/", track.step, {"name": "offer"}, name="tracked-offer"),
    path("track/<str:number>/<slug:name>/", track.step, name="tracked-step"),
    path(PAPERS, link_access.document, ACCESS, name="answer-document"),
    path(f"{PAPERS}print/", link_access.document_print, ACCESS, name="answer-document-print"),
    *behind_a_link(answer.ACCESS, answer.case, ORIGINAL, THUMBNAIL),
]
