import { NONE } from '../../state/table.ts';
import { instanceOf, loadInstance } from '../database.ts';
import { SAME_HOST_TRAIT_BIT } from '../setting.ts';
import { SERVICE, TASK, VM } from '../states.ts';
import { cast, database, OUTCOME, type Outcome, read, request } from '../step.ts';
import { diskTooSmall, type Job, seemsUp, type World } from '../world.ts';
import { API, handler, ok, refuse, setTaskFromNone } from './common.ts';

/** Decorators of API.resize and its checks of flavor and host. */
function validate(world: World, job: Job): Outcome {
  if (loadInstance(world, job) !== OUTCOME.OK) return refuse(world, job, 404);
  if (job.vm !== VM.ACTIVE && job.vm !== VM.STOPPED) return refuse(world, job, 409);
  if (job.task !== TASK.NONE || job.host === NONE) return refuse(world, job, 409);
  if (!seemsUp(world, job.host)) return refuse(world, job, 409);
  const resize = job.flavor !== NONE;
  if (!resize) {
    job.flavor = job.instanceFlavor;
    if (job.requested === job.host) return refuse(world, job, 400);
    return OUTCOME.OK;
  }
  if (job.flavor === job.instanceFlavor) return refuse(world, job, 400);
  if (diskTooSmall(world, instanceOf(world, job), job.flavor)) return refuse(world, job, 400);
  // request_spec.ignore_hosts, before the save reads back where the server is by now; a cold migration asks the provider's traits
  job.ignoreHosts = world.setting.options.allow_resize_to_same_host ? 0 : 1 << job.host;
  return OUTCOME.ELSE;
}

/** POST /servers/{id}/action {resize} and {migrate}. There is no error handling from set-task-state on. */
export const apiResize = handler({
  id: 'api.resize',
  nova: `${API}.resize`,
  prefix: 'api',
  steps: [
    request('api.validate', `${API}.resize`, validate, { else: 'api.set-task-state' }),
    read(
      'api.validate.get-traits',
      `${API}._allow_resize_to_same_host`,
      (_world, job) => ({ op: 'get-provider-traits', provider: job.host }),
      (_world, job, response) => {
        if (response.status !== 200) return OUTCOME.RAISE_PLACEMENT;
        job.ignoreHosts = (response.generation & SAME_HOST_TRAIT_BIT) === 0 ? 1 << job.host : 0;
        return OUTCOME.OK;
      },
    ),
    setTaskFromNone('api.set-task-state', `${API}.resize`, TASK.RESIZE_PREP),
    database('api.action-record', `${API}._record_action_start`, ok),
    cast(
      'api.cast-conductor',
      'nova/conductor/rpcapi.py:ComputeTaskAPI.migrate_server',
      'conductor.migrate_server',
      () => SERVICE.CONDUCTOR,
    ),
  ],
});
