workers = 1
accesslog = "-"
timeout = 10
