import { z } from 'zod';
import {
  defineConnector,
  memoryConnections,
  result,
  type Authorization,
  type Connector,
  type Context,
  type HostOptions,
} from '../../src/index.ts';
import { mixpanel } from './mixpanel.ts';
import { salesforce } from './salesforce.ts';
import { sendgrid } from './sendgrid.ts';

// Code that must compile, and code that must not. The type check of this file is its test.

/** Plugins of every kind fit into one list. */
export const plugins: readonly Connector[] = [salesforce, sendgrid, mixpanel];

/** A one-file plugin needs no annotation. */
export const hello = defineConnector({
  spec: 'v1',
  id: 'hello',
  config: z.object({ greeting: z.string().default('Hello') }),
  open: ({ config }) => ({ greet: (name: string) => `${config.greeting}, ${name}!` }),
  tools: (tool) => [
    tool({
      name: 'hello_greet_person',
      description: 'Greets a person by name.',
      effect: 'read',
      input: z.object({ name: z.string().min(1).describe('Who to greet') }),
      output: z.object({ message: z.string().describe('The greeting') }),
      run: async ({ name }, client) => ({ message: client.greet(name) }),
    }),
  ],
});

const text = z.object({ text: z.string() });
const basics = { description: 'd', effect: 'read' } as const;

export const mistaken = defineConnector({
  spec: 'v1',
  id: 'mistaken',
  config: z.object({ token: z.string() }),
  open: ({ config }) => ({ ping: (n: number) => `${config.token}${n}` }),
  // @ts-expect-error: the client has no such method
  check: async (client) => ({ account: client.nope() }),
  webhook: {
    log: { name: 'l', entry: z.unknown(), max: 1, whenFull: 'refuse' },
    // @ts-expect-error: the config has no such field
    signature: (config) => ({ kind: 'hmac-sha1', key: config.nope, header: '', encoding: 'hex', over: ['body'] }),
    events: () => [],
  },
  // @ts-expect-error: the client has no such method
  jobs: [{ name: 'j', run: async (client) => client.nope() }],
  tools: (tool) => [
    tool({
      ...basics,
      name: 'wrong_uses',
      input: z.object({ n: z.number() }),
      output: text,
      run: async ({ n }, client) => {
        // @ts-expect-error: the client has no such method
        client.nope();
        // @ts-expect-error: a number has no such method
        n.trim();
        return { text: client.ping(n) };
      },
    }),
    tool({
      ...basics,
      name: 'wrong_output',
      input: z.object({}),
      output: text,
      // @ts-expect-error: text is a string
      run: async () => ({ text: 1 }),
    }),
    tool({
      ...basics,
      name: 'wrong_output_in_a_result',
      input: z.object({}),
      output: text,
      // @ts-expect-error: text is a string
      run: async () => result({ text: 1 }, {}),
    }),
    tool({
      ...basics,
      name: 'output_without_a_schema',
      input: z.object({}),
      // @ts-expect-error: Type '{ text: string; }' is not assignable to type 'AddAnOutputSchemaOrReturnAResult'.
      run: async () => ({ text: 'x' }),
    }),
    tool({
      ...basics,
      name: 'output_without_a_schema_or_a_promise',
      input: z.object({}),
      // @ts-expect-error: Type '{ text: string; }' is not assignable to type 'AddAnOutputSchemaOrReturnAResult'.
      run: () => ({ text: 'x' }),
    }),
    tool({ ...basics, name: 'output_without_a_promise', input: z.object({}), output: text, run: () => ({ text: 'x' }) }),
    tool({
      ...basics,
      name: 'wrong_output_without_a_promise',
      input: z.object({}),
      output: text,
      // @ts-expect-error: text is a string
      run: () => ({ text: 1 }),
    }),
    tool({
      ...basics,
      name: 'a_shape_for_an_input',
      // @ts-expect-error: a schema is z.object({ … })
      input: { id: z.string() },
      output: text,
      run: async () => ({ text: 'x' }),
    }),
    tool({
      ...basics,
      name: 'content_without_a_schema',
      input: z.object({}),
      run: async () => result(undefined, { content: [{ type: 'text', text: 'x' }] }),
    }),
    tool({
      ...basics,
      name: 'a_parser_of_its_own',
      input: { jsonSchema: {}, parse: (value: unknown) => value as { q: string } },
      output: text,
      run: async ({ q }) => ({ text: q }),
    }),
    tool({
      ...basics,
      name: 'a_call_without_its_argument',
      input: z.object({}),
      output: text,
      // @ts-expect-error: the client's method takes a number
      run: async (_, client) => ({ text: client.ping() }),
    }),
  ],
});

