"""The one case of a body to which a mediation was handed, by the link that an officer sent."""

from django.urls import path

from complaints.pages.links import link_access, link_papers
from complaints.pages.mediation import mediate
from complaints.pages.shared.case_files import THUMBNAIL

ACCESS = {"access": mediate.ACCESS}

urlpatterns = [
    path("mediate/<str:token>/", link_access.open_link, ACCESS, name="mediate-link"),
    path("mediate/case/<str:number>/", mediate.case, name="mediate"),
    path("mediate/case/<str:number>/code/", link_access.code, ACCESS, name="mediate-code"),
    path("mediate/case/<str:number>/why/<slug:clock>/", link_papers.why, ACCESS, name="mediate-why"),
    path("mediate/case/<str:number>/files/<int:pk>/", link_papers.file, ACCESS, name="mediate-file"),
    path(
        "mediate/case/<str:number>/files/<int:pk>/thumbnail/",
        link_papers.file,
        {**ACCESS, "form": THUMBNAIL},
        name="mediate-file-thumbnail",
    ),
    path("mediate/case/<str:number>/<slug:name>/", link_access.step, ACCESS, name="mediate-step"),
]
