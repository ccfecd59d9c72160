-- With a number of bytes after "--", each request is a POST with a body of that size.
function init(args)
  if args[1] then
    wrk.method = 'POST'
    wrk.body = string.rep('x', tonumber(args[1]))
  end
end

-- wrk calls done() once at the end; all durations that it passes are in microseconds.
function done(summary, latency, requests)
  local errors = summary.errors
  local seconds = summary.duration / 1e6
  io.write(string.format(
    'REPORT {"requestsPerSecond":%.1f,"bytesPerSecond":%.0f,"p50Ms":%.3f,"p99Ms":%.3f,'
      .. '"errors":{"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}}\n',
    summary.requests / seconds, summary.bytes / seconds, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
