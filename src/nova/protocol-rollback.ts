/** Nova as it could be: a resize that always undoes itself whole. */

import { apiCreate, buildAndRunInstance, buildInstances, scheduleAndBuildInstances } from './handlers/boot.ts';
import { operatorCommands } from './handlers/operator.ts';
import { powerRequests, resetState, startInstance } from './handlers/power.ts';
import { audit, cleanupIncompleteMigrations, pollUnconfirmedResizes } from './handlers/service.ts';
import * as rollbackHandlers from './rollback/handlers.ts';
import {
  clearUnlessOvertaken,
  errorUnlessOvertaken,
  initHostWithoutMoves,
  rebootInstance,
  stopInstance,
} from './rollback/power.ts';
import { ROLLBACK_UNDO, ROLLBACK_UNDO_GROUPS } from './rollback/undo.ts';
import type { Protocol } from './step.ts';
import { NOVA_UNDO, NOVA_UNDO_GROUPS } from './undo.ts';

export const rollback: Protocol = {
  id: 'rollback',
  leavesBootsToNova: true,
  handlers: [
    apiCreate,
    scheduleAndBuildInstances,
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
    resetState(true),
    audit,
    initHostWithoutMoves,
    pollUnconfirmedResizes(rollbackHandlers.confirmSteps, true),
    cleanupIncompleteMigrations,
    ...operatorCommands(true),
  ],
  undo: {
    'conductor.schedule_and_build_instances': NOVA_UNDO['conductor.schedule_and_build_instances']!,
    'conductor.build_instances': NOVA_UNDO['conductor.build_instances']!,
    'compute.build_and_run_instance': NOVA_UNDO['compute.build_and_run_instance']!,
    'compute.stop_instance': { task: 'clear-unless-overtaken' },
    'compute.start_instance': { task: 'clear-unless-overtaken' },
    'compute.reboot_instance': { vm: 'error-unless-overtaken' },
    ...ROLLBACK_UNDO,
  },
  undoGroups: {
    ...NOVA_UNDO_GROUPS,
    ...ROLLBACK_UNDO_GROUPS,
    'clear-unless-overtaken': clearUnlessOvertaken,
    'error-unless-overtaken': errorUnlessOvertaken,
  },
  // a design upon the newest Nova: what older ones did otherwise is no part of it
  changes: [],
};
