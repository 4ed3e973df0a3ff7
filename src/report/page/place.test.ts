import { expect, test } from 'vitest';
import { findingHash, placeOf } from './place.ts';

test('a finding is found again by its link', () => {
  const finding = { token: 'cc1.Ab_-9', signature: 'a+b | x[y] lost | D active|stopped/none I{S:old} 50%' };
  expect(placeOf(findingHash(finding))).toEqual({ view: 'finding', ...finding });
});

test('a view, a token alone, a link that was cut, and anything else', () => {
  expect(placeOf('#coverage')).toEqual({ view: 'coverage' });
  expect(placeOf('#cc1.Ab')).toEqual({ view: 'finding', token: 'cc1.Ab', signature: null });
  expect(placeOf('#cc1.Ab/source%2')).toEqual({ view: 'finding', token: 'cc1.Ab', signature: null });
  expect(placeOf('')).toEqual({ view: 'findings' });
  expect(placeOf('#javascript:alert(1)')).toEqual({ view: 'findings' });
});
