from django.urls import path

from shop import views

urlpatterns = [path("", views.orders), path("health", views.health)]
