import { expect, onTestFinished, test } from 'vitest';
import { ToolError, type RateLimit } from '../../../src/index.ts';
import { startBothLanes } from './both-lanes.ts';
import { judge, report } from './differences.ts';
import { named, toWire, withHeader } from './http-request.ts';
import type { ServerSetup } from './reference-server.ts';
import { bases, call, fewBases, modernVersion } from './requests.ts';

const calls = [modernVersion, '2025-11-25'].flatMap((version) => [
  call(version, 'reference_write_text', { text: 'own' }),
  call(version, 'reference_echo_text', { text: 7 }),
  call(version, 'reference_no_such'),
  call(version, 'reference_show_content', { kind: 'a mixture' }),
  call(version, 'reference_give_value', { kind: 'array' }),
  call(version, 'reference_ask_twice', {}, { elicitation: {} }),
]);
const narrow = fewBases.map((base) => named(base, 'narrow', withHeader(base, 'authorization', 'Bearer narrow')));
const paged = fewBases.map((base) => named(base, 'from a page', withHeader(base, 'origin', 'https://app.example.com')));
const requests = [...bases, ...calls, ...narrow, ...paged].map(toWire);

const spent: RateLimit = { take: async () => ({ allowed: false, rule: { limit: 1, windowMs: 1_000 }, remaining: 0, resetMs: 10 }) };

/** Hosts of every kind. Both lanes must give the same answers for them and for their failures. */
const hosts: Readonly<Record<string, ServerSetup>> = {
  'without instructions': { host: { info: { name: 'reference', version: '1' } } },
  'with empty instructions': { host: { info: { name: '', version: '', instructions: '' } } },
  'with names and instructions that JSON escapes': {
    host: { info: { name: '"é\u2028', version: '\ud800', instructions: '🐦\n\u0000' } },
  },
  'without tools': { host: { connectors: [] } },
  'that allows an origin': { transport: { allowedOrigins: ['https://app.example.com'] } },
  'with a rate limit for each tenant': { host: { tenantRateLimit: spent } },
  'with a rate limit for each connector': { host: { connectorRateLimit: spent } },
  'with a rate limit for each address': { transport: { limitPerAddress: spent } },
  'that accepts only small requests': { transport: { maxBodyBytes: 200 } },
  'that returns only small answers': { host: { maxAnswerBytes: 10 } },
  'whose middleware refuses': { host: { middleware: [() => Promise.reject(new ToolError('FORBIDDEN', 'Not today.'))] } },
  'whose middleware fails': { host: { middleware: [() => Promise.reject(new Error('a secret'))] } },
  'whose middleware answers': {
    host: { middleware: [async () => ({ content: [], structuredContent: ['own'], isError: true, meta: { own: 1 } })] },
  },
  'whose metering is down': {
    host: {
      metering: {
        admit: () => Promise.reject(new ToolError('UNAVAILABLE', 'Down.', { retryAfterMs: 10 })),
        record: () => Promise.reject(new ToolError('UNAVAILABLE', 'Down.', { retryAfterMs: 10 })),
        settle: async () => {},
        report: async () => {},
      },
    },
  },
  'that fails outside of its calls': {
    change: (host) => ({ ...host, call: () => Promise.reject(Object.assign(new Error('a secret'), { code: -32_999, data: 'a secret' })) }),
  },
  'that lists no tools, but runs them': { change: (host) => ({ ...host, tools: () => [] }) },
  'that is closed': {
    change: async (host) => {
      await host.close(0);
      return host;
    },
  },
};

test.each(Object.entries(hosts))('both lanes answer in the same way for a host %s', async (_which, setup) => {
  const lanes = await startBothLanes(setup);
  onTestFinished(async () => void (await lanes.close()));
  const { unlisted } = judge(await lanes.compare(requests));
  expect(unlisted.length, report(unlisted)).toBe(0);
  expect(lanes.both.takeRecords()).toEqual(lanes.sdk.takeRecords());
});
