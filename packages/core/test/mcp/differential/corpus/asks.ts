import { createAskStateCodec, type AskState } from '../../../../src/mcp/sdk-lane/ask-state.ts';
import { label, named, type HttpRequest } from '../http-request.ts';
import { secret } from '../reference-server.ts';
import { call, legacy, modern } from '../requests.ts';

const canAsk = { elicitation: { form: {} } };
const states = createAskStateCodec(secret);
const local: AskState = { tenant: 'local', caller: 'local', tool: 'reference_ask_twice', answers: {} };
// The codec needs the context of a request only if it binds a state to it.
const mint = (state: Partial<AskState>) => states.mint({ ...local, ...state });
const name1 = { action: 'accept', content: { name: 'Ada' } };
const colour2 = { action: 'accept', content: { colour: 'blue' } };

const requestStates: Readonly<Record<string, unknown>> = {
  'a valid state': await mint({}),
  'a state with an answer': await mint({ answers: { 'ask-1': name1 } as AskState['answers'] }),
  'the state of another caller': await mint({ caller: 'eve' }),
  'the state of another tenant': await mint({ tenant: 'acme' }),
  'the state of another tool': await mint({ tool: 'reference_echo_text' }),
  'a state of another secret': await createAskStateCodec('another secret of more than 32 characters').mint(local),
  'a state with text after it': `${await mint({})}x`,
  'an invented state': 'made up',
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
  { 'ask-1': name1 },
  { 'ask-2': colour2 },
  { 'ask-1': name1, 'ask-2': colour2 },
  { 'ask-1': { action: 'decline' } },
  { 'ask-1': { action: 'cancel' } },
  { 'ask-1': { action: 'maybe' } },
  { 'ask-1': 7 },
  { 'ask-1': null },
  { 'ask-1': { action: 'accept' } },
  { 'ask-1': { action: 'accept', content: { name: 7 } } },
  { 'ask-1': { action: 'accept', content: null } },
  { wrong: name1 },
  { 'ask-1': { ...name1, extra: 1 } },
  { ['__proto__x']: name1 },
];

const rounds = Object.entries(requestStates).flatMap(([name, requestState]) =>
  inputResponses.map((responses): HttpRequest => {
    const request = modern('tools/call', { name: 'reference_ask_twice', arguments: {}, requestState, inputResponses: responses }, canAsk);
    return named(request, `${name}, answers ${label(responses)}`);
  }),
);

/** The same states on tools that ask nothing, and on requests other than calls. */
const elsewhere = Object.entries(requestStates).flatMap(([name, requestState]): HttpRequest[] => [
  named(modern('tools/call', { name: 'reference_echo_text', arguments: { text: 'a' }, requestState }, canAsk), name),
  named(
    modern(
      'tools/call',
      { name: 'reference_echo_text', arguments: { text: 'a' }, requestState, inputResponses: { 'ask-1': name1 } },
      canAsk,
    ),
    `${name} and an answer`,
  ),
  named(modern('tools/list', { requestState, inputResponses: {} }), name),
  named(
    legacy('2025-11-25', 'tools/call', { name: 'reference_ask_twice', arguments: {}, requestState, inputResponses: { 'ask-1': name1 } }),
    name,
  ),
]);

const capabilities = [
  {},
  { elicitation: {} },
  { elicitation: { url: {} } },
  { elicitation: { form: {}, url: {} } },
  { sampling: {} },
].flatMap((declared) =>
  ['reference_ask_twice', 'reference_echo_text'].map((tool) =>
    named(call('2026-07-28', tool, {}, declared), `${tool} under ${label(declared)}`),
  ),
);

/** Calls that wait for a person's answers, round by round. */
export const asks: readonly HttpRequest[] = [...rounds, ...elsewhere, ...capabilities];
