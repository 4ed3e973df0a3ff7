/** The reporters, by name. */
import type { Reporter, ReporterOptions } from '../reporter.ts';
import { json } from './json.ts';
import { terminal } from './terminal.ts';

export const REPORTERS = {
  terminal,
  verbose: (options) => terminal({ ...options, verbose: true }),
  json,
} as const satisfies Readonly<Record<string, (options: ReporterOptions) => Reporter>>;

export type ReporterName = keyof typeof REPORTERS;
