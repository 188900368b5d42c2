"""The addresses of stations and posters: the own pages, what posters and messages open, and the register."""

from django.urls import path

from complaints.pages.public import open_pages, survey
from complaints.pages.shared import posters, training
from complaints.pages.station import authority_stations, confirming, station

urlpatterns = [
    path("open/stations/", open_pages.stations, name="open-stations"),
    path("open/stations/<str:code>/", open_pages.station, name="open-station"),
    path("go/<str:code>/", station.go, name="go"),
    path("station/", station.home, name="station"),
    path("station/file/", station.file, name="station-file"),
    path("station/cases/", station.cases, name="station-cases"),
    path("station/cases/<str:number>/slip/", station.slip, name="station-slip"),
    path("station/log/", station.log, name="station-log"),
    path("station/log/new/", station.log_new, name="station-log-new"),
    path("station/log/<int:pk>/", station.log_entry, name="station-log-entry"),
    path("station/poster/", station.poster, name="station-poster"),
    path("station/poster/<str:kind>.pdf", station.poster_file, name="station-poster-file"),
    path("enterprise/posters/", posters.enterprise, name="enterprise-posters"),
    path("enterprise/posters/<str:kind>.pdf", posters.enterprise_file, name="enterprise-poster"),
    path("enterprise/training/", training.training, name="enterprise-training"),
    path("station/training/", station.training, name="station-training"),
    path("survey/", survey.survey, name="survey"),
    path("authority/posters/", posters.authority, name="authority-posters"),
    path("station/confirm/", confirming.confirm, name="station-confirm"),
    path("station/confirm/<str:token>/", confirming.open_link, name="station-confirm-link"),
    path("authority/stations/", authority_stations.register, name="authority-stations"),
    path("authority/stations/<int:pk>/", authority_stations.station, name="authority-station"),
    path("authority/stations/<int:pk>/table/", authority_stations.table, name="authority-station-table"),
    path("authority/stations/staff/<int:pk>/end/", authority_stations.end, name="authority-station-end"),
]
