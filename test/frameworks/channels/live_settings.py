"""A site with Channels; all that is not about it is the Django site's."""

from grid.settings import *  # noqa: F403
from grid.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "channels"]
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
