import { createAskStateCodec, type AskState } from '../../../../src/mcp/sdk-lane/ask-state.ts';
import { named, shown, type Draft } from '../http-request.ts';
import { secret } from '../reference-server.ts';
import { call, legacy, modern } from '../requests.ts';

const canAsk = { elicitation: { form: {} } };
const states = createAskStateCodec(secret);
const local: AskState = { tenant: 'local', caller: 'local', tool: 'twin_ask_twice', answers: {} };
// The codec asks for the context of a request only where it binds to it.
const mint = (state: Partial<AskState>) => states.mint({ ...local, ...state });
const named1 = { action: 'accept', content: { name: 'Ada' } };
const named2 = { action: 'accept', content: { colour: 'blue' } };

const requestStates: Readonly<Record<string, unknown>> = {
  'a right state': await mint({}),
  'a state with an answer': await mint({ answers: { 'ask-1': named1 } as AskState['answers'] }),
  'the state of another caller': await mint({ caller: 'eve' }),
  'the state of another tenant': await mint({ tenant: 'acme' }),
  'the state of another tool': await mint({ tool: 'twin_echo_text' }),
  'a state of another secret': await createAskStateCodec('another secret of more than 32 characters').mint(local),
  'a state with more behind it': `${await mint({})}x`,
  'a made up state': 'made up',
  'an empty state': '',
  'a number for a state': 7,
  'null for a state': null,
  'no state': undefined,
};

const inputResponses: readonly unknown[] = [
  undefined,
  null,
  [],
  'a',
  {},
  { 'ask-1': named1 },
  { 'ask-2': named2 },
  { 'ask-1': named1, 'ask-2': named2 },
  { 'ask-1': { action: 'decline' } },
  { 'ask-1': { action: 'cancel' } },
  { 'ask-1': { action: 'maybe' } },
  { 'ask-1': 7 },
  { 'ask-1': null },
  { 'ask-1': { action: 'accept' } },
  { 'ask-1': { action: 'accept', content: { name: 7 } } },
  { 'ask-1': { action: 'accept', content: null } },
  { wrong: named1 },
  { 'ask-1': { ...named1, extra: 1 } },
  { ['__proto__x']: named1 },
];

const rounds = Object.entries(requestStates).flatMap(([name, requestState]) =>
  inputResponses.map((responses): Draft => {
    const draft = modern('tools/call', { name: 'twin_ask_twice', arguments: {}, requestState, inputResponses: responses }, canAsk);
    return named(draft, `${name}, answers ${shown(responses)}`);
  }),
);

/** The same on tools that ask nothing, and on what is no call. */
const elsewhere = Object.entries(requestStates).flatMap(([name, requestState]): Draft[] => [
  named(modern('tools/call', { name: 'twin_echo_text', arguments: { text: 'a' }, requestState }, canAsk), name),
  named(
    modern('tools/call', { name: 'twin_echo_text', arguments: { text: 'a' }, requestState, inputResponses: { 'ask-1': named1 } }, canAsk),
    `${name} and an answer`,
  ),
  named(modern('tools/list', { requestState, inputResponses: {} }), name),
  named(
    legacy('2025-11-25', 'tools/call', { name: 'twin_ask_twice', arguments: {}, requestState, inputResponses: { 'ask-1': named1 } }),
    name,
  ),
]);

const capabilities = [
  {},
  { elicitation: {} },
  { elicitation: { url: {} } },
  { elicitation: { form: {}, url: {} } },
  { sampling: {} },
].flatMap((given) =>
  ['twin_ask_twice', 'twin_echo_text'].map((tool) => named(call('2026-07-28', tool, {}, given), `${tool} under ${shown(given)}`)),
);

/** Calls that wait for a person, round by round. */
export const asks: readonly Draft[] = [...rounds, ...elsewhere, ...capabilities];
