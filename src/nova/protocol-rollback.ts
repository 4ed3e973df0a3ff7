/** Nova as it could be: a resize that always undoes itself whole. */

import { apiCreate, buildAndRunInstance, buildInstances } from './handlers/boot.ts';
import { apiResetState, powerRequests, rebootInstance, startInstance, stopInstance } from './handlers/power.ts';
import {
  audit,
  cleanupIncompleteMigrations,
  initHostWithoutMoves,
  pollUnconfirmedResizes,
} from './handlers/service.ts';
import * as rollbackHandlers from './rollback/handlers.ts';
import { ROLLBACK_UNDO, ROLLBACK_UNDO_GROUPS } from './rollback/undo.ts';
import type { Protocol } from './step.ts';
import { NOVA_UNDO, NOVA_UNDO_GROUPS } from './undo.ts';

export const rollback: Protocol = {
  id: 'rollback',
  handlers: [
    apiCreate,
    buildInstances,
    buildAndRunInstance,
    rollbackHandlers.apiResizeWithIntent,
    rollbackHandlers.migrateServer,
    rollbackHandlers.scheduler,
    rollbackHandlers.prep,
    rollbackHandlers.resizeInstance,
    rollbackHandlers.finishResize,
    rollbackHandlers.undoMove,
    rollbackHandlers.discardGuest,
    rollbackHandlers.restoreGuestHandler,
    rollbackHandlers.recoverMoves,
    rollbackHandlers.recoverDeletes,
    rollbackHandlers.apiConfirm,
    rollbackHandlers.confirmResize,
    rollbackHandlers.apiRevert,
    rollbackHandlers.revertResize,
    rollbackHandlers.finishRevertResize,
    rollbackHandlers.apiDelete,
    rollbackHandlers.terminateInstance,
    ...powerRequests(true),
    stopInstance,
    startInstance,
    rebootInstance,
    apiResetState,
    audit,
    initHostWithoutMoves,
    pollUnconfirmedResizes(rollbackHandlers.confirmSteps),
    cleanupIncompleteMigrations,
  ],
  undo: {
    'conductor.build_instances': NOVA_UNDO['conductor.build_instances']!,
    'compute.build_and_run_instance': NOVA_UNDO['compute.build_and_run_instance']!,
    'compute.stop_instance': NOVA_UNDO['compute.stop_instance']!,
    'compute.start_instance': NOVA_UNDO['compute.start_instance']!,
    'compute.reboot_instance': NOVA_UNDO['compute.reboot_instance']!,
    ...ROLLBACK_UNDO,
  },
  undoGroups: { ...NOVA_UNDO_GROUPS, ...ROLLBACK_UNDO_GROUPS },
};
