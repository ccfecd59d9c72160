"""The routes of the framework grid in Django REST framework; streams and files are Django's, which has no own of them."""

from __future__ import annotations

from django.urls import include, path
from django.contrib.auth.models import User
from rest_framework import routers, serializers, viewsets
from rest_framework.decorators import api_view
from rest_framework.response import Response

from grid.urls import urlpatterns as django_urlpatterns
from shared_values import digest


class NumbersSerializer(serializers.Serializer):
    numbers = serializers.ListField(child=serializers.IntegerField())


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["username"]


class UserViewSet(viewsets.ModelViewSet):
    queryset = User.objects.all()
    serializer_class = UserSerializer


@api_view(["GET"])
def query(request):
    return Response(request.query_params.dict())


@api_view(["GET"])
def routing(request, item):
    return Response({"item": item})


@api_view(["POST"])
def json(request):
    body = NumbersSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return Response({"doubled": [2 * number for number in body.validated_data["numbers"]]})


@api_view(["POST"])
def form(request):
    return Response({"name": request.data["name"]})


@api_view(["POST"])
def upload(request):
    content = request.data["upload"].read()
    return Response({"name": request.data["name"], "size": len(content), "sha256": digest(content)})


@api_view(["GET"])
def cookie(request):
    response = Response(request.COOKIES)
    response.set_cookie("flavour", "oat", httponly=True)
    response.set_cookie("size", "big")
    return response


@api_view(["GET"])
def error(request):
    raise RuntimeError("an error of the application")


@api_view(["GET"])
def session(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return Response({"visits": request.session["visits"]})


router = routers.DefaultRouter()
router.register("users", UserViewSet)
urlpatterns = [
    path("items/<int:item>", routing),
    path("api/", include(router.urls)),
    path("query", query),
    path("json", json),
    path("form", form),
    path("upload", upload),
    path("cookie", cookie),
    path("error", error),
    path("session", session),
    *django_urlpatterns,
]
