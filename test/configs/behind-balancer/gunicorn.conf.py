# Longer than the balancer's idle timeout of 60 s, so that the balancer never sends a request on a closing connection.
keepalive = 75
worker_class = "gthread"
threads = 2
forwarded_allow_ips = "10.0.0.0/8,127.0.0.1"
secure_scheme_headers = {"X-FORWARDED-PROTO": "https", "X-AMZN-TLS": "on"}
forwarder_headers = "SCRIPT_NAME,PATH_INFO,REMOTE_USER"
accesslog = "-"
access_log_format = '%({x-forwarded-for}i)s %(h)s "%(r)s" %(s)s %({x-region}o)s %({wsgi.url_scheme}e)s %(M)sms'
