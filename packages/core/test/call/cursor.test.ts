import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createCursor } from '../../src/call/cursor.ts';

const secret = 's'.repeat(32);
const scope = ['tenant', 'connection', 'tool'];

test('a cursor reads every JSON position that it wrote', () => {
  const cursor = createCursor(secret, scope);
  fc.assert(
    fc.property(fc.jsonValue(), (position) => {
      // JSON has no -0.
      expect(cursor.read(cursor.write(position), z.unknown())).toEqual(JSON.parse(JSON.stringify(position)));
    }),
  );
});

test('a token of another tenant, connection, tool or secret is refused', () => {
  const written = createCursor(secret, scope).write('p');
  for (const other of [
    createCursor(secret, ['other', 'connection', 'tool']),
    createCursor(secret, ['tenant', 'other', 'tool']),
    createCursor(secret, ['tenant', 'connection', 'other']),
    createCursor('t'.repeat(32), scope),
  ]) {
    expect(() => other.read(written, z.string())).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  }
});

test('a forged token, and a position of another form, are refused', () => {
  const cursor = createCursor(secret, scope);
  const written = cursor.write({ page: 1 });
  for (const forged of [
    '',
    '.',
    'x',
    `x${written}`,
    `${written}x`,
    written.slice(0, -1),
    written.replace('.', ''),
    'é.é',
    'a'.repeat(10_000),
  ]) {
    expect(() => cursor.read(forged, z.unknown()), forged.slice(0, 20)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  }
  expect(() => cursor.read(written, z.string())).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});

test('a cursor refuses a given input that its position has otherwise, and ignores inputs that are not given', () => {
  const cursor = createCursor(secret, scope);
  const Position = z.object({ order: z.string(), fields: z.array(z.string()).optional() });
  const written = cursor.write({ order: 'newest' });
  const read = (given: object) => cursor.read(written, Position, { ...given });
  for (const given of [{}, { order: 'newest' }, { order: undefined, fields: undefined }]) expect(read(given)).toEqual({ order: 'newest' });
  for (const given of [{ order: 'oldest' }, { fields: ['a'] }, { fields: [] }])
    expect(() => read(given)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('belongs to another list') }),
    );
});
