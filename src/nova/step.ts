/**
 * The form of a handler: steps in order, each with its failure point; what a step's cells mean to the executor is said here.
 */
import type { Request, Response } from '../placement/api.ts';
import type { PlacementRules } from '../placement/server.ts';
import { saveInstance } from './database.ts';
import type { Job, World } from './world.ts';

/**
 * What a step came to. From RAISE on it is an exception, and its class decides with the undo table what follows.
 */
export const OUTCOME = {
  OK: 0,
  /** the report client returned None or False: looks like success to whoever does not check */
  FALSY: 1,
  /** take the step's `else` */
  ELSE: 2,
  /** the handler is done, successfully */
  DONE: 3,
  /** Retry of the report client: the conversation begins again */
  AGAIN: 4,
  /** the handler is done with an exception that nobody undoes: the API's refusal */
  REFUSE: 5,
  RAISE: 16,
  /** UnexpectedTaskStateError and UnexpectedDeletingTaskStateError */
  RAISE_TASK_STATE: 17,
  /** InstanceNotFound, MigrationNotFound */
  RAISE_NOT_FOUND: 18,
  /** InstanceFaultRollback, NotImplementedError */
  RAISE_ROLLBACK: 19,
  /** BuildAbortException */
  RAISE_BUILD_ABORT: 20,
  /** NoValidHost, MaxRetriesExceeded */
  RAISE_NO_VALID_HOST: 21,
  /** ComputeResourcesUnavailable */
  RAISE_UNAVAILABLE: 22,
  /** MessagingTimeout, MessageDeliveryFailure */
  RAISE_MESSAGING: 23,
  /** AllocationMoveFailed, AllocationUpdateFailed, AllocationDeleteFailed: a consumer generation conflict */
  RAISE_CONFLICT: 24,
  /** any other failure of a request to Placement that raises */
  RAISE_PLACEMENT: 25,
  /** MigrationPreCheckError, or another that says that this host will not do */
  RAISE_PRE_CHECK: 26,
  /** MessageDeliveryFailure of a call, where a time-out means something else */
  RAISE_UNDELIVERED: 27,
  /** RescheduledException: a build that another host may take */
  RAISE_RESCHEDULED: 28,
  /** GroupAffinityViolation, then RescheduledByPolicyException */
  RAISE_POLICY: 29,
  /** keystoneauth1's ClientException: Placement did not answer */
  RAISE_CLIENT: 30,
} as const;
export type Outcome = number;

export const OUTCOME_WORDS: Readonly<Record<number, string>> = {
  0: 'ok',
  1: 'returned falsy',
  2: 'went the other way',
  3: 'done',
  4: 'tries again',
  5: 'refused',
  16: 'raised',
  17: 'raised UnexpectedTaskStateError',
  18: 'raised InstanceNotFound',
  19: 'raised InstanceFaultRollback',
  20: 'raised BuildAbortException',
  21: 'raised NoValidHost',
  22: 'raised ComputeResourcesUnavailable',
  23: 'raised MessagingTimeout',
  24: 'raised on a consumer generation conflict',
  25: 'raised on the answer of Placement',
  26: 'raised MigrationPreCheckError',
  27: 'raised MessageDeliveryFailure',
  28: 'raised RescheduledException',
  29: 'raised RescheduledByPolicyException',
  30: 'raised ClientException',
};

/** What a step deals with; decides which kinds of fault can strike there. */
export type Touches =
  | 'request'
  | 'memory'
  | 'database'
  | 'driver'
  | 'neutron'
  | 'cinder'
  | 'notification'
  | 'tracker'
  | 'placement-read'
  | 'placement-write'
  | 'cast'
  | 'call'
  /** work handed to an executor of the same process, and a function of it that is another handler */
  | 'task'
  | 'function';

/**
 * The `try`s of Nova, by what their handlers do: who gives the claim back, who marks the migration, who sets vm_state and
 * who clears task_state are different ones, nested differently in every handler (undo.ts has the order).
 */
export type Region =
  | 'guest'
  | 'abort'
  | 'teardown'
  | 'host'
  | 'claim'
  | 'retry'
  | 'notify'
  | 'migration'
  | 'vm'
  | 'unstash'
  | 'task'
  | 'state';

/** Regions that reach only the steps that name them in `inside`. */
export const INNER_REGIONS: ReadonlySet<Region> = new Set<Region>(['guest', 'abort', 'teardown', 'host']);

