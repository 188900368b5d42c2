"""Following a case without an account: number and token, then the case for half an hour."""

from django.urls import path

from complaints.pages.links import track, track_steps

urlpatterns = [
    path("track/", track.track, name="track"),
    path("track/<str:number>/", track.tracked, name="tracked"),
    path("track/<str:number>/code/", track_steps.code, name="tracked-code"),
    path("track/<str:number>/offer/<int:offer>/", track_steps.step, {"name": "offer"}, name="tracked-offer"),
    path("track/<str:number>/<slug:name>/", track_steps.step, name="tracked-step"),
]
