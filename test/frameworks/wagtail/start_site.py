"""Makes a new site with Wagtail's own command, in GRID_DIR."""

import os
import sys

from wagtail.bin.wagtail import main

site = os.path.join(os.environ["GRID_DIR"], "site")
os.mkdir(site)
sys.argv[1:] = ["start", "cms", site]
main()
