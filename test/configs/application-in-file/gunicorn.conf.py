import os

wsgi_app = "shop:create_app('eu', currency='CHF')"
chdir = os.path.join(os.path.dirname(os.path.abspath(__file__)), "work")
pythonpath = os.path.dirname(os.path.abspath(__file__))
default_proc_name = "shop"
