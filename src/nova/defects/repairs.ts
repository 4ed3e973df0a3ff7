/** Open weaknesses of Nova taken away, one by one: what each repair would be. */
import { resetLiveMigrationFully } from '../handlers/live-migration.ts';
import { retry } from '../report-client.ts';
import { OUTCOME } from '../step.ts';
import type { Defect } from './defect.ts';
import { without } from './live-migration.ts';

export const REPAIRS: readonly Defect[] = [
  {
    id: 'W-06',
    kind: 'repair',
    aliases: ['post_live_migration-releases-the-source'],
    title: "A live migration that fails behind the copy drops the source's claim all the same",
    catches: [],
    length: 0,
    undo: { 'compute._do_live_migration': { host: 'destination-and-release' } },
  },
  {
    id: 'W-07',
    kind: 'repair',
    aliases: ['reset_live_migration-gives-back'],
    title: 'A nova-compute that starts gives the claim of an interrupted live migration back, queued or running',
    catches: [],
    length: 0,
    order: {
      'compute.init_host': (items) => {
        const rest = without(
          'init.abort-live-migration',
          'init.fail-live-migration',
          'init.clear-live-migrating',
        )(items);
        const behind = rest.findIndex((item) => 'id' in item && item.id === 'init.finish-revert-migration');
        return [...rest.slice(0, behind), ...resetLiveMigrationFully, ...rest.slice(behind)];
      },
    },
  },
  {
    id: 'W-08',
    kind: 'repair',
    aliases: ['live_migration-gives-back-what-is-not-submitted'],
    title: 'A live migration that the executor does not take gives its claim back',
    catches: [],
    length: 0,
    undo: { 'compute.live_migration': { claim: 'give-back', task: 'clear' } },
  },
  {
    id: 'W-09',
    kind: 'repair',
    aliases: ['do_live_migration-gives-back'],
    title:
      'A live migration whose driver raised without having rolled back gives its claim back while the guest is here',
    catches: [],
    length: 0,
    undo: { 'compute._do_live_migration': { state: 'give-back-and-error-out' } },
  },
  {
    id: 'W-10',
    kind: 'repair',
    aliases: ['remove_provider_tree-tries-again'],
    title: 'What a rejected destination holds is removed again where a race kept it from being removed',
    catches: [],
    length: 0,
    steps: {
      'live.conductor.remove-alloc': {
        again: 'live.conductor.remove-alloc.get',
        falsy: 'raise',
        take: (_world, job, response) => {
          job.read.clear();
          if (response.status === 204) {
            job.attempt = 0;
            return OUTCOME.OK;
          }
          return response.status === 409 ? retry(job) : OUTCOME.RAISE_PLACEMENT;
        },
      },
    },
  },
  {
    id: 'W-14',
    kind: 'repair',
    aliases: ['resize_instance-knows-the-flip'],
    title: 'The handler of the source leg tells before from after the host flip',
    catches: [],
    length: 0,
    undo: { 'compute.resize_instance': { claim: 'give-back-with-host' } },
    steps: { 'src.end-notify': { outside: ['migration', 'vm', 'claim', 'task'] } },
  },
];
