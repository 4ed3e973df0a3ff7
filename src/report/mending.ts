/** What mends the books, as an operator types it, each command with what it changed on the model. */
import { createColors } from 'picocolors';
import type { Mending, MendingStep } from '../campaign/mend.ts';
import { printable } from '../scenario/printable.ts';
import type { Operation } from '../scenario/scenario.ts';
import { exitWords } from './cast.ts';
import { instructionFor } from './openstack-commands.ts';

/** Behind a command that takes an id: whose. */
const of = (name: string): string => `  # of ${printable(name)}`;

/** The lines to type: one, or one a migration. Commands of Nova and Placement take ids, which a scenario has none of. */
function commandLines({ operation, migrations }: MendingStep): string[] {
  switch (operation.operation) {
    case 'placement_audit': {
      const { host } = operation;
      const provider = host === undefined ? '' : ` --resource_provider UUID${of(host)}`;
      return [`nova-manage placement audit --verbose --delete${provider}`];
    }
    case 'heal_allocations': {
      const force = operation.force === true ? ' --force' : '';
      return [`nova-manage placement heal_allocations --verbose --instance UUID${force}${of(operation.server ?? '')}`];
    }
    case 'delete_allocations': {
      const consumers = operation.of === 'instance' ? [operation.server] : migrations;
      return consumers.map((name) => `openstack resource provider allocation delete UUID${of(name)}`);
    }
    default: {
      const said = instructionFor(operation);
      if ('command' in said) return [said.command];
      throw new Error(`no command of an operator's is ${operation.operation}`);
    }
  }
}

function outcomeLine({ outcome: { outcome, http, exit_code, processed } }: MendingStep): string {
  if (exit_code !== undefined) return exitWords(exit_code, processed!);
  return http === null ? outcome : `${outcome} ${http}`;
}

const isAudit = ({ operation }: { readonly operation: Operation }): boolean =>
  operation.operation === 'placement_audit';

const BEWARE =
  '  beware: to audit --delete the claim of a move under way is an orphan too: not while a server moves there';

const isDelete = ({ operation }: { readonly operation: Operation }): boolean => operation.operation === 'delete';

function heading({ server, steps }: Mending): string {
  const name = printable(server);
  if (steps === null) {
    return (
      `Nothing mends the books of ${name}: no sequence of audit, heal_allocations, deleted allocations, reset state, ` +
      'hard reboot, confirm, revert and delete does.'
    );
  }
  if (steps.length === 0) return `What mends the books of ${name}: they are in order as they stand.`;
  const short = steps.some(isDelete) ? ', where nothing short of deleting it does' : '';
  return `What mends the books of ${name}${short}, tried on the model from its settled end:`;
}

export function mendingLines(mendings: readonly Mending[], color: boolean): string[] {
  const { bold, cyan, dim } = createColors(color);
  return mendings.flatMap((mending) => [
    bold(heading(mending)),
    ...(mending.steps ?? []).flatMap((step, k) => [
      ...commandLines(step).map((line, l) => `  ${l === 0 ? k + 1 : ' '}  ${line}`),
      `     ${dim(outcomeLine(step))}`,
      `     ${cyan(step.before)}`,
      `     ${cyan(`-> ${step.after}`)}`,
    ]),
    ...(mending.steps?.some(isAudit) === true ? [dim(BEWARE)] : []),
    ...mending.left.map(({ invariant, detail }) => `  left as it is: ${invariant}: ${detail}`),
  ]);
}

export function mendingJson(mendings: readonly Mending[]): object[] {
  return mendings.map(({ server, steps, left }) => ({
    server,
    commands:
      steps?.map((step) => ({
        operation: step.operation,
        command_lines: commandLines(step),
        outcome: step.outcome,
        before: step.before,
        after: step.after,
      })) ?? null,
    left,
  }));
}
