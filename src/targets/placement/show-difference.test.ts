import { expect, test } from 'vitest';
import { showDifference } from './show-difference.ts';

const answer = (status: number, generation: number) => ({
  status,
  headers: { 'openstack-api-version': 'placement 1.39' },
  body: { resource_provider_generation: generation, name: "it's \u001b[31m<b>" },
});
const sent = (method: string, path: string, body: string | null) => ({
  request: { method, path, headers: { 'openstack-api-version': 'placement 1.39' }, body },
  current: true,
});

test('as two columns and as lines to paste, whatever stands in the answers', () => {
  const difference = {
    requests: [sent('PUT', '/traits/CUSTOM_X', null), sent('POST', '/resource_providers', '{"name":"it\'s"}')],
    model: answer(200, 1),
    real: answer(200, 2),
  };
  const where = { name: 'Placement 16.0.0', url: 'http://127.0.0.1:8778', start: 'python launcher.py 8778 &' };
  expect(showDifference(difference, where).join('\n')).toMatchSnapshot();
});
