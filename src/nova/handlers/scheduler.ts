import { NONE } from '../../state/table.ts';
import { claimResources } from '../report-client.ts';
import { VM } from '../states.ts';
import { type Handler, memory, OUTCOME, type Outcome, read, withAlternates } from '../step.ts';
import { amountsOf, isListed, type Job, seemsUp, type World } from '../world.ts';
import { handler, I, lowest, wanted } from './common.ts';

const SCHEDULER = 'nova/scheduler/manager.py:SchedulerManager';

/**
 * Filters: compute services up, the source unless it may be used, the requested host. The weigher of a scenario's cloud
 * is the order of its hosts.
 */
function filter(world: World, job: Job): Outcome {
  // of a boot: nova/scheduler/host_manager.py:get_filtered_hosts asks no filter about a host that was forced
  const forced = job.requested !== NONE && job.vm === VM.BUILDING;
  let kept = 0;
  for (let h = 0; h < world.setting.hosts.length; h++) {
    if ((job.hosts & (1 << h)) === 0 || !isListed(world, h) || (!seemsUp(world, h) && !forced)) continue;
    if ((job.ignoreHosts & (1 << h)) !== 0) continue;
    if (job.requested !== NONE && job.requested !== h) continue;
    kept |= 1 << h;
  }
  if (kept === 0) return OUTCOME.RAISE_NO_VALID_HOST;
  job.hosts = kept;
  job.cursor = kept;
  return OUTCOME.OK;
}

/**
 * @param consumer who claims the destination: the instance in Nova, the migration in the rollback protocol
 * @param replace the claim takes the place of what the consumer holds, instead of being added to it
 */
export function selectDestinations(consumer: (world: World, job: Job) => number, replace: boolean): Handler {
  return handler({
    id: 'scheduler.select_destinations',
    nova: `${SCHEDULER}.select_destinations`,
    prefix: 'scheduler',
    steps: [
      read(
        'scheduler.candidates',
        'nova/scheduler/client/report.py:SchedulerReportClient.get_allocation_candidates',
        (world, job) => {
          const flavor = world.setting.flavors[job.flavor]!;
          return {
            op: 'get-candidates',
            resources: amountsOf(world, job.flavor, world.instances[job.instance]!).resources,
            required: flavor.required,
            forbidden: flavor.forbidden,
            inTree: job.requested,
          };
        },
        (_world, job, response) => {
          if (response.code === 'timeout') return OUTCOME.RAISE_PLACEMENT;
          // refused, 4xx and 5xx all mean "no candidates"
          if (response.status !== 200 || response.ids.length === 0) return OUTCOME.RAISE_NO_VALID_HOST;
          job.hosts = 0;
          for (const p of response.ids) job.hosts |= 1 << p;
          return OUTCOME.OK;
        },
      ),
      memory('scheduler.filter', `${SCHEDULER}._get_sorted_hosts`, filter),
      memory('scheduler.next-host', `${SCHEDULER}._schedule`, (_world, job) => {
        job.destination = lowest(job.cursor);
        if (job.destination === NONE) return OUTCOME.RAISE_NO_VALID_HOST;
        job.cursor &= ~(1 << job.destination);
        return OUTCOME.OK;
      }),
      withAlternates(
        (job) => job.cursor,
        claimResources('scheduler.claim-get', 'scheduler.claim-put', consumer, wanted, 'scheduler.next-host', replace),
      ),
      memory('scheduler.reply', `${SCHEDULER}._get_alternate_hosts`, (world, job) => {
        let rest = job.hosts & ~(1 << job.destination);
        let alternates = 0;
        for (let k = 1; k < world.setting.options.max_attempts && rest !== 0; k++) {
          const host = lowest(rest);
          alternates |= 1 << host;
          rest &= ~(1 << host);
        }
        job.hosts = alternates;
        return OUTCOME.OK;
      }),
    ],
  });
}

export const novaSelectDestinations = selectDestinations(I, false);
