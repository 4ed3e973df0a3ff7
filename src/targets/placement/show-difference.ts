/** A difference for people: what differs in two columns, and curl lines to see it again. */
import Table from 'cli-table3';
import type { HttpRequest } from '../../placement/http/message.ts';
import { printable } from '../../scenario/printable.ts';
import type { Difference } from './differential.ts';

const WIDTH = 56;

export function showDifference({ requests, model, real }: Difference, url: string): string[] {
  const table = new Table({
    head: ['model', `Placement at ${url}`],
    style: { head: [], border: [] },
    colWidths: [WIDTH, WIDTH],
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  table.push([shown(model), shown(real)]);
  return [
    `The answers differ after ${requests.length === 1 ? 'this request' : `these ${requests.length} requests`}:`,
    '',
    ...requests.map(({ request }) => curl(request, url)),
    '',
    table.toString(),
  ];
}

const shown = (value: unknown): string =>
  JSON.stringify(value, null, 1)
    .split('\n')
    .map((line) => printableLine(line))
    .join('\n');

/** What a server answers may hold anything; JSON has escaped control characters, and the rest is made visible. */
const printableLine = (line: string): string => line.split(' ').map(printable).join(' ');

function curl({ method, path, headers, body }: HttpRequest, url: string): string {
  const all = { 'x-auth-token': 'admin', ...headers };
  const parts = [
    'curl -s -X',
    method,
    ...Object.entries(all).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
  ];
  if (body !== null) parts.push(`--data-binary ${quoted(body)}`);
  return [...parts, quoted(`${url}${path}`)].join(' ');
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
