import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  manualClock,
  startSimulator,
  vendorClock,
  type ManualClock,
  type Simulator,
  type VendorClock,
} from '../../../src/testing/index.ts';

let ours: ManualClock;
let theirs: VendorClock;
let performed: number;
let simulator: Simulator;

beforeEach(async () => {
  ours = manualClock();
  theirs = vendorClock(ours);
  performed = 0;
  simulator = await startSimulator({
    clock: theirs,
    routes: { 'GET /time': () => ({ status: 200, body: { now: theirs.now(), performed: (performed += 1) } }) },
    failure: (status) => ({ body: { error: `E${status}` } }),
  });
});
afterEach(() => simulator.close());

const get = (path: string, token?: string) => fetch(simulator.url + path, { headers: token === undefined ? {} : { authorization: token } });
const dateOf = ({ headers }: Response) => Date.parse(headers.get('date') ?? '');

describe('until it recovers, the simulator', () => {
  it('refuses an expired token, and no other', async () => {
    simulator.misbehave({ kind: 'expire' });
    expect((await get('/time')).status).toBe(200);
    expect((await get('/time', 'first')).status).toBe(401);
    const again = await get('/time', 'first');
    expect([again.status, await again.json()]).toEqual([401, { error: 'E401' }]);
    expect(performed).toBe(1);
    expect((await get('/time', 'second')).status).toBe(200);
    simulator.recover();
    expect((await get('/time', 'first')).status).toBe(200);
  });

  it('remembers the newest 100 expired tokens', async () => {
    simulator.misbehave({ kind: 'expire', times: 101 });
    for (let token = 0; token <= 100; token += 1) expect((await get('/time', `t${token}`)).status).toBe(401);
    const statuses = [];
    for (const token of ['t0', 't1', 't100']) statuses.push((await get('/time', token)).status);
    expect(statuses).toEqual([200, 401, 401]);
  });

  it.each([600_000, -600_000])('has a clock that is %i ms ahead, for handlers and for the date of every answer', async (ms) => {
    const times = async () => {
      const told = await get('/time');
      return [((await told.json()) as { now: number }).now, dateOf(told), dateOf(await get('/nowhere')), dateOf(await get('/time'))];
    };
    const right = Array.from({ length: 4 }, () => ours.now());
    expect(await times()).toEqual(right);
    simulator.misbehave({ kind: 'skew', ms });
    simulator.misbehave({ kind: 'html', match: ({ path }) => path === '/nowhere' });
    expect(await times()).toEqual(right.map((now) => now + ms));
    simulator.recover();
    expect(await times()).toEqual(right);
  });

  it('dates its answers by the wrong clock, and leaves the caller’s clock unchanged', async () => {
    await simulator.close();
    simulator = await startSimulator({ clock: ours, routes: {} });
    simulator.misbehave({ kind: 'skew', ms: 1_000 });
    expect(dateOf(await get('/nowhere')) - ours.now()).toBe(1_000);
    expect('skewMs' in ours).toBe(false);
  });
});
