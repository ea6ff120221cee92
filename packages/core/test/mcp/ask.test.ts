import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import type { Authenticate } from '../../src/index.ts';
import { modernClient, oldClient } from './clients.ts';
import { callOf, post } from './raw.ts';
import { serve } from './serve.ts';

const capabilities = { elicitation: { form: {} } };
const asking = { name: 'probe_ask_twice', arguments: {} };

/** A person who has an answer to everything. */
function person() {
  const asked: string[] = [];
  const answer = ({ params }: { params: { message: string; requestedSchema?: unknown } }) => {
    asked.push(params.message);
    return { action: 'accept' as const, content: params.message.startsWith('Which colour') ? { colour: 'blue' } : { name: 'Ada' } };
  };
  return { asked, answer };
}

test.each(['http', 'stdio'] as const)('a 2026-07-28 client over %s answers each ask once', async (over) => {
  const client = await modernClient(over === 'stdio' ? 'stdio' : (await serve()).url, { capabilities });
  const { asked, answer } = person();
  client.setRequestHandler('elicitation/create', answer);
  expect((await client.callTool(asking)).structuredContent).toEqual({ text: 'Ada likes blue' });
  expect(asked).toEqual(['What is your name?', 'Which colour, Ada?']);
});

test('an older client over stdio answers each ask once', async () => {
  const client = await oldClient('stdio', { capabilities });
  const { asked, answer } = person();
  client.setRequestHandler(ElicitRequestSchema, answer);
  expect((await client.callTool(asking)).structuredContent).toEqual({ text: 'Ada likes blue' });
  expect(asked).toEqual(['What is your name?', 'Which colour, Ada?']);
});

test('a person who declines ends the call', async () => {
  const client = await modernClient((await serve()).url, { capabilities });
  client.setRequestHandler('elicitation/create', () => ({ action: 'decline' }));
  const result = await client.callTool(asking);
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/^CANCELLED: /) }] });
});

test.each([
  ['did not say that it can ask', {}],
  ['can only open pages', { elicitation: { url: {} } }],
])('a 2026-07-28 client that %s is refused as that revision demands', async (_who, lesser) => {
  const { url } = await serve();
  const refused = await post(url, callOf('probe_ask_twice', {}, {}, lesser));
  expect([refused.status, refused.json().error]).toEqual([400, expect.objectContaining({ code: -32021 })]);
  const client = await modernClient(url, { capabilities: lesser });
  await expect(client.callTool(asking)).rejects.toThrow(/elicitation/);
});

test('an older client over HTTP, which the server cannot ask, hears what to do instead', async () => {
  const client = await oldClient((await serve()).url, { capabilities });
  const result = await client.callTool(asking);
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/^ASK_UNSUPPORTED: .*arguments/) }] });
});

const said = (id: string, content: object) => ({ inputResponses: { [id]: { action: 'accept', content } } });
const byName: Authenticate = async ({ token = '' }) => {
  const [id = '', tenant = 'local'] = token.split('@');
  return { tenant, id, roles: [] };
};
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test('the state of a call that waits is good for its caller and its tool alone', async () => {
  const { url } = await serve({}, { authenticate: byName });
  const first = (await post(url, callOf('probe_ask_twice', {}, {}, capabilities), as('ada'))).json().result;
  expect(first).toMatchObject({ resultType: 'input_required', inputRequests: { 'ask-1': { method: 'elicitation/create' } } });
  const again = (state: string, tool = 'probe_ask_twice') =>
    callOf(tool, {}, { ...said('ask-1', { name: 'Ada' }), requestState: state }, capabilities);

  expect((await post(url, again(first.requestState), as('ada'))).json().result).toMatchObject({ inputRequests: { 'ask-2': {} } });
  for (const [message, caller] of [
    [again(first.requestState), 'eve'],
    [again(first.requestState), 'ada@other'],
    [again(first.requestState, 'probe_find_nothing'), 'ada'],
    [again(`${first.requestState}x`), 'ada'],
    [again('made up'), 'ada'],
  ] as const)
    expect((await post(url, message, as(caller))).json().error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('requestState'),
    });
});

test('replicas with one secret take up each other’s calls, and others do not', async () => {
  const secret = 'a secret of thirty-two characters';
  const [one, two, other] = await Promise.all([serve({ secret }), serve({ secret }), serve()]);
  const { requestState } = (await post(one.url, callOf('probe_ask_twice', {}, {}, capabilities))).json().result;
  const second = callOf('probe_ask_twice', {}, { ...said('ask-1', { name: 'Ada' }), requestState }, capabilities);
  expect((await post(two.url, second)).json().result).toMatchObject({ inputRequests: { 'ask-2': {} } });
  expect((await post(other.url, second)).json().error.code).toBe(-32602);
});

test('an answer that is none is asked for again', async () => {
  const { url } = await serve();
  for (const inputResponses of [{ 'ask-1': 12_345 }, { 'ask-1': { action: 'maybe' } }, { wrong: { action: 'accept', content: {} } }])
    expect((await post(url, callOf('probe_ask_twice', {}, { inputResponses }, capabilities))).json().result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 'ask-1': {} },
    });
});
