/** One cause that Nova itself showed, as a page in Markdown: what is wrong, the picture, Nova's story, the test, how to see it again. */
import type { Seen } from '../contract/known/evidence.ts';
import type { Recording } from './recording.ts';

export interface FindingPageInput {
  /** the bug report of the witness (report/bug-report.ts) */
  readonly report: string;
  readonly recording: Recording;
  /** file name of the picture, beside the page */
  readonly picture: string;
  /** what each version of Nova did with the witness, newest first */
  readonly seen: readonly (readonly [version: string, Seen | undefined])[];
  /** of the signatures with the same cause, how many a version showed */
  readonly ways: readonly (readonly [version: string, shown: number])[];
  readonly signatures: number;
  /** what the newest version did, step by step */
  readonly story: readonly string[];
  /** where its test stands, or why Nova's own fixtures can play none */
  readonly test: { readonly path: string } | { readonly why: string };
  /** plays the witness on Nova */
  readonly onNova: string;
}

export function findingPage(input: FindingPageInput): string {
  const { report, recording, picture, story, test, onNova, ways, signatures } = input;
  const [title = '', ...rest] = report.split('\n\n');
  const kept =
    'path' in test
      ? `[${test.path}](../nova-tests/${test.path}) plays it on Nova's own fixtures and passes: it asserts the wrong end, and says where.`
      : `None: ${test.why}.`;
  return `${[
    title,
    input.seen.map(([version, seen]) => `- ${seenLine(version, seen)}`).join('\n'),
    `![Claims on each host, step by step](${picture})`,
    ...rest.filter((part) => !part.startsWith('Played on a model of')),
    'On Nova itself, after `npm run setup:nova`:',
    ['```sh', onNova, '```'].join('\n'),
    '## Who wrote the books last',
    lastWrites(recording)
      .map((line) => `- ${line}`)
      .join('\n') || 'Nobody but the boot.',
    '## The test',
    kept,
    '## Other ways there',
    `The known list has ${signatures} signature${signatures === 1 ? '' : 's'} of this cause; ${ways
      .map(([version, shown]) => `Nova ${version} shows ${shown}`)
      .join(', ')}.`,
    `## What Nova ${input.seen[0]![0]} did`,
    ['```text', ...story, '```'].join('\n'),
  ].join('\n\n')}\n`;
}

const SEEN_WORDS: Readonly<Record<Seen['seen'], string>> = {
  shown: 'has it',
  'not shown': 'has it not',
  otherwise: 'does something else than the model',
  unreachable: 'cannot be made to: no call lies at',
  failed: 'could not play it',
};

function seenLine(version: string, seen: Seen | undefined): string {
  if (seen === undefined) return `Nova ${version}: not played`;
  return `Nova ${version} ${SEEN_WORDS[seen.seen]} (seen on ${seen.date}): \`${seen.what}\``;
}

const MOST_WRITES = 3;

/** The last requests that wrote allocations before a law was seen broken, in what Nova calls them. */
function lastWrites({ events, violations }: Recording): string[] {
  const end = Math.max(0, ...violations.map(({ event }) => event));
  return events
    .slice(0, end + 1)
    .filter(
      ({ what, operation, text }) => what === 'request' && operation > 0 && /^(PUT|POST|DELETE) \/alloc/.test(text),
    )
    .slice(-MOST_WRITES)
    .map(({ text, point, handler, nova }) => `\`${text}\` at \`${point}\` of \`${handler}\`: \`${nova}\``);
}
