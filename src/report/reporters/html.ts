/**
 * One file that opens anywhere, from a CI artifact and without a network: the campaign as data, and the page that draws it (../page),
 * in which the model is, so that a finding is no more than its token there, and is played when it is opened.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../root.ts';
import { harmless } from '../../scenario/printable.ts';
import { pageData } from '../page/page-data.ts';
import type { Reporter, ReporterOptions } from '../reporter.ts';

export const html = (options: ReporterOptions): Reporter => ({
  ended: (outcome) => document(`${outcome.verdict.toUpperCase()} · claimcheck`, pageData(outcome, options)),
});

/** What the build makes of ../page, see build.mjs. */
const built = (file: string): string => readFileSync(join(ROOT, 'dist', file), 'utf8').trim();

function document(title: string, data: object): string {
  // within a script nothing but its end is markup, and what a comment opens
  const script = built('page.js').replace(/<(?=\/script|script|!--)/gi, '\\x3c');
  const style = built('page.css');
  // data are never run: as text in them no tag can begin; a seed, a command, a detail may hold what a reader cannot see
  const json = JSON.stringify(data, (_, value: unknown) =>
    typeof value === 'string' ? harmless(value) : value,
  ).replaceAll('<', '\\u003c');
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    // the empty icon, so that a browser asks for none
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${harmless(title)}</title>
<style>${style}</style>
</head>
<body>
<div id="app"><noscript>This report is drawn by a script that it carries with it: please allow it to run.</noscript></div>
<script type="application/json" id="data">${json}</script>
<script>${script}</script>
</body>
</html>`;
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