export interface Step {
  /** the failure point */
  readonly id: string;
  readonly touches: Touches;
  /** Nova's function that the step mirrors */
  readonly nova: string;
  /** anything but a request or a message */
  readonly run?: (world: World, job: Job) => Outcome;
  /**
   * what a save has set on the private copy before it fails: an error handler's later save writes it (of Nova's saves of an
   * instance; a transaction keeps nothing)
   */
  readonly dirties?: (world: World, job: Job) => void;
  /** a request to Placement; pure, or it could not be sent twice, mirrored or suspended */
  readonly ask?: (world: World, job: Job) => Request | null;
  /** what the answer means to Nova */
  readonly take?: (world: World, job: Job, response: Response) => Outcome;
  /** a message: the handler it is for, the service it goes to, and what to add to a copy of the private memory */
  readonly to?: string;
  readonly where?: (world: World, job: Job) => number;
  readonly fill?: (world: World, job: Job, message: Job) => void;
  /** of a call: takes the reply of a callee that did not raise */
  readonly returned?: (world: World, job: Job, callee: Job) => Outcome;
  /** regions of the handler's undo row that do not reach this step */
  readonly outside?: readonly Region[];
  /** of INNER_REGIONS those that reach the step ('abort': the claim's own `with`; 'guest': what spawns) */
  readonly inside?: readonly Region[];
  /** a branch: where this says no, `run` takes it without a call of Nova's, and nothing can strike there */
  readonly when?: (world: World, job: Job) => boolean;
  /** what a FALSY result leads to: 'go-on', 'raise', or the id of a step ('$end' of the group, '$done') */
  readonly falsy?: string;
  /** exception raised for FALSY under `falsy: 'raise'` */
  readonly falsyRaises?: Outcome;
  readonly else?: string;
  /** where a conversation that tries again begins */
  readonly again?: string;
  /** the step is under the named lock; kept while the next step is under it too */
  readonly under?: 'tracker';
  /** runs when the step raised, before the regions do: an inner except of Nova's */
  readonly onError?: (world: World, job: Job) => void;
  /** Nova logs an exception here and goes on with the next step, or with the step of this id */
  readonly swallows?: true | string;
  /** of `swallows`: where this says so the exception goes on */
  readonly unless?: (world: World, job: Job, outcome: Outcome) => boolean;
  /** the driver may refuse here before it did anything (InstanceFaultRollback) */
  readonly mayRollBack?: boolean;
  /** may raise BuildAbortException */
  readonly mayAbort?: boolean;
  /** hosts, as bits, that can still take the move if it fails here: the protocol promises to try them */
  readonly alternates?: (job: Job) => number;
  /** what the claim of a move comes to where ResourceTracker.disabled() says that the tracker does not know the node */
  readonly unknownNode?: (world: World, job: Job) => Outcome;
}

/** Steps that belong together, such as the requests of one conversation; '$end' in their cells is what comes behind. */
export interface Group {
  readonly steps: readonly Step[];
}

export type Item = Step | Group;

export function isGroup(item: Item): item is Group {
  return 'steps' in item;
}

/** How an undo cell is carried out. Returns steps whose ids begin with the prefix. */
export type UndoGroup = (prefix: string) => readonly Item[];

/**
 * One row of the undo table: the guarded regions of a handler, innermost first, and what each does. `finally` cells run on
 * success too.
 */
export type UndoRow = Partial<Record<Region, string>>;

export interface Handler {
  /** service and Nova's function: `compute.prep_resize` */
  readonly id: string;
  /** path:function in Nova */
  readonly nova: string;
  /** first part of its failure points, for the ids of its undo steps */
  readonly prefix: string;
  readonly steps: readonly Item[];
  /** goes over what nobody is at work on any more */
  readonly recovers?: boolean;
  /** the whole handler runs under the lock on the instance's uuid */
  readonly locksInstance?: boolean;
  /** one at a time on a host, in the order of submission: `[DEFAULT] max_concurrent_live_migrations` is 1 */
  readonly pooled?: boolean;
}

/** A named set of handlers with its undo table. */
export interface Protocol {
  readonly id: string;
  readonly handlers: readonly Handler[];
  readonly undo: Readonly<Record<string, UndoRow>>;
  readonly undoGroups: Readonly<Record<string, UndoGroup>>;
  /** boots are Nova's own and no part of the design: no campaign lets a fault strike one */
  readonly leavesBootsToNova?: true;
  /** what older releases of Nova did otherwise, the newest change first; the tables above are those of the newest */
  readonly changes: readonly Change[];
}

