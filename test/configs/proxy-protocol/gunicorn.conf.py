proxy_protocol = True
proxy_allow_ips = "127.0.0.1"
accesslog = "-"
