"""A form whose answer is kept in the session, a stream, an error."""

from django import forms
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template import engines

PAGE = """<h1>Hello, {{ name }}</h1>
<form method="post" action="{{ request.path }}">{% csrf_token %}{{ form.as_p }}</form>
"""


class NameForm(forms.Form):
    name = forms.CharField(max_length=20)


def greeting(request):
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        request.session["name"] = form.cleaned_data["name"]
        return HttpResponseRedirect("/")
    context = {"form": form, "name": request.session.get("name", "stranger")}
    return HttpResponse(engines["django"].from_string(PAGE).render(context, request))


def stream(request):
    return StreamingHttpResponse(f"row {number}\n" for number in range(1000))


def error(request):
    raise RuntimeError("an error in a Django view")
