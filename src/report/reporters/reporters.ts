/** The reporters, by name. */
import type { Reporter, ReporterOptions } from '../reporter.ts';
import { github } from './github.ts';
import { html } from './html.ts';
import { json } from './json.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import { terminal } from './terminal.ts';

export const REPORTERS = {
  terminal,
  verbose: (options) => terminal({ ...options, verbose: true }),
  json,
  html,
  junit,
  github,
  markdown,
} as const satisfies Readonly<Record<string, (options: ReporterOptions) => Reporter>>;

export type ReporterName = keyof typeof REPORTERS;
