// A message of the error log, declared once with its level, its cause and what to do about it. Pure.
// The declarations are in catalog/; docs/log-messages.md is generated from them.

import type { LogLevel } from './log-line.ts';

interface Explanation {
  /** Why the message is logged: one or more sentences. */
  readonly cause: string;
  /** What the operator should do: one or more sentences. */
  readonly remedy: string;
  /** The text is Gunicorn's, word for word: log parsers may look for it. */
  readonly isGunicorns?: true;
}

export interface Message<Text extends string = string> extends Explanation {
  readonly level: LogLevel;
  /** With placeholders in braces: `Worker (pid:{pid}) exited`. */
  readonly text: Text;
}

type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

type MessageValue = string | number;

/** One value for each placeholder of the text. */
type ValuesOf<Text extends string> = { readonly [Name in Placeholder<Text>]: MessageValue };

/** The arguments of `say` and `entry` after the message: none for a text without placeholders. */
export type ValueArguments<Text extends string> = [Placeholder<Text>] extends [never] ? [] : [values: ValuesOf<Text>];

type Values = Readonly<Record<string, MessageValue>>;

/** The messages of one area, by their names in the code. */
export type MessageTable = Readonly<Record<string, Message>>;

/** A message with its values, not formatted yet. Pure code returns it for its caller to log. */
export interface Entry {
  readonly message: Message;
  readonly values: Values;
}

const NO_VALUES: Values = {};
const PLACEHOLDER = /\{(\w+)\}/g;

export function entry<Text extends string>(said: Message<Text>, ...values: ValueArguments<Text>): Entry {
  return { message: said, values: values[0] ?? NO_VALUES };
}

export function textOf({ message: { text }, values }: Entry): string {
  if (values === NO_VALUES) return text;
  return text.replace(PLACEHOLDER, (placeholder, name: string) => String(values[name] ?? placeholder));
}
