// The cells of the grid, and the results that contradict its tables.

import type { Column, Dialect } from './columns.ts';
import { checksOf, columnsOf, FRAMEWORKS, type Framework } from './frameworks.ts';
import type { Outcome } from './grid.ts';
import { MIDDLEWARES } from './middlewares.ts';

export interface Cell {
  readonly framework: Framework;
  readonly column: Column;
  readonly title: string;
}

export function cells(dialect: Dialect | 'all'): readonly Cell[] {
  const rows = [
    ...FRAMEWORKS.map((framework) => ({ framework, name: framework.name })),
    ...MIDDLEWARES.map((framework) => ({ framework, name: `${framework.name} with middlewares` })),
  ];
  return rows
    .filter(({ framework }) => dialect === 'all' || framework.dialect === dialect)
    .flatMap(({ framework, name }) =>
      columnsOf(framework).map((column) => ({ framework, column, title: `${name} under ${column.name}` })),
    );
}

/** Checks that fail unexpectedly, and checks that pass although the tables list them as failing. */
export function complaintsOf({ framework, column }: Cell, outcome: Outcome): string[] {
  return checksOf(framework).flatMap(({ name }) => {
    const complaint = outcome.get(name);
    const isKnown = framework.fails?.[column.name]?.[name] !== undefined;
    if (complaint !== undefined && !isKnown) return [`${name}: ${complaint}`];
    if (complaint === undefined && isKnown) return [`${name} works, and frameworks.ts says that it does not`];
    return [];
  });
}
