import { expect, onTestFinished, test } from 'vitest';
import { ToolError, type RateLimit } from '../../../src/index.ts';
import { startBothLanes } from './both-lanes.ts';
import { judge, report } from './differences.ts';
import { named, sent, withHeader } from './http-request.ts';
import type { TwinSetup } from './reference-server.ts';
import { bases, call, fewBases, modernVersion } from './requests.ts';

const calls = [modernVersion, '2025-11-25'].flatMap((version) => [
  call(version, 'twin_write_text', { text: 'own' }),
  call(version, 'twin_echo_text', { text: 7 }),
  call(version, 'twin_no_such'),
  call(version, 'twin_show_content', { kind: 'a mixture' }),
  call(version, 'twin_give_value', { kind: 'array' }),
  call(version, 'twin_ask_twice', {}, { elicitation: {} }),
]);
const narrow = fewBases.map((base) => named(base, 'narrow', withHeader(base, 'authorization', 'Bearer narrow')));
const paged = fewBases.map((base) => named(base, 'from a page', withHeader(base, 'origin', 'https://app.example.com')));
const requests = [...bases, ...calls, ...narrow, ...paged].map(sent);

const spent: RateLimit = { take: async () => ({ allowed: false, rule: { limit: 1, windowMs: 1_000 }, remaining: 0, resetMs: 10 }) };

/** Hosts of every kind: what they are and how they fail must show in both lanes alike. */
const hosts: Readonly<Record<string, TwinSetup>> = {
  'that says nothing of itself': { host: { info: { name: 'twin', version: '1' } } },
  'whose instructions are empty': { host: { info: { name: '', version: '', instructions: '' } } },
  'with words in its description that JSON escapes': {
    host: { info: { name: '"é\u2028', version: '\ud800', instructions: '🐦\n\u0000' } },
  },
  'without tools': { host: { connectors: [] } },
  'whose pages may call': { transport: { allowedOrigins: ['https://app.example.com'] } },
  'whose tenants have a limit': { host: { tenantRateLimit: spent } },
  'whose connectors have a limit': { host: { connectorRateLimit: spent } },
  'that limits addresses': { transport: { limitPerAddress: spent } },
  'that takes small requests': { transport: { maxBodyBytes: 200 } },
  'that gives small answers': { host: { maxAnswerBytes: 10 } },
  'whose steps refuse': { host: { middleware: [() => Promise.reject(new ToolError('FORBIDDEN', 'Not today.'))] } },
  'whose steps fail': { host: { middleware: [() => Promise.reject(new Error('a secret'))] } },
  'whose steps answer': {
    host: { middleware: [async () => ({ content: [], structuredContent: ['own'], isError: true, meta: { own: 1 } })] },
  },
  'whose metering is away': {
    host: {
      metering: {
        admit: () => Promise.reject(new ToolError('UNAVAILABLE', 'Away.', { retryAfterMs: 10 })),
        record: () => Promise.reject(new ToolError('UNAVAILABLE', 'Away.', { retryAfterMs: 10 })),
        settle: async () => {},
        report: async () => {},
      },
    },
  },
  'that fails outside its calls': {
    change: (host) => ({ ...host, call: () => Promise.reject(Object.assign(new Error('a secret'), { code: -32_999, data: 'a secret' })) }),
  },
  'that shows no tools, but runs them': { change: (host) => ({ ...host, tools: () => [] }) },
  'that has closed': {
    change: async (host) => {
      await host.close(0);
      return host;
    },
  },
};

test.each(Object.entries(hosts))('answers in the same way for a host %s', async (_which, setup) => {
  const lanes = await startBothLanes(setup);
  onTestFinished(async () => void (await lanes.close()));
  const { unlisted } = judge(await lanes.compare(requests));
  expect(unlisted.length, report(unlisted)).toBe(0);
  expect(lanes.both.told()).toEqual(lanes.sdk.told());
});
