/** Nova 34.0.0: what it does, and what older releases did otherwise. */

import { apiResize } from './handlers/api-resize.ts';
import { apiForceDown, apiServiceDelete } from './handlers/api-services.ts';
import { apiCreate, buildAndRunInstance, buildInstances, scheduleAndBuildInstances } from './handlers/boot.ts';
import { conductorMigrateServer } from './handlers/conductor-migrate.ts';
import { apiConfirm, computeConfirmResize, confirmSteps } from './handlers/confirm.ts';
import { apiDelete, deleteAgain, terminateInstance } from './handlers/delete.ts';
import { apiEvacuate, apiRebuild, conductorRebuildInstance, selectRebuild } from './handlers/evacuate.ts';
import { finishResize } from './handlers/finish-resize.ts';
import { apiDetachInterface, detachInterface } from './handlers/interface.ts';
import { apiLiveMigrate, apiLiveMigrateAbort, conductorLiveMigrate } from './handlers/live-migrate.ts';
import {
  checkDestination,
  checkSource,
  doLiveMigration,
  dropMoveClaimAtDestination,
  liveMigration,
  liveMigrationAbort,
  postLiveMigrationAtDestination,
  preLiveMigration,
  rollbackLiveMigrationAtDestination,
} from './handlers/live-migration.ts';
import { operatorCommands } from './handlers/operator.ts';
import { powerRequests, rebootInstance, resetState, startInstance, stopInstance } from './handlers/power.ts';
import { prepResize } from './handlers/prep-resize.ts';
import { rebuildInstance } from './handlers/rebuild-instance.ts';
import { resizeInstance } from './handlers/resize-instance.ts';
import { apiRevert, checkSharedStorage, computeFinishRevertResize, computeRevertResize } from './handlers/revert.ts';
import { novaSelectDestinations } from './handlers/scheduler.ts';
import { audit, cleanupIncompleteMigrations, initHost, pollUnconfirmedResizes } from './handlers/service.ts';
import {
  apiShelve,
  apiShelveOffload,
  apiUnshelve,
  conductorUnshelve,
  shelveInstance,
  shelveOffloadInstance,
  unshelveInstance,
} from './handlers/shelve.ts';
import { CHANGES } from './releases.ts';
import type { Protocol } from './step.ts';
import { NOVA_UNDO, NOVA_UNDO_GROUPS } from './undo.ts';

export const nova: Protocol = {
  id: 'nova',
  handlers: [
    apiCreate,
    scheduleAndBuildInstances,
    buildInstances,
    buildAndRunInstance,
    apiResize,
    conductorMigrateServer,
    novaSelectDestinations,
    prepResize,
    resizeInstance,
    finishResize,
    apiConfirm,
    computeConfirmResize,
    apiRevert,
    computeRevertResize,
    checkSharedStorage,
    computeFinishRevertResize,
    apiLiveMigrate,
    apiLiveMigrateAbort,
    conductorLiveMigrate,
    checkDestination,
    checkSource,
    preLiveMigration,
    liveMigration,
    doLiveMigration,
    postLiveMigrationAtDestination,
    rollbackLiveMigrationAtDestination,
    dropMoveClaimAtDestination,
    liveMigrationAbort,
    apiEvacuate,
    apiRebuild,
    conductorRebuildInstance,
    selectRebuild,
    rebuildInstance,
    apiForceDown,
    apiServiceDelete,
    apiDelete,
    terminateInstance,
    apiShelve,
    shelveInstance,
    apiShelveOffload,
    shelveOffloadInstance,
    apiUnshelve,
    conductorUnshelve,
    unshelveInstance,
    apiDetachInterface,
    detachInterface,
    ...powerRequests(false),
    stopInstance,
    startInstance,
    rebootInstance,
    resetState(false),
    audit,
    initHost,
    deleteAgain,
    pollUnconfirmedResizes(confirmSteps),
    cleanupIncompleteMigrations,
    ...operatorCommands(false),
  ],
  undo: NOVA_UNDO,
  undoGroups: NOVA_UNDO_GROUPS,
  changes: CHANGES,
};
