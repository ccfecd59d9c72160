/** A colour for each server: Tunicorn's stand out, and servers of one make are alike. */

const OWN = ['#1b6ca8', '#0fa3b1'];
const EARLIER = ['#9cc3e0', '#a5dce2'];

/** @type {readonly (readonly [RegExp, readonly string[]])[]} */
const PEERS = [
  [/^gunicorn/, ['#d1495b', '#f2a0aa']],
  [/^uwsgi/, ['#3a7d44', '#8fc49a']],
  [/^granian/, ['#b7791f', '#e2bd80']],
  [/^uvicorn/, ['#8e5ea2']],
];

/**
 * @param {readonly string[]} servers names
 * @returns {Map<string, string>}
 */
export function coloursOf(servers) {
  const families = [
    /** @type {const} */ ([/^tunicorn[^@]*$/, OWN]),
    /** @type {const} */ ([/^tunicorn.*@/, EARLIER]),
    ...PEERS,
  ];
  const colours = new Map();
  for (const [pattern, shades] of families) {
    const members = servers.filter((server) => pattern.test(server));
    members.forEach((server, index) => {
      colours.set(server, shades[index % shades.length] ?? '#555555');
    });
  }
  for (const server of servers) if (!colours.has(server)) colours.set(server, '#777777');
  return colours;
}
