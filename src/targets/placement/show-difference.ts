/** A difference for people: what differs in two columns, and curl lines to see it again. */
import Table from 'cli-table3';
import type { HttpRequest } from '../../placement/http/message.ts';
import { printable } from '../../scenario/printable.ts';
import type { Difference } from './differential.ts';

const WIDTH = 56;

/** Where the requests can be sent again. */
export interface Where {
  /** what answered, for people */
  readonly name: string;
  readonly url: string;
  /** the command that starts such a server at `url`, if the one that answered is gone with us */
  readonly start: string | null;
}

export function showDifference({ requests, model, real }: Difference, { name, url, start }: Where): string[] {
  const table = new Table({
    head: ['model', name],
    style: { head: [], border: [] },
    colWidths: [WIDTH, WIDTH],
  });
  table.push([shown(model), shown(real)]);
  return [
    `The answers differ after ${requests.length === 1 ? 'this request' : `these ${requests.length} requests`}:`,
    '',
    ...(start === null ? [] : [start]),
    `PLACEMENT=${url}`,
    ...requests.map(({ request }) => curl(request)),
    '',
    table.toString(),
  ];
}

/** Cut by hand: the table would take indentation away. */
const shown = (value: unknown): string =>
  JSON.stringify(value, null, 2)
    .split('\n')
    .flatMap((line) => chunks(printableLine(line)))
    .join('\n');

const chunks = (line: string): string[] => line.match(new RegExp(`.{1,${WIDTH - 2}}`, 'gu')) ?? [''];

/** What a server answers may hold anything; JSON has escaped control characters, and the rest is made visible. */
const printableLine = (line: string): string => line.split(' ').map(printable).join(' ');

/** The token is the reader's: of a server that claimcheck starts any that says admin. */
function curl({ method, path, headers, body }: HttpRequest): string {
  const parts = ["curl -s --noproxy '*' -X", method, `-H "x-auth-token: $\{OS_TOKEN:-admin}"`];
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body !== null) parts.push(`--data-binary ${quoted(body)}`);
  return [...parts, `"$PLACEMENT"${quoted(path)}`].join(' ');
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
