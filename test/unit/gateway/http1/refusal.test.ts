import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal, refusalResponse } from '../../../../src/gateway/http1/refusal.ts';

test('refusalResponse() is a small page that closes the connection', () => {
  const response = refusalResponse(new Refusal('InvalidRequestMethod', 'get'));
  const page = `<html>
  <head>
    <title>Bad Request</title>
  </head>
  <body>
    <h1><p>Bad Request</p></h1>
    Invalid Method &#x27;Invalid HTTP method: &#x27;get&#x27;&#x27;
  </body>
</html>
`;
  const head = `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n`;
  assert.equal(response, head + page);
});

test('refusalResponse() uses the head lines that it is given instead of its own', () => {
  const response = refusalResponse(
    new Refusal('BadGateway', 'x'),
    'Server: tunicorn\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nConnection: close\r\n',
  );
  const head = response.slice(0, response.indexOf('\r\n\r\n') + 4);
  assert.equal(
    head,
    'HTTP/1.1 502 Bad Gateway\r\nServer: tunicorn\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nConnection: close\r\n' +
      `Content-Type: text/html\r\nContent-Length: ${response.length - head.length}\r\n\r\n`,
  );
});

test("refusalResponse() has no message for the server's own failures", () => {
  const response = refusalResponse(new Refusal('InternalServerError', 'the spool is full: /var/spool'));
  assert.match(response, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
  assert.match(response, /\r\nContent-Length: 141\r\n/);
  assert.ok(!response.includes('spool'));
});

test('each refusal has the status and the reason phrase of the RFC', () => {
  for (const [code, line] of [
    ['InvalidRequestLine', '400 Bad Request'],
    ['LimitRequestLine', '414 URI Too Long'],
    ['LimitRequestHeaders', '431 Request Header Fields Too Large'],
    ['UnsupportedTransferCoding', '501 Not Implemented'],
    ['ConfigurationProblem', '500 Internal Server Error'],
    ['ExpectationFailed', '417 Expectation Failed'],
    ['InvalidSchemeHeaders', '400 Bad Request'],
    ['InvalidChunkSize', '400 Bad Request'],
    ['RequestTimeout', '408 Request Timeout'],
    ['ContentTooLarge', '413 Content Too Large'],
    ['BadGateway', '502 Bad Gateway'],
    ['ServiceUnavailable', '503 Service Unavailable'],
    ['GatewayTimeout', '504 Gateway Timeout'],
  ] as const) {
    assert.equal(refusalResponse(new Refusal(code, 'x')).split('\r\n')[0], `HTTP/1.1 ${line}`);
  }
});

test('client data is escaped in the page, and on one printable line in the log', () => {
  const refusal = new Refusal('InvalidHeader', `<script>'"&\r\n\t\0\\\x7f\xe9\x1b[0m`);
  assert.equal(refusal.logMessage, `Invalid HTTP Header: '<script>\\'"&\\r\\n\\t\\x00\\\\\\x7f\\xe9\\x1b[0m'`);
  const page = refusalResponse(refusal);
  assert.ok(!page.includes('<script>'));
  assert.ok(page.includes('&lt;script&gt;\\&#x27;&quot;&amp;\\r\\n'));
  const problem = new Refusal('ConfigurationProblem', `Request path '/\x9b' does not start with SCRIPT_NAME '/api'`);
  assert.equal(
    problem.logMessage,
    `Configuration problem: Request path '/\\x9b' does not start with SCRIPT_NAME '/api'`,
  );
});

test('client data is truncated', () => {
  assert.ok(new Refusal('InvalidRequestLine', 'a'.repeat(5000)).logMessage.length < 300);
});

test('a refusal for a limit names the setting', () => {
  assert.equal(new Refusal('LimitRequestLine', '4094', 'request-line-length').limit, 'limit_request_line');
  assert.equal(new Refusal('LimitRequestHeaders', 'x', 'fields-count').limit, 'limit_request_fields');
  assert.equal(new Refusal('LimitRequestHeaders', 'x', 'field-size').limit, 'limit_request_field_size');
  assert.equal(new Refusal('ContentTooLarge', 'x').limit, 'limit_request_body');
  assert.equal(new Refusal('InvalidHeader', 'x', 'field-value').limit, null);
  assert.equal(new Refusal('ServiceUnavailable', 'shutting down').limit, null);
});
