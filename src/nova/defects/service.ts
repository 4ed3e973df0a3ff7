/** Bugs of services, nodes and healing tools that Nova had, each as it was. */
import { healInstances } from '../handlers/operator.ts';
import { OUTCOME } from '../step.ts';
import type { Defect } from './defect.ts';

const ok = (): number => OUTCOME.OK;

export const SERVICE_DEFECTS: readonly Defect[] = [
  {
    id: 'N-01',
    kind: 'defect',
    aliases: ['1756179', '1661014', '1811726', '1872385', 'service_delete_keeps_provider'],
    title: 'Deleting a service or node leaves its provider',
    releases: 'to Queens; of all nodes but the first to Stein, of providers with children to Ussuri',
    fixed: '18.0.0 (+17.0.5, 16.1.5, 15.1.5), 20.0.0, 22.0.0',
    catches: ['provider-lifecycle'],
    length: 1,
    steps: { 'service-delete.delete-provider': { ask: () => null } },
  },
  {
    id: 'N-02',
    kind: 'defect',
    aliases: ['1763183', 'service_delete_allows_instances'],
    title: 'Service deleted under running instances',
    releases: 'to Queens',
    fixed: '18.0.0 (+17.0.5, 16.1.5)',
    catches: ['provider-lifecycle'],
    length: 1,
    steps: { 'service-delete.instances': { run: ok } },
  },
  {
    id: 'N-03',
    kind: 'defect',
    aliases: ['1852610', 'service_delete_allows_open_moves'],
    title: 'Service deleted with an open move',
    releases: 'to Train',
    fixed: '21.0.0 (+20.1.0, 19.1.0, 18.3.0, queens-eol)',
    catches: ['provider-lifecycle'],
    length: 2,
    steps: { 'service-delete.check-migrations': { run: ok } },
  },
  {
    id: 'N-04',
    kind: 'defect',
    aliases: ['1776743', 'heal_includes_deleted'],
    title: 'Healing tool re-creates claims of deleted servers',
    releases: 'Rocky before its release',
    fixed: '18.0.0',
    catches: ['delete-releases-all', 'no-orphan-consumer'],
    length: 2,
    steps: { 'heal.next-instance': { run: healInstances((exists) => exists !== 0) } },
  },
];
