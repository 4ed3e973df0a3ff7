import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64url, joined, toBase64url } from './base64url.ts';

test('what Node writes and reads', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64url');
      expect(toBase64url(bytes)).toBe(text);
      expect(fromBase64url(text)).toEqual(bytes);
    }),
  );
});

test('more bytes than a call takes arguments', () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, k) => k % 251);
  expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
});

test('no bytes have a length of one more than a multiple of four', () => {
  expect(fromBase64url('AAAAA')).toBeNull();
});

test('pieces are joined in their order', () => {
  expect(joined([Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)])).toEqual(Uint8Array.of(1, 2, 3));
});
