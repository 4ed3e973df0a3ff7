/** What several views say in the same way. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PageData, PageFinding } from './data.ts';
import { standingOf } from './grouping.ts';

/** The same wherever it is opened: the page asks for no locale. */
export const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

export const count = (n: number, what: string): string => `${number(n)} ${what}${n === 1 ? '' : 's'}`;

export const share = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;

/** The parts of a signature: laws, cause, end state. */
export function partsOf(signature: string): { cause: string; endState: string } {
  const [, cause = '', endState = ''] = signature.split(' | ');
  return { cause, endState };
}

export function Pill({ finding, data }: { readonly finding: PageFinding; readonly data: PageData }): JSX.Element {
  const standing = standingOf(finding);
  const words = { news: 'new', sabotage: 'sabotage', known: 'known' }[standing];
  const weakness = finding.reason === null ? '' : `: ${data.reasons[finding.reason]!.weakness}`;
  return (
    <span class={`pill ${standing}`}>
      {words}
      {weakness}
    </span>
  );
}

interface CopyProps {
  readonly text: string;
  readonly label: string;
  /** goes on where the label ends, for whoever hears it alone */
  readonly what: string;
}

export function CopyButton({ text, label, what }: CopyProps): JSX.Element {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    setSaid((await copied(text)) ? 'copied' : 'select it and copy by hand');
    setTimeout(() => setSaid(''), 2000);
  };
  return (
    <button type="button" class="copy" onClick={copy}>
      <span aria-live="polite">{said === '' ? label : said}</span>
      <span class="unseen"> {what}</span>
    </button>
  );
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // no clipboard where a page is served without TLS
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
