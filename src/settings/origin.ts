// The origin of a setting's value, and its wording in messages.

export type Origin =
  | { readonly from: 'default' }
  | { readonly from: 'environment'; readonly variable: string }
  /** `source` names the origin, such as a program that embeds Tunicorn. */
  | { readonly from: 'framework'; readonly source: string }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'GUNICORN_CMD_ARGS' }
  | { readonly from: 'command line' };

/** As the end of a phrase: "Invalid value for workers ...". */
export function describeOrigin(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return 'by default';
    case 'environment':
      return `in ${origin.variable}`;
    case 'framework':
      return `in ${origin.source}`;
    case 'file':
      return `in ${origin.path}`;
    case 'GUNICORN_CMD_ARGS':
      return 'in GUNICORN_CMD_ARGS';
    case 'command line':
      return 'on the command line';
  }
}
