/** Nova's state names, as numbers inside a world and as words outside. Order is ours; the words are Nova's. */

import { MIGRATION_STATUSES } from '../scenario/scenario.ts';

/** nova/compute/vm_states.py */
export const VM_NAMES = [
  'building',
  'active',
  'stopped',
  'resized',
  'error',
  'deleted',
  'shelved',
  'shelved_offloaded',
] as const;
export const VM = {
  BUILDING: 0,
  ACTIVE: 1,
  STOPPED: 2,
  RESIZED: 3,
  ERROR: 4,
  DELETED: 5,
  SHELVED: 6,
  SHELVED_OFFLOADED: 7,
} as const;

/** nova/compute/task_states.py; 'none' is Python's None */
export const TASK_NAMES = [
  'none',
  'resize_prep',
  'resize_migrating',
  'resize_migrated',
  'resize_finish',
  'resize_reverting',
  'deleting',
  'powering-off',
  'powering-on',
  'rebooting_hard',
  'reboot_started_hard',
  'spawning',
  'reboot_pending_hard',
  'migrating',
  'rebuilding',
  'rebuild_block_device_mapping',
  'rebuild_spawning',
  'shelving',
  'shelving_image_pending_upload',
  'shelving_image_uploading',
  'shelving_offloading',
  'unshelving',
  'scheduling',
  'networking',
  'block_device_mapping',
] as const;
export const TASK = {
  NONE: 0,
  RESIZE_PREP: 1,
  RESIZE_MIGRATING: 2,
  RESIZE_MIGRATED: 3,
  RESIZE_FINISH: 4,
  RESIZE_REVERTING: 5,
  DELETING: 6,
  POWERING_OFF: 7,
  POWERING_ON: 8,
  REBOOTING_HARD: 9,
  REBOOT_STARTED_HARD: 10,
  SPAWNING: 11,
  REBOOT_PENDING_HARD: 12,
  MIGRATING: 13,
  REBUILDING: 14,
  REBUILD_BLOCK_DEVICE_MAPPING: 15,
  REBUILD_SPAWNING: 16,
  SHELVING: 17,
  SHELVING_IMAGE_PENDING_UPLOAD: 18,
  SHELVING_IMAGE_UPLOADING: 19,
  SHELVING_OFFLOADING: 20,
  UNSHELVING: 21,
  SCHEDULING: 22,
  NETWORKING: 23,
  BLOCK_DEVICE_MAPPING: 24,
} as const;

/** Migration.status (nova/objects/fields.py, nova/compute/manager.py) */
export const STATUS_NAMES = [...MIGRATION_STATUSES, 'undoing'] as const;
export const STATUS = {
  PRE_MIGRATING: 0,
  MIGRATING: 1,
  POST_MIGRATING: 2,
  FINISHED: 3,
  CONFIRMING: 4,
  CONFIRMED: 5,
  REVERTING: 6,
  REVERTED: 7,
  ERROR: 8,
  FAILED: 9,
  ACCEPTED: 10,
  QUEUED: 11,
  PREPARING: 12,
  RUNNING: 13,
  COMPLETED: 14,
  CANCELLED: 15,
  /** an evacuation whose source has not come back yet */
  DONE: 16,
  /** of the rollback protocol alone: a move that will be undone, whatever happens next */
  UNDOING: 17,
} as const;

const OVER =
  (1 << STATUS.CONFIRMED) |
  (1 << STATUS.REVERTED) |
  (1 << STATUS.ERROR) |
  (1 << STATUS.FAILED) |
  (1 << STATUS.COMPLETED) |
  (1 << STATUS.CANCELLED) |
  (1 << STATUS.DONE);

/** nova/db/main/api.py:migration_get_in_progress_by_host_and_node */
export function inProgress(status: number): boolean {
  return (OVER & (1 << status)) === 0;
}

/** nova/compute/power_state.py, as the instance row has it */
export const POWER_NAMES = ['nostate', 'running', 'shutdown'] as const;
export const POWER = { NOSTATE: 0, RUNNING: 1, SHUTDOWN: 2 } as const;

/** Migration.migration_type */
export const MOVE_TYPE_NAMES = ['resize', 'migration', 'live-migration', 'evacuation'] as const;
export const MOVE_TYPE = { RESIZE: 0, MIGRATION: 1, LIVE_MIGRATION: 2, EVACUATION: 3 } as const;

/** What a move was asked for as. An unshelve has no migration record, a resize and a cold migration wait for a decision. */
export const MOVE = { RESIZE: 0, LIVE_MIGRATION: 1, EVACUATION: 2, UNSHELVE: 3 } as const;

/**
 * Services, as a world numbers them; compute host h is COMPUTE + h. OPERATOR is no service: the shell of an operator, whose
 * commands (nova-manage, openstack) are processes of their own and need the database and Placement alone.
 */
export const SERVICE = { OPERATOR: -2, API: 0, CONDUCTOR: 1, SCHEDULER: 2, PLACEMENT: 3, COMPUTE: 4 } as const;
export const CONTROLLER_NAMES = ['api', 'conductor', 'scheduler', 'placement'] as const;

/** What a campaign wants to have seen come across a move. */
export const MET = {
  ANOTHER_MOVE: 1,
  INVENTORY: 2,
  HOST_GONE: 4,
  PLACEMENT_AWAY: 8,
  FAULT_IN_RECOVERY: 16,
  MESSAGE_LOST: 32,
  MESSAGE_LATE: 64,
} as const;
