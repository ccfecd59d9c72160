/** The description of a server for scenarios. Each file beside this one has some of them. */

/**
 * @typedef {object} Launch
 * @property {string} app module in bench/apps that holds `application`
 * @property {number} port
 * @property {number} workers
 * @property {boolean} [keepAlive] whether clients will keep their connections (true if not given): uWSGI has a
 *   configuration for each
 * @property {number} [maxRequests] requests after which a worker is replaced
 * @property {readonly string[]} [args] more of the server's own arguments
 * @property {Readonly<Record<string, string>>} [env] for the application
 */

/**
 * The system call in which the main thread of an idle worker waits.
 * @typedef {'select' | 'epoll' | 'read from pipe'} IdleCall
 */

/**
 * @typedef {object} Contender
 * @property {string} name as on the command line
 * @property {string} title as in tables
 * @property {(launch: Launch) => { file: string, args: string[] }} command
 * @property {(processes: import('../process-tree.mjs').Processes, master: number) => number[]} workers their pids
 * @property {IdleCall} idleCall
 */

export {};
