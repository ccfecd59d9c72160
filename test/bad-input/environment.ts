// Wrong values in environment variables. Part of ../integration/bad-input.test.ts.

import type { BadInput } from './bad-input.ts';

export const ENVIRONMENT: readonly BadInput[] = [
  {
    it: 'a WEB_CONCURRENCY that is not a number',
    args: ['app'],
    env: { WEB_CONCURRENCY: 'many' },
    exits: 1,
    says: ["Error: Invalid value for workers in WEB_CONCURRENCY: 'many' (wanted: a whole number, 0 or more)"],
  },
  {
    it: 'a PORT that is not a number',
    args: ['app'],
    env: { PORT: 'http' },
    bind: 'default',
    exits: 1,
    says: [
      "Error: Invalid value for bind in PORT: '0.0.0.0:http' (wanted: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N, or a list of such)",
    ],
  },
  {
    it: 'a FORWARDED_ALLOW_IPS with a host name',
    args: ['app'],
    env: { FORWARDED_ALLOW_IPS: 'proxy' },
    exits: 1,
    says: [
      "Error: Invalid value for forwarded_allow_ips in FORWARDED_ALLOW_IPS: 'proxy' (wanted: '*', or IP addresses and networks such as 10.0.0.0/8, separated by commas)",
    ],
  },
  {
    it: 'an invalid number in GUNICORN_CMD_ARGS',
    args: ['app'],
    env: { GUNICORN_CMD_ARGS: '-w many' },
    exits: 2,
    says: [
      'usage: tunicorn [OPTIONS] [APP_MODULE]',
      "tunicorn: error: in GUNICORN_CMD_ARGS: argument -w/--workers: invalid int value: 'many'",
    ],
  },
  {
    it: 'an invalid choice in GUNICORN_CMD_ARGS',
    args: ['app'],
    env: { GUNICORN_CMD_ARGS: '--header-map keep' },
    exits: 1,
    says: ["Error: Invalid value for header_map in GUNICORN_CMD_ARGS: 'keep' (wanted: drop, refuse, dangerous)"],
  },
  {
    it: 'an unclosed quotation mark in GUNICORN_CMD_ARGS',
    args: ['app'],
    env: { GUNICORN_CMD_ARGS: "-n 'x" },
    exits: 2,
    says: ['usage: tunicorn [OPTIONS] [APP_MODULE]', 'tunicorn: error: in GUNICORN_CMD_ARGS: No closing quotation'],
  },
  {
    it: 'an unknown flag in GUNICORN_CMD_ARGS',
    args: ['app'],
    env: { GUNICORN_CMD_ARGS: '--wrokers 3' },
    exits: 2,
    says: [
      'usage: tunicorn [OPTIONS] [APP_MODULE]',
      'tunicorn: error: in GUNICORN_CMD_ARGS: unrecognized arguments: --wrokers (did you mean --workers?)',
    ],
  },
  {
    it: 'a config file that does not exist in GUNICORN_CMD_ARGS',
    args: ['app'],
    env: { GUNICORN_CMD_ARGS: '-c nowhere.py' },
    exits: 1,
    says: ["Error: 'nowhere.py' doesn't exist"],
  },
  {
    it: 'a GUNICORN_FD that is not a number',
    args: ['app'],
    env: { GUNICORN_FD: 'x', GUNICORN_PID: '1' },
    exits: 1,
    says: ["Error: GUNICORN_FD is 'x' (wanted: descriptors, separated by commas)"],
  },
];
