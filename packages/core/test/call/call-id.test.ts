import { expect, test } from 'vitest';
import { callIds } from '../../src/call/call-id.ts';

const now = Date.UTC(2026, 0, 1);

test('ids are UUIDs of version 7 that begin with the time', () => {
  const id = callIds()(now);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now);
});

test('each id is greater than the previous one: in the same millisecond, after many ids, and after the clock is set back', () => {
  const next = callIds();
  const ids = [now, now + 1, now - 60_000, ...Array.from({ length: 10_000 }, () => now), now + 1_000].map(next);
  expect(ids).toEqual([...new Set(ids)].sort());
  expect(Number.parseInt(ids.at(-1)?.replaceAll('-', '').slice(0, 12) ?? '', 16)).toBe(now + 1_000);
});

test('ids of two processes differ in their random part', () => {
  expect(callIds()(now)).not.toBe(callIds()(now));
});
