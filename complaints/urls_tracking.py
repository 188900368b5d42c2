"""Following a case without an account: number and token, then the case for half an hour."""

from django.urls import path

from complaints.views import track

urlpatterns = [
    path("track/", track.track, name="track"),
    path("track/<str:number>/", track.tracked, name="tracked"),
]
