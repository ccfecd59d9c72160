// The form of the cases in this folder: a mistake, and everything that the command writes about it.

export interface BadInput {
  /** The test's title is "IT is reported and ends the command". */
  readonly it: string;
  readonly args: readonly string[];
  /** In addition to app.py, whose text is APP. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Without it, the command listens on its own Unix socket, unless a flag says otherwise. */
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
