/**
 * Resources that only the resource tracker knows, or that Placement knows beside a server's flavor: read from Nova's source, as
 * rows.ts has it of a resize.
 */
import {
  audit,
  bootOther,
  confirm,
  crash,
  del,
  detach,
  evacuate,
  fault,
  hold,
  type Line,
  liveMigrate,
  liveMigrateTo,
  migrate,
  resize,
  restart,
  revert,
  type Step,
  setMost,
  shelve,
  unshelveTo,
} from './scenario.ts';

export interface ResourceCase extends Line {
  readonly name: string;
  /** the server at quiescence, before anything is settled */
  readonly expected: string;
  /** CPUs that trackers have as pinned, and those of each server: `h1:0 h2:1,2 | s1:1,2` */
  readonly pins?: string;
}

const pinned = (name: string, steps: readonly Step[], expected: string, pins: string): ResourceCase => ({
  name,
  steps,
  expected,
  pins,
  pinned: true,
});

const port = (name: string, steps: readonly Step[], expected: string): ResourceCase => ({
  name,
  steps,
  expected,
  port: true,
});

/** The amounts of the flavor with those of a port that it has no more. */
const LEFT = 'h1 active/none m1 | I{h1:VCPU=1,MEMORY_MB=512,DISK_GB=1,NET_BW_EGR_KILOBIT_PER_SEC=1000}';

/** h2 has CPU 0 taken, so that a server of h1, which has it there, gets another one. */
const other = bootOther('h2', 'm1');
const same = { options: { allow_resize_to_same_host: true }, hosts: 1 } as const;

