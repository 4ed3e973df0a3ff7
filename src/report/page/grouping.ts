/** Which findings a reader asks for, and by what they are put together. */
import type { PageData, PageFinding } from './data.ts';

export const GROUPINGS = {
  reason: 'known reason',
  invariant: 'invariant',
  point: 'failure point',
} as const;
export type Grouping = keyof typeof GROUPINGS;

export type Standing = 'news' | 'sabotage' | 'known';

export interface Group {
  readonly key: string;
  /** a bug catalogue's number and the like, or null */
  readonly label: string | null;
  readonly title: string;
  /** of the worst in it */
  readonly standing: Standing;
  readonly findings: readonly PageFinding[];
  /** scenarios that showed any of them */
  readonly seen: number;
}

export const standingOf = ({ reason, sabotage }: PageFinding): Standing =>
  reason !== null ? 'known' : sabotage ? 'sabotage' : 'news';

const ORDER: readonly Standing[] = ['news', 'sabotage', 'known'];

/** Every word must be somewhere in what is known of a finding. */
export function search({ findings, reasons }: PageData, asked: string): PageFinding[] {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...findings];
  return findings.filter((finding) => {
    const reason = finding.reason === null ? [] : Object.values(reasons[finding.reason]!);
    const { signature, invariants, details, operations, points, token } = finding;
    const text = [
      signature,
      ...invariants,
      ...details,
      ...operations,
      ...points,
      ...reason,
      standingOf(finding),
      token,
    ];
    const all = text.join('\n').toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** News first, then what most scenarios showed; within a group the order of the report. */
export function grouped(findings: readonly PageFinding[], by: Grouping, { reasons }: PageData): Group[] {
  const groups = new Map<string, PageFinding[]>();
  for (const finding of findings) {
    const key = keyOf(finding, by);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups]
    .map(([key, of]): Group => {
      const standing = ORDER.find((one) => of.some((finding) => standingOf(finding) === one))!;
      const { reason } = of[0]!;
      const known = by === 'reason' && reason !== null ? reasons[reason]! : null;
      return {
        key,
        label: known?.weakness ?? null,
        title: known?.reason ?? key,
        standing,
        findings: of,
        seen: of.reduce((sum, { count }) => sum + count, 0),
      };
    })
    .sort(
      (a, b) => ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing) || b.seen - a.seen || (a.key < b.key ? -1 : 1),
    );
}

function keyOf(finding: PageFinding, by: Grouping): string {
  switch (by) {
    case 'reason':
      if (finding.reason !== null) return `reason ${finding.reason}`;
      return finding.sabotage ? 'By sabotage, outside the contract' : 'Not on the known list';
    case 'invariant':
      return finding.invariants[0] ?? 'none';
    case 'point':
      return finding.points.length === 0 ? 'no fault: operations alone' : finding.points.map(pointOf).join(' and ');
  }
}

/** `refused at confirm.delete-alloc.get`: the point */
const pointOf = (text: string): string => text.slice(text.lastIndexOf(' ') + 1);
