import { Argument, Command } from 'commander';
import { PRICE_HEAD, priceRows } from '../campaign/price.ts';
import saveCloud from '../cloud/save-cloud.sh';
import { CLOUD_LAWS, CONTRACTS } from '../contract/contracts.ts';
import { EVIDENCE } from '../contract/known/evidence.ts';
import { KNOWN_OF_NOVA } from '../contract/known/known.ts';
import { SOMETIMES } from '../contract/sometimes.ts';
import { type Code, compile } from '../engine/compile.ts';
import { fits } from '../engine/faults.ts';
import { ENTRY_HANDLERS } from '../engine/operations.ts';
import { callOf } from '../nova/calls.ts';
import { DEFECTS } from '../nova/defects/defects.ts';
import { PROTOCOLS } from '../nova/protocols.ts';
import { isGroup } from '../nova/step.ts';
import { releases } from '../report/releases.ts';
import { table } from '../report/tables.ts';
import { DEFAULT_OPTIONS, FAULT_KINDS, type FaultKind, operationSchema } from '../scenario/scenario.ts';
import { print, useColor } from './context.ts';
import { novaReleaseOption, protocolOption } from './protocol-options.ts';

interface ListFlags {
  readonly protocol: 'nova' | 'rollback';
  readonly novaRelease: number;
  readonly json?: boolean;
}

interface Listing {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly data: unknown;
  /** printed as it stands in the place of a table: for what is saved to a file */
  readonly text?: string;
}

const PROTOCOL_WORDS = {
  nova: 'Nova 34.0.0: what it does, and by --nova-release what 26 to 33 did',
  rollback: 'Nova as it could be: a resize that always undoes itself whole',
} as const;

const SUBJECTS: Readonly<Record<string, (code: Code) => Listing>> = {
  protocols: () => plain(['protocol', 'what it is'], Object.entries(PROTOCOL_WORDS)),
  handlers,
  'failure-points': failurePoints,
  operations: () =>
    plain(
      ['operation', 'begins with'],
      operationSchema.options.map((option) => {
        const name = [...option.shape.operation.values][0]!;
        return [name, ENTRY_HANDLERS[name]?.join(', ') ?? 'the environment'];
      }),
    ),
  invariants,
  contracts: () =>
    plain(
      ['contract', 'law'],
      Object.values(CONTRACTS).map(({ id, law }) => [id, law]),
    ),
  sometimes: () =>
    plain(
      ['situation', 'a long campaign must have seen'],
      SOMETIMES.map(({ id, claim }) => [id, claim]),
    ),
  defects: () => ({
    head: ['id', 'kind', 'aliases', 'title', 'releases', 'fixed in', 'caught by'],
    rows: DEFECTS.map(({ id, kind, aliases, title, releases = '', fixed = '', catches }) => [
      id,
      kind,
      aliases.join(', '),
      title,
      releases,
      fixed,
      catches.join(', '),
    ]),
    data: DEFECTS.map(({ id, kind, aliases, title, releases = null, fixed = null, catches, length }) => ({
      id,
      kind,
      aliases,
      title,
      releases,
      fixed,
      catches,
      length,
    })),
  }),
  known: () => ({
    head: ['weakness', 'signatures', 'shown by Nova', 'reason'],
    rows: KNOWN_OF_NOVA.entries.map(({ weakness, reason, signatures }) => [
      weakness,
      String(signatures.length),
      shownBy(signatures.map(({ signature }) => signature)),
      reason,
    ]),
    data: {
      ...KNOWN_OF_NOVA,
      entries: KNOWN_OF_NOVA.entries.map((entry) => ({
        ...entry,
        signatures: entry.signatures.map((one) => ({ ...one, evidence: EVIDENCE[one.signature] ?? {} })),
      })),
    },
  }),
  releases,
  price: () => plain([...PRICE_HEAD], priceRows()),
  'cloud-script': () => ({ head: [], rows: [], data: saveCloud, text: saveCloud.trimEnd() }),
};