export const RESOURCE_ROWS: Readonly<Record<string, readonly ResourceCase[]>> = {
  'pinned CPUs': [
    pinned(
      'a boot takes the first that are free',
      [bootOther('h1', 'm2')],
      'h1 active/none m1 | I{h1:m1}',
      'h1:0,1,2 h2: | s1:0 s2:1,2',
    ),
    pinned('a delete gives them back', [other, del()], 'deleted | I{}', 'h1: h2:0 | s1:0 s2:0'),
    pinned(
      'a resize that waits has both',
      [other, resize()],
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished',
      'h1:0 h2:0,1,2 | s1:1,2 s2:0',
    ),
    pinned(
      'confirm lets go of the old ones',
      [other, resize(), confirm()],
      'h2 active/none m2 | I{h2:m2} | M1{} confirmed',
      'h1: h2:0,1,2 | s1:1,2 s2:0',
    ),
    pinned(
      'revert lets go of the new ones',
      [other, resize(), revert()],
      'h1 active/none m1 | I{h1:m1} | M1{} reverted',
      'h1:0 h2:0 | s1:0 s2:0',
    ),
    pinned(
      'a claim that is aborted lets go',
      [other, resize(fault('prep.cast-resize', 'refused', 9))],
      'h1 error/none m1 | I{h1:m1} | M1{} error',
      'h1:0 h2:0 | s1:0 s2:0',
    ),
    pinned(
      'audits change nothing of a resize that waits',
      [other, resize(), audit('h1'), audit('h2'), confirm()],
      'h2 active/none m2 | I{h2:m2} | M1{} confirmed',
      'h1: h2:0,1,2 | s1:1,2 s2:0',
    ),
    // finish_resize applies the context before it asks Neutron, and the handler of the failure saves the instance
    pinned(
      'finish fails behind apply_migration_context',
      [other, resize(fault('finish.network', 'error-before'))],
      'h2 error/none m2 | I{h2:m2} | M1{} error',
      'h1:0 h2:0,1,2 | s1:1,2 s2:0',
    ),
    pinned(
      'the destination audits before finish: through the context',
      [other, migrate(hold('src.cast-finish')), audit('h2')],
      'h2 resized/none m1 | I{h2:m1} | M1{h1:m1} finished',
      'h1:0 h2:0,1 | s1:1 s2:0',
    ),
    // neither resident there nor in progress
    pinned(
      'the source audits between the two legs of a revert: its own CPUs look free',
      [other, migrate(), revert(hold('revert.cast-finish')), audit('h1')],
      'h1 active/none m1 | I{h1:m1} | M1{} reverted',
      'h1: h2:0 | s1:0 s2:0',
    ),
    // counted as resident through the context and once more as a move: CPUPinningInvalid, which the service logs
    {
      ...pinned(
        'a resize within the host that is audited before finish: what comes behind it in the audit is not counted',
        [bootOther('h1', 'm1'), resize(hold('src.cast-finish')), audit('h1')],
        'h1 resized/none m2 | I{h1:m2} | M1{h1:m1} finished',
        'h1:1,2,3 | s1:2,3 s2:1',
      ),
      ...same,
    },
    pinned(
      'a live migration claims on the destination',
      [other, liveMigrate()],
      'h2 active/none m1 | I{h2:m1} | M1{} completed',
      'h1: h2:0,1 | s1:1 s2:0',
    ),
    pinned(
      'a live migration that is rolled back',
      [other, liveMigrate(fault('live.run.copy', 'error-before'))],
      'h1 active/none m1 | I{h1:m1} | M1{} failed',
      'h1:0 h2:0 | s1:0 s2:0',
    ),
    pinned(
      'a live migration whose preparation failed',
      [other, liveMigrate(fault('live.pre.driver', 'error-before'))],
      'h1 active/none m1 | I{h1:m1} | M1{} failed',
      'h1:0 h2:0 | s1:0 s2:0',
    ),
    // the next audit does not count it: its task_state says that it is not moving
    pinned(
      'a live migration that is refused behind the claim: it stays until the audit',
      [other, liveMigrateTo('h2', fault('live.check.source-data', 'error-before'))],
      'h1 error/none m1 | I{h1:m1} | M1{} error',
      'h1:0 h2:0,1 | s1:0 s2:0',
    ),
    pinned(
      'and the audit',
      [other, liveMigrateTo('h2', fault('live.check.source-data', 'error-before')), audit('h2')],
      'h1 error/none m1 | I{h1:m1} | M1{} error',
      'h1:0 h2:0 | s1:0 s2:0',
    ),
    pinned(
      'a live migration that fails behind the copy: the context is applied all the same',
      [other, liveMigrate(fault('live.post.unplug', 'error-before'))],
      'h2 error/none m1 | I{h2:m1} | M1{h1:m1} error',
      'h1:0 h2:0,1 | s1:1 s2:0',
    ),
    pinned(
      'shelve lets go, and unshelve takes what is free there',
      [other, shelve(), unshelveTo('h2')],
      'h2 active/none m1 | I{h2:m1}',
      'h1: h2:0,1 | s1:1 s2:0',
    ),
    pinned(
      'an evacuation claims on the destination, and its source counts none when it is back',
      [other, crash('h1'), evacuate(), restart('h1')],
      'h2 active/none m1 | I{h2:m1} | M1{} completed',
      'h1: h2:0,1 | s1:1 s2:0',
    ),
    pinned(
      'the destination audits while it builds: through the context',
      [other, crash('h1'), evacuate(hold('rebuild.spawn')), audit('h2')],
      'h2 active/none m1 | I{h1:m1 h2:m1} | M1{} done',
      'h1: h2:0,1 | s1:1 s2:0',
    ),
    pinned(
      'a nova-compute that starts counts them again',
      [other, restart('h1')],
      'h1 active/none m1 | I{h1:m1}',
      'h1:0 h2:0 | s1:0 s2:0',
    ),
  ],

  'a port that guarantees bandwidth': [
    port('a boot claims it with the flavor', [], 'h1 active/none m1 | I{h1:m1}'),
    port('a resize takes it along', [resize(), confirm()], 'h2 active/none m2 | I{h2:m2} | M1{} confirmed'),
    port('a revert gives it back', [resize(), revert()], 'h1 active/none m1 | I{h1:m1} | M1{} reverted'),
    port('a live migration takes it along', [liveMigrate()], 'h2 active/none m1 | I{h2:m1} | M1{} completed'),
    port('a detach releases it alone', [detach()], 'h1 active/none m1 | I{h1:m1}'),
    port(
      'and what is moved behind it has none',
      [detach(), resize(), confirm()],
      'h2 active/none m2 | I{h2:m2} | M1{} confirmed',
    ),
    port(
      'a detach while a resize waits is refused',
      [resize(), detach()],
      'h2 resized/none m2 | I{h2:m2} | M1{h1:m1} finished',
    ),
    port('a detach of what is gone', [detach(), detach()], 'h1 active/none m1 | I{h1:m1}'),
    port('a delete releases all', [del()], 'deleted | I{}'),
    ...(['detach.network-info', 'detach.start-notify', 'detach.driver', 'detach.deallocate-port'] as const).map(
      (point) =>
        port(
          `${point} fails: nothing is released`,
          [detach(fault(point, 'error-before'))],
          'h1 active/none m1 | I{h1:m1}',
        ),
    ),
    // the port is gone in Neutron
    ...(['refused', 'timeout-before', 'html-before'] as const).map((kind) =>
      port(
        `detach.remove-resources ${kind}: the port is gone and its claim is not`,
        [detach(fault('detach.remove-resources', kind))],
        LEFT,
      ),
    ),
    port('the read of the claim fails', [detach(fault('detach.remove-resources.get', 'refused'))], LEFT),
    port(
      'one generation conflict: it is tried again',
      [detach(fault('detach.remove-resources', 'conflict'))],
      'h1 active/none m1 | I{h1:m1}',
    ),
    port('as many as `retries` has', [detach(fault('detach.remove-resources', 'conflict', 4))], LEFT),
    port('detach.save fails behind it', [detach(fault('detach.save', 'error-before'))], 'h1 active/none m1 | I{h1:m1}'),
    // W-30: a 409 that is no generation conflict
    port(
      'Placement refuses what is left of the claim: taken for success',
      [resize(), confirm(), setMost('h2', 'VCPU', 1), detach()],
      'h2 active/none m2 | I{h2:VCPU=2,MEMORY_MB=1024,DISK_GB=2,NET_BW_EGR_KILOBIT_PER_SEC=1000} | M1{} confirmed',
    ),
  ],
};
