# Logs go to the container's output; the port is the platform's.
bind = "0.0.0.0:8000"
workers = 2
threads = 2
loglevel = "debug"
accesslog = "-"
errorlog = "-"
capture_output = True
enable_stdio_inheritance = True
