/** What a switch is: changed cells of the tables under a name. */
import type { Patch } from '../step.ts';

export interface Defect extends Patch {
  readonly id: string;
  readonly kind: 'defect' | 'repair' | 'mutant';
  /** the protocol it is meant for; Nova where it is not said */
  readonly protocol?: 'nova' | 'rollback';
  /** numbers of bugs on Launchpad, and names of the switch */
  readonly aliases: readonly string[];
  readonly title: string;
  /** of a defect: the releases that had it, and the first that had it no more, with the stable ones that it was carried back to */
  readonly releases?: string;
  readonly fixed?: string;
  /** invariants that must catch it (of a repair: nothing) */
  readonly catches: readonly string[];
  /** no move of Nova's shows it: it is looked for by requests to Placement alone, and `length` counts those */
  readonly byRequests?: true;
  /** only servers with CPUs of their own show it: it is looked for in clouds with such flavors */
  readonly pinnedCpus?: true;
  /** operations and faults that show it, boots and holds not counted; 0 where the catalogue does not say */
  readonly length: number;
  /** why it can also be shown in fewer, or only in more, than the catalogue says */
  readonly lengthNote?: string;
}