// @ts-expect-error: there is no such contract version
export const future = defineConnector({ spec: 'v2', id: 'x', config: z.object({}), open: () => ({}), tools: () => [] });

export const contextual = defineConnector({
  spec: 'v1',
  id: 'contextual',
  config: z.object({}),
  open: ({ http, state }) => ({
    // @ts-expect-error: a request needs the context of the call
    request: () => http.request({ method: 'GET', path: '/x' }),
    // @ts-expect-error: so does a request by its method
    get: () => http.get({ path: '/x' }),
    // @ts-expect-error: and so do rows
    rows: () => http.rows({ method: 'GET', path: '/x' }),
    // @ts-expect-error: the context comes last
    first: (context: Context) => http.request(context, { method: 'GET', path: '/x' }),
    // @ts-expect-error: a GET has no body
    body: (context: Context) => http.get({ path: '/x', body: { json: {} } }, context),
    // @ts-expect-error: the function sets the method
    method: (context: Context) => http.post({ method: 'PUT', path: '/x' }, context),
    // @ts-expect-error: a path accepts only single values
    params: (context: Context) => http.delete({ path: '/x/{id}', params: { id: ['a', 'b'] } }, context),
    repeated: (context: Context) => http.put({ path: '/x', query: { id: ['a', 'b'] }, body: { form: { n: [1, 2] } } }, context),
    typed: async (context: Context) => {
      const { data } = await http.patch({ path: '/x', response: text }, context);
      // @ts-expect-error: the answer has no such field
      return [data.text, data.nope];
    },
    untyped: async (context: Context) => {
      const nothing: undefined = (await http.post({ path: '/x' }, context)).data;
      return nothing;
    },
    // @ts-expect-error: an entry must fit its log
    add: () => state.log({ name: 'l', entry: text, max: 1, whenFull: 'refuse' }).append([{ id: '1', value: { text: 1 } }]),
  }),
  tools: () => [],
});

export const toolsBeforeOpen = defineConnector({
  spec: 'v1',
  id: 'hasty',
  config: z.object({}),
  tools: (tool) => [
    tool({
      ...basics,
      name: 'hasty_ping',
      input: z.object({}),
      output: text,
      // @ts-expect-error: Property 'ping' does not exist on type 'WriteOpenBeforeTools'.
      run: async (_, client) => ({ text: client.ping() }),
    }),
  ],
  open: ({ clock }) => ({ ping: () => String(clock.now()) }),
});

const who = async (client: { name(): string }) => ({ account: client.name() });

export const namedFunctions = [
  defineConnector({ spec: 'v1', id: 'named', config: z.object({}), open: () => ({ name: () => 'n' }), tools: () => [], check: who }),
  // @ts-expect-error: the function expects another client
  defineConnector({ spec: 'v1', id: 'unlike', config: z.object({}), open: () => ({ nick: () => 'n' }), tools: () => [], check: who }),
];

/** Optional properties may be undefined, so that a condition needs no spread. */
export const conditional = (sometimes: boolean): HostOptions => ({
  connectors: [hello],
  connections: sometimes ? memoryConnections([]) : undefined,
  rateLimit: undefined,
  log: undefined,
});

// @ts-expect-error: connectors are required
export const empty: HostOptions = {};

const tokens = { tokenUrl: 'https://api.acme.example/oauth/token', body: 'form' } as const;

/** Each kind of authorization, with only its required fields. */
export const kinds: readonly Authorization[] = [
  { kind: 'bearer', token: 't' },
  { kind: 'basic', username: 'u', password: 'p' },
  { ...tokens, kind: 'client-credentials', clientId: 'c', clientSecret: 's', origin: (token) => String(token['instance_url']) },
  { ...tokens, kind: 'jwt-bearer', issuer: 'c', subject: 'u', audience: 'a', privateKey: 'k' },
  // A public client has no secret.
  { ...tokens, kind: 'refresh-token', clientId: 'c', refreshToken: 'r' },
];

export const incomplete: readonly Authorization[] = [
  // @ts-expect-error: this kind of client needs a secret
  { ...tokens, kind: 'client-credentials', clientId: 'c' },
  // @ts-expect-error: an assertion needs a key to sign it
  { ...tokens, kind: 'jwt-bearer', issuer: 'c', subject: 'u', audience: 'a' },
  // @ts-expect-error: the refresh token is missing
  { ...tokens, kind: 'refresh-token', clientId: 'c', clientSecret: 's' },
  // @ts-expect-error: the body is a form or JSON
  { ...tokens, body: 'xml', kind: 'refresh-token', clientId: 'c', refreshToken: 'r' },
  // @ts-expect-error: the token endpoint is missing
  { kind: 'jwt-bearer', issuer: 'c', subject: 'u', audience: 'a', privateKey: 'k' },
];
