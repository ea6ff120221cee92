import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import type { Authenticate } from '../../src/index.ts';
import { modernClient, oldClient } from './clients.ts';
import { callOf, post } from './raw.ts';
import { serve } from './serve.ts';

const capabilities = { elicitation: { form: {} } };
const asking = { name: 'probe_ask_twice', arguments: {} };

/** A person who answers every question. */
function person() {
  const questions: string[] = [];
  const answer = ({ params }: { params: { message: string; requestedSchema?: unknown } }) => {
    questions.push(params.message);
    return { action: 'accept' as const, content: params.message.startsWith('Which colour') ? { colour: 'blue' } : { name: 'Ada' } };
  };
  return { questions, answer };
}

test.each(['http', 'stdio'] as const)('a 2026-07-28 client over %s answers each ask once', async (over) => {
  const client = await modernClient(over === 'stdio' ? 'stdio' : (await serve()).url, { capabilities });
  const { questions, answer } = person();
  client.setRequestHandler('elicitation/create', answer);
  expect((await client.callTool(asking)).structuredContent).toEqual({ text: 'Ada likes blue' });
  expect(questions).toEqual(['What is your name?', 'Which colour, Ada?']);
});

test('an older client over stdio answers each ask once', async () => {
  const client = await oldClient('stdio', { capabilities });
  const { questions, answer } = person();
  client.setRequestHandler(ElicitRequestSchema, answer);
  expect((await client.callTool(asking)).structuredContent).toEqual({ text: 'Ada likes blue' });
  expect(questions).toEqual(['What is your name?', 'Which colour, Ada?']);
});

test('a person who declines ends the call', async () => {
  const client = await modernClient((await serve()).url, { capabilities });
  client.setRequestHandler('elicitation/create', () => ({ action: 'decline' }));
  const result = await client.callTool(asking);
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/^CANCELLED: /) }] });
});

test.each([
  ['declares no elicitation', {}],
  ['declares only URL elicitation', { elicitation: { url: {} } }],
])('the server refuses a 2026-07-28 client that %s, as that revision requires', async (_what, declared) => {
  const { url } = await serve();
  const refused = await post(url, callOf('probe_ask_twice', {}, {}, declared));
  expect([refused.status, refused.json().error]).toEqual([400, expect.objectContaining({ code: -32021 })]);
  const client = await modernClient(url, { capabilities: declared });
  await expect(client.callTool(asking)).rejects.toThrow(/elicitation/);
});

test('the server cannot ask an older client over HTTP, and says what to do instead', async () => {
  const client = await oldClient((await serve()).url, { capabilities });
  const result = await client.callTool(asking);
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/^ASK_UNSUPPORTED: .*arguments/) }] });
});

const accepted = (id: string, content: object) => ({ inputResponses: { [id]: { action: 'accept', content } } });
const byName: Authenticate = async ({ token = '' }) => {
  const [id = '', tenant = 'local'] = token.split('@');
  return { tenant, id, roles: [] };
};
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test('the state of a waiting call is valid only for its caller and its tool', async () => {
  const { url } = await serve({}, { authenticate: byName });
  const first = (await post(url, callOf('probe_ask_twice', {}, {}, capabilities), as('ada'))).json().result;
  expect(first).toMatchObject({ resultType: 'input_required', inputRequests: { 'ask-1': { method: 'elicitation/create' } } });
  const again = (state: string, tool = 'probe_ask_twice') =>
    callOf(tool, {}, { ...accepted('ask-1', { name: 'Ada' }), requestState: state }, capabilities);

  expect((await post(url, again(first.requestState), as('ada'))).json().result).toMatchObject({ inputRequests: { 'ask-2': {} } });
  for (const [message, caller] of [
    [again(first.requestState), 'eve'],
    [again(first.requestState), 'ada@other'],
    [again(first.requestState, 'probe_find_nothing'), 'ada'],
    [again(`${first.requestState}x`), 'ada'],
    [again('invented'), 'ada'],
  ] as const)
    expect((await post(url, message, as(caller))).json().error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('requestState'),
    });
});

test('replicas with the same secret continue each other’s calls, and other replicas do not', async () => {
  const secret = 'a secret of thirty-two characters';
  const [first, second, other] = await Promise.all([serve({ secret }), serve({ secret }), serve()]);
  const { requestState } = (await post(first.url, callOf('probe_ask_twice', {}, {}, capabilities))).json().result;
  const secondRound = callOf('probe_ask_twice', {}, { ...accepted('ask-1', { name: 'Ada' }), requestState }, capabilities);
  expect((await post(second.url, secondRound)).json().result).toMatchObject({ inputRequests: { 'ask-2': {} } });
  expect((await post(other.url, secondRound)).json().error.code).toBe(-32602);
});

test('the server asks again after an invalid answer', async () => {
  const { url } = await serve();
  for (const inputResponses of [{ 'ask-1': 12_345 }, { 'ask-1': { action: 'maybe' } }, { wrong: { action: 'accept', content: {} } }])
    expect((await post(url, callOf('probe_ask_twice', {}, { inputResponses }, capabilities))).json().result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 'ask-1': {} },
    });
});
