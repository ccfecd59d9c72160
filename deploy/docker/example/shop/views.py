from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods

from shop.models import Order


@require_http_methods(["GET", "POST"])
def orders(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        Order.objects.create(item=request.POST["item"])
    return JsonResponse({"orders": Order.objects.count(), "scheme": request.scheme})


@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Without the database: a container whose database is down is no healthier after a restart."""
    return JsonResponse({"status": "ok"})