/** Changed cells of the tables. */
export interface Patch {
  /** cells of undo rows, by handler */
  readonly undo?: Readonly<Record<string, UndoRow>>;
  /** what a name in those cells stands for */
  readonly undoGroups?: Readonly<Record<string, UndoGroup>>;
  /** cells of steps, by step */
  readonly steps?: Readonly<Record<string, Partial<Step>>>;
  /** the steps of a handler in another order, or without one */
  readonly order?: Readonly<Record<string, (items: readonly Item[]) => readonly Item[]>>;
  readonly placement?: Partial<PlacementRules>;
}

/** What a release of Nova changed: `before` takes the newest tables back to what the releases before it did. */
export interface Change {
  /** the first release that does it: 27 means 27.0.0, whatever stable branches took later */
  readonly since: number;
  readonly title: string;
  /** the functions that were changed */
  readonly nova: readonly string[];
  /** null where the model does not carry it, for the reason that `note` gives */
  readonly before: Patch | null;
  readonly note: string;
}

/** The item, with the hosts that can still take the move if a step of it fails. */
export const withAlternates = <T extends Item>(alternates: (job: Job) => number, item: T): T =>
  isGroup(item) ? { ...item, steps: item.steps.map((step) => ({ ...step, alternates })) } : { ...item, alternates };

// ---- the builders that make tables of steps read like lists

type Cells = Partial<
  Pick<
    Step,
    | 'outside'
    | 'inside'
    | 'falsy'
    | 'falsyRaises'
    | 'else'
    | 'again'
    | 'under'
    | 'when'
    | 'onError'
    | 'swallows'
    | 'unless'
    | 'mayRollBack'
    | 'mayAbort'
    | 'unknownNode'
  >
>;
type Run = (world: World, job: Job) => Outcome;

const local =
  (touches: Touches) =>
  (id: string, nova: string, run?: Run, cells: Cells = {}): Step => ({
    id,
    touches,
    nova,
    ...(run === undefined ? {} : { run }),
    ...cells,
  });

/** Fields set on the private copy and saved, under compare-and-swap on task_state where `expected` says so. */
export const saving = (
  id: string,
  nova: string,
  set: (world: World, job: Job) => void,
  expected?: number,
  cells: Cells = {},
): Step => ({
  id,
  touches: 'database',
  nova,
  dirties: set,
  run: (world, job) => {
    set(world, job);
    return saveInstance(world, job, expected);
  },
  ...cells,
});

/** Checks of the API on a user's request; refuses with `refuse`. */
export const request = local('request');
export const memory = local('memory');
export const database = local('database');
export const driver = local('driver');
export const neutron = local('neutron');
export const cinder = local('cinder');
export const notification = local('notification');
export const tracker = (id: string, nova: string, run: Run, cells: Cells = {}): Step => ({
  id,
  touches: 'tracker',
  nova,
  run,
  under: 'tracker',
  ...cells,
});

export const read = (
  id: string,
  nova: string,
  ask: (world: World, job: Job) => Request | null,
  take: (world: World, job: Job, response: Response) => Outcome,
  cells: Cells = {},
): Step => ({ id, touches: 'placement-read', nova, ask, take, ...cells });

export const write = (
  id: string,
  nova: string,
  ask: (world: World, job: Job) => Request | null,
  take: (world: World, job: Job, response: Response) => Outcome,
  cells: Cells = {},
): Step => ({ id, touches: 'placement-write', nova, ask, take, ...cells });

export const cast = (
  id: string,
  nova: string,
  to: string,
  where: (world: World, job: Job) => number,
  fill?: (world: World, job: Job, message: Job) => void,
  cells: Cells = {},
): Step => ({ id, touches: 'cast', nova, to, where, ...(fill === undefined ? {} : { fill }), ...cells });

export const call = (
  id: string,
  nova: string,
  to: string,
  where: (world: World, job: Job) => number,
  returned: (world: World, job: Job, callee: Job) => Outcome,
  cells: Cells & { fill?: (world: World, job: Job, message: Job) => void } = {},
): Step => ({ id, touches: 'call', nova, to, where, returned, ...cells });

/** Work for an executor of this process, which may have been shut down. */
export const submit = (id: string, nova: string, to: string, cells: Cells = {}): Step => ({
  id,
  touches: 'task',
  nova,
  to,
  where: (_world, job) => job.service,
  ...cells,
});

/** A function of this process that is a handler of its own. */
export const within = (id: string, nova: string, to: string, cells: Cells = {}): Step => ({
  id,
  touches: 'function',
  nova,
  to,
  where: (_world, job) => job.service,
  returned: () => OUTCOME.OK,
  ...cells,
});