/** How many of an entry's signatures each Nova was seen to show. */
function shownBy(signatures: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const signature of signatures) {
    for (const [version, { seen }] of Object.entries(EVIDENCE[signature] ?? {})) {
      counts.set(version, (counts.get(version) ?? 0) + (seen === 'shown' ? 1 : 0));
    }
  }
  return [...counts].map(([version, times]) => `${version}: ${times}`).join('\n');
}

export function listCommand(): Command {
  return new Command('list')
    .description(
      'what there is: protocols, handlers, failure points, operations, invariants, defects, known signatures, releases, what rollback costs, the script that saves a cloud',
    )
    .addArgument(new Argument('<subject>', 'what to list').choices(Object.keys(SUBJECTS)))
    .addOption(protocolOption().default('nova'))
    .addOption(novaReleaseOption().default(DEFAULT_OPTIONS.nova_release))
    .option('--json', 'one object on stdout and nothing else')
    .action((subject: string, flags: ListFlags) => {
      const { head, rows, data, text } = SUBJECTS[subject]!(compile(PROTOCOLS[flags.protocol], [], flags.novaRelease));
      print(
        flags.json === true
          ? JSON.stringify({ [subject]: data })
          : (text ??
              table(
                [...head],
                rows.map((row) => [...row]),
                { color: useColor(process.stdout) },
              )),
      );
    });
}

function plain(head: readonly string[], rows: readonly (readonly string[])[]): Listing {
  return { head, rows, data: rows.map((row) => Object.fromEntries(head.map((key, k) => [key, row[k]]))) };
}

/** A handler on one screen: its steps in order, which of them talk to Placement, and what is undone when it fails. */
function handlers({ protocol }: Code): Listing {
  const data = protocol.handlers.map(({ id, nova, steps }) => ({
    id,
    nova,
    steps: steps
      .flatMap((item) => (isGroup(item) ? item.steps : [item]))
      .map(({ id: point, touches }) => ({ point, touches })),
    undo: protocol.undo[id] ?? {},
  }));
  return {
    head: ['handler', 'steps', 'when it fails, innermost first'],
    rows: data.map(({ id, nova, steps, undo }) => [
      `${id}\n${nova}`,
      steps.map(({ point, touches }) => `${point} (${touches})`).join('\n'),
      Object.entries(undo)
        .map(([region, cell]) => `${region}: ${cell}`)
        .join('\n'),
    ]),
    data,
  };
}

function failurePoints(code: Code): Listing {
  const data = code.points.map(({ id, step, handlers: of }) => {
    const verdicts = FAULT_KINDS.map((kind): [FaultKind, true | string] => [kind, fits(step, kind)]);
    return {
      id,
      handlers: of,
      touches: step.touches,
      nova: step.nova,
      // where a harness that runs Nova itself finds the point; of protocol nova alone
      call: code.protocol.id === 'nova' ? callOf(id) : null,
      kinds: verdicts.flatMap(([kind, verdict]) => (verdict === true ? [kind] : [])),
      excluded: Object.fromEntries(verdicts.filter(([, verdict]) => verdict !== true)),
    };
  });
  return {
    head: ['failure point', 'in', 'faults that fit', 'the others do not, because'],
    rows: data.map(({ id, handlers: of, kinds, excluded }) => {
      const byReason = new Map<string, string[]>();
      for (const [kind, why] of Object.entries(excluded))
        byReason.set(String(why), [...(byReason.get(String(why)) ?? []), kind]);
      return [
        id,
        of.join('\n'),
        kinds.join(', '),
        [...byReason].map(([why, list]) => `${list.join(', ')}: ${why}`).join('\n'),
      ];
    }),
    data,
  };
}

function invariants(): Listing {
  const all = [...CONTRACTS.strict.invariants, ...CLOUD_LAWS].map(({ id, code, when, law }) => ({
    id,
    code,
    when,
    law,
    contracts: Object.values(CONTRACTS)
      .filter(({ invariants: own, cloud }) => [...own, ...(cloud ? CLOUD_LAWS : [])].some((one) => one.id === id))
      .map((contract) => contract.id),
  }));
  return {
    head: ['invariant', 'code', 'judged', 'law', 'contracts'],
    rows: all.map(({ id, code, when, law, contracts }) => [id, code, when, law, contracts.join(', ')]),
    data: all,
  };
}
