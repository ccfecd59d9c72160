// The versions that `npm run compatibility:versions` has found on this machine and in the registries.

export interface Runtime {
  /** The exact version, with "(musl)" if it is not built for glibc. */
  readonly name: string;
  readonly path: string;
}

/** As test/run/runtimes.mjs writes it. */
export interface Runtimes {
  readonly nodes: readonly Runtime[];
  readonly pythons: readonly Runtime[];
  readonly musl: { readonly nodes: readonly Runtime[]; readonly pythons: readonly Runtime[] };
  readonly notRun: readonly NotRun[];
}

export interface NotRun {
  readonly name: string;
  readonly reason: string;
}

export interface Pair {
  readonly node: Runtime;
  readonly python: Runtime;
}

/** Every Python with the oldest Node.js, every Node.js with the newest Python, the newest with the oldest, and musl with musl, if both are there. */
export function pairsOf({ nodes, pythons, musl }: Runtimes): readonly Pair[] {
  const [oldestNode, newestNode] = [nodes.at(0), nodes.at(-1)];
  const [oldestPython, newestPython] = [pythons.at(0), pythons.at(-1)];
  const ofGlibc = nodes.flatMap((node) =>
    pythons
      .filter(
        (python) => node === oldestNode || python === newestPython || (node === newestNode && python === oldestPython),
      )
      .map((python) => ({ node, python })),
  );
  const forMusl = musl.pythons.length > 0 ? musl.pythons : pythons.slice(-1);
  return [...ofGlibc, ...musl.nodes.flatMap((node) => forMusl.map((python) => ({ node, python })))];
}
