// Names of Gunicorn's settings that the table does not have yet. In a config file they get a warning and no effect;
// a name moves out of here when it is declared in the table. Read by resolve.ts.

export const GUNICORN_ONLY: ReadonlySet<string> = new Set([
  // worker processes and requests
  ...['worker_connections', 'asgi_loop', 'asgi_lifespan', 'asgi_disconnect_grace_period', 'http_parser', 'root_path'],
  ...['protocol', 'uwsgi_allow_ips'],
  ...['http_protocols', 'http2_cleartext', 'http2_max_concurrent_streams', 'http2_initial_window_size'],
  ...['http2_max_frame_size', 'http2_max_header_list_size'],
  // server mechanics
  ...['reload', 'reload_engine', 'reload_extra_files', 'spew', 'sendfile', 'reuse_port', 'daemon', 'initgroups'],
  ...['paste', 'raw_paste_global_conf', 'enable_stdio_inheritance'],
  // logs and metrics
  ...['disable_redirect_access_to_syslog', 'capture_output', 'logger_class', 'logconfig', 'logconfig_dict'],
  ...['logconfig_json', 'syslog', 'syslog_addr', 'syslog_prefix', 'syslog_facility'],
  ...['statsd_host', 'statsd_prefix', 'dogstatsd_tags', 'enable_backlog_metric'],
  // hooks
  ...['on_starting', 'on_reload', 'when_ready', 'pre_fork', 'post_fork', 'post_worker_init', 'worker_int'],
  ...['worker_abort', 'pre_exec', 'pre_request', 'post_request', 'child_exit', 'worker_exit', 'nworkers_changed'],
  ...['on_exit', 'ssl_context', 'on_dirty_starting', 'dirty_post_fork', 'dirty_worker_init', 'dirty_worker_exit'],
  // TLS
  ...['keyfile', 'certfile', 'ssl_version', 'cert_reqs', 'ca_certs', 'ciphers', 'suppress_ragged_eofs'],
  ...['do_handshake_on_connect'],
  // dirty workers and the control socket
  ...['dirty_apps', 'dirty_workers', 'dirty_timeout', 'dirty_threads', 'dirty_graceful_timeout'],
  ...['control_socket', 'control_socket_mode', 'control_socket_disable'],
]);
