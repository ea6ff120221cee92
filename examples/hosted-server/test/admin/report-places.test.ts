import { describe, expect, test } from 'vitest';
import { createReportPlaces } from '../../src/admin/report-places.ts';

/** A report that ends when the test ends it. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { report: () => promise, resolve, reject };
}

const overloaded = { code: 'OVERLOADED', retryAfterMs: 5_000 };

describe('createReportPlaces', () => {
  test('runs two reports of a tenant, and reports of others up to the total', async () => {
    const places = createReportPlaces(3);
    const { report, resolve } = held();
    const running = [places.run('acme', report), places.run('acme', report)];
    await expect(places.run('acme', report)).rejects.toMatchObject(overloaded);
    running.push(places.run('globex', report));
    await expect(places.run('initech', report)).rejects.toMatchObject(overloaded);
    resolve('done');
    expect(await Promise.all(running)).toEqual(['done', 'done', 'done']);
    expect(await places.run('initech', report)).toBe('done');
  });

  test('frees the place of a report that fails', async () => {
    const places = createReportPlaces(1);
    await expect(places.run('acme', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await places.run('acme', async () => 'done')).toBe('done');
  });

  test('refuses a download whose first part finds no place, and lets later parts wait for one', async () => {
    const places = createReportPlaces(1);
    async function* parts() {
      yield* ['one', 'two'];
    }
    const { report, resolve } = held();
    const download = places.download('acme', parts())[Symbol.asyncIterator]();
    expect(await download.next()).toEqual({ done: false, value: 'one' });
    const running = places.run('globex', report);
    const second = download.next();
    await expect(places.download('acme', parts())[Symbol.asyncIterator]().next()).rejects.toMatchObject(overloaded);
    resolve('done');
    await running;
    expect(await second).toEqual({ done: false, value: 'two' });
    expect(await download.next()).toMatchObject({ done: true });
  });

  test('has two downloads of a tenant at a time, and closes the parts of those that end early', async () => {
    const places = createReportPlaces(3);
    let closed = 0;
    async function* endless() {
      try {
        for (;;) yield 'part';
      } finally {
        closed += 1;
      }
    }
    const begin = () => places.download('acme', endless())[Symbol.asyncIterator]();
    const [first, second] = [begin(), begin()];
    await Promise.all([first.next(), second.next()]);
    await expect(begin().next()).rejects.toMatchObject(overloaded);
    await first.return?.();
    expect(closed).toBe(1);
    expect(await begin().next()).toMatchObject({ value: 'part' });
  });
});
