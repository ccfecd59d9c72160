// The form of the cases in this folder: what is wrong, and everything that the command says of it.

export interface BadInput {
  /** The test's title is "WHAT is told and ends the command". */
  readonly it: string;
  readonly args: readonly string[];
  /** Beside app.py, which has what APP says. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Without it, the command listens on a Unix socket of its own, unless a flag says otherwise. */
  readonly bind?: 'default';
  readonly exits: number;
  /**
   * The lines on standard error, without empty ones, those of level info, times, process ids, and the marks beneath a place in the code,
   * which differ between versions of Python. DIR stands for the directory, PYTHON for interpreter and version.
   */
  readonly says: readonly string[];
}

export const APP = `def application(environ, start_response):
    start_response("200 OK", [])
    return []


def make():
    return application


nothing = None
number = 7
`;
