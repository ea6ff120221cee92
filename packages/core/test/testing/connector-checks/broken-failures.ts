import { z } from 'zod';
import { ToolError, type Context, type ErrorCode, type UpstreamFailure } from '../../../src/index.ts';
import { acmeClient, acmeWith, withClient, type AcmeConnector } from './acme-connector.ts';
import { moreFixture, moreWith } from './acme-more.ts';
import type { BrokenConnector } from './broken-connector.ts';

const one = acmeWith(['get_note']);
const unsaid = { id: 'note-1', text: 'unknown', author: null };

/** A connector that reads one status so. */
const reading = (status: number, failure: Partial<UpstreamFailure> & { readonly code: ErrorCode }, connector = one): AcmeConnector => ({
  ...connector,
  failure: (response) => (response.status === status ? { message: 'The vendor says no.', executed: 'no', ...failure } : undefined),
});

/** A connector that goes on as if nothing had happened where reading a note fails so. */
const swallowing = (isMeant: (reason: string) => boolean): AcmeConnector =>
  withClient(one, (client) => ({
    get: (context, id) =>
      client.get(context, id).catch((error: unknown) => {
        if (ToolError.is(error) && isMeant(reasonOf(error))) return unsaid;
        throw error;
      }),
  }));

/** The messages of an error and all its causes. */
const reasonOf = (error: unknown): string => (error instanceof Error ? `${error.message} ${reasonOf(error.cause)}` : '');

/** A connector that parses a note with a schema of its own. */
const parsing = (response: z.ZodType<any>): AcmeConnector =>
  withClient(one, (_, http) => ({
    get: async (context, id) =>
      (await http.request({ method: 'GET', path: '/notes/{id}', params: { id }, response }, context)).data ?? unsaid,
  }));

/** A connector that works with a note's text as `use` does. */
const using = (text: z.ZodType, use: (text: any) => string | undefined): AcmeConnector =>
  withClient(one, (_, http) => ({
    get: async (context, id) => {
      const response = z.looseObject({ id: z.string(), text });
      const { data } = await http.request({ method: 'GET', path: '/notes/{id}', params: { id }, response }, context);
      return { id: data.id, text: use(data.text) };
    },
  }));

const hasty = moreWith('export_notes', {
  async run(_, client, context) {
    const notes: string[] = [];
    try {
      for await (const { id } of client.export(context)) notes.push(id);
    } catch (error) {
      if (notes.length === 0 || !ToolError.is(error) || error.code !== 'UPSTREAM_INVALID') throw error;
    }
    return { notes: notes.slice(0, 100) };
  },
});

const trimming = moreWith('export_notes', {
  async run(_, client, context) {
    const notes: string[] = [];
    for await (const { text } of client.export(context)) if (notes.length < 100) notes.push((text as string).trim());
    return { notes };
  },
});

const passes = (what: string): string => `tells ${what} as UPSTREAM_UNAVAILABLE, and of a write as OUTCOME_UNKNOWN`;

/** Broken in what they make of a vendor that refuses, fails, is silent, or answers something else. */
export const brokenFailures: readonly BrokenConnector[] = [
  {
    fault: 'calls a 401 a lack of rights',
    finds: 'tells a 401 as UNAUTHENTICATED, and sends it once',
    connector: reading(401, { code: 'FORBIDDEN', renew: true }),
  },
  {
    fault: 'calls a 403 a missing record',
    finds: 'tells a 403 as FORBIDDEN, and sends it once',
    connector: reading(403, { code: 'NOT_FOUND' }),
  },
  {
    fault: 'shows a model what was not there',
    finds: 'tells a 403 as FORBIDDEN, and sends it once',
    connector: reading(403, { code: 'FORBIDDEN', message: `The vendor says: ${String(undefined)}` }),
  },
  {
    fault: 'asks again for what is not there',
    finds: 'tells a 404 as NOT_FOUND, and sends it once',
    connector: withClient(one, (client) => ({
      get: (context, id) =>
        client.get(context, id).catch((error: unknown) => {
          if (ToolError.is(error) && error.code === 'NOT_FOUND') return client.get(context, id);
          throw error;
        }),
    })),
  },
  {
    fault: 'calls a 404 a wrong request',
    finds: 'tells a 404 as NOT_FOUND, and sends it once',
    connector: reading(404, { code: 'UPSTREAM_REJECTED' }),
  },
  {
    fault: 'calls a 409 a wrong request',
    finds: 'tells a 409 as CONFLICT or IDEMPOTENCY_CONFLICT, and sends it once',
    connector: reading(409, { code: 'UPSTREAM_REJECTED' }),
  },
  {
    fault: 'sends again what the vendor found wrong',
    finds: 'tells a 422 as UPSTREAM_REJECTED or INVALID_INPUT, and sends it once',
    connector: reading(422, { code: 'UPSTREAM_UNAVAILABLE' }),
  },
  {
    fault: 'makes up how long to wait',
    finds: 'tells a 429 as RATE_LIMITED, with the time that the vendor asks to wait',
    connector: reading(429, { code: 'RATE_LIMITED', retryAfterMs: 5 }),
  },
  {
    fault: 'gives up at the first 429',
    finds: 'waits for a burst of 429 to pass, and succeeds',
    also: ['tells a 429 as RATE_LIMITED, with the time that the vendor asks to wait'],
    connector: reading(429, { code: 'UPSTREAM_REJECTED' }),
  },
  {
    fault: 'does not renew its token',
    finds: 'goes on with a new token where its token ends in mid-call',
    connector: reading(401, { code: 'UNAUTHENTICATED' }),
  },
  { fault: 'calls a 500 a wrong request', finds: passes('a 500'), connector: reading(500, { code: 'UPSTREAM_REJECTED' }) },
  {
    fault: 'says of a write that met a 500 that it was not made',
    finds: passes('a 500'),
    connector: reading(500, { code: 'UPSTREAM_UNAVAILABLE' }, acmeWith(['edit_note'])),
  },
  { fault: 'calls a 503 a wrong request', finds: passes('a 503'), connector: reading(503, { code: 'UPSTREAM_REJECTED' }) },
  { fault: 'calls a 502 a wrong request', finds: passes('a proxy’s error page'), connector: reading(502, { code: 'UPSTREAM_REJECTED' }) },
  {
    fault: 'says nothing of a connection that was reset',
    finds: passes('a connection that is reset'),
    connector: swallowing((reason) => reason.includes('connection to the vendor broke') && !reason.includes('broke off')),
  },
  {
    fault: 'says nothing of an answer that broke off',
    finds: passes('an answer that breaks off'),
    connector: swallowing((reason) => reason.includes('broke off')),
  },
  {
    fault: 'says nothing of a vendor that is silent',
    finds: passes('a vendor that does not answer in time'),
    connector: swallowing((reason) => reason.includes('did not answer within')),
  },
  {
    fault: 'tidies up for a while when its caller has left',
    finds: 'ends within 200 ms of an abort, and closes its socket',
    connector: {
      ...one,
      open: ({ http, clock }) => ({
        ...acmeClient(http),
        async get(context: Context, id: string) {
          try {
            return await acmeClient(http).get(context, id);
          } finally {
            if (context.signal.aborted) await clock.sleep(2_000, new AbortController().signal);
          }
        },
      }),
    },
  },
  {
    fault: 'does not listen to its signal',
    finds: 'ends within 200 ms of an abort, and closes its socket',
    connector: withClient(one, (client) => ({
      get: (context, id) => client.get({ ...context, signal: new AbortController().signal }, id),
    })),
  },
  {
    fault: 'takes an empty body for a note',
    finds: 'takes no success for one that comes with an empty body',
    connector: parsing(z.looseObject({ id: z.string() }).optional()),
  },
  {
    fault: 'takes null for a note',
    finds: 'takes no success for one that comes with null',
    connector: parsing(z.looseObject({ id: z.string() }).nullable()),
  },
  {
    fault: 'takes a page for a note',
    finds: 'takes no success for one that comes with a page of HTML',
    connector: parsing(
      z.union([
        z.looseObject({ id: z.string() }),
        z
          .string()
          .startsWith('<')
          .transform(() => unsaid),
      ]),
    ),
  },
  {
    fault: 'takes half a note for one',
    finds: 'takes no success for one that comes with half of its JSON',
    connector: parsing(
      z.union([
        z.looseObject({ id: z.string() }),
        z
          .string()
          .startsWith('{')
          .transform(() => unsaid),
      ]),
    ),
  },
  {
    fault: 'takes the rows up to a broken one for all',
    finds: 'takes no success for rows of which one cannot be read',
    connector: hasty,
    fixture: moreFixture(hasty),
  },
  {
    fault: 'stumbles over a row without a text',
    finds: 'answers, or fails as documented, whichever field of the vendor’s is null',
    also: ['answers, or fails as documented, whichever field of the vendor’s is missing'],
    connector: trimming,
    fixture: moreFixture(trimming),
  },
  {
    fault: 'stumbles over a null',
    finds: 'answers, or fails as documented, whichever field of the vendor’s is null',
    connector: using(z.string().nullable(), (text: string) => text.trim()),
  },
  {
    fault: 'shows that something was not there',
    finds: 'answers, or fails as documented, whichever field of the vendor’s is missing',
    connector: using(z.string().optional(), (text: string) => `It says: ${text}`),
  },
  {
    fault: 'stumbles over a number',
    finds: 'answers, or fails as documented, whichever field of the vendor’s has another type',
    connector: using(z.unknown(), (text: string | null | undefined) => text?.trim()),
  },
  {
    fault: 'refuses fields that it does not know',
    finds: 'does not mind fields that it does not know',
    connector: parsing(z.strictObject({ id: z.string(), text: z.string(), author: z.null(), url: z.string() })),
  },
  {
    fault: 'says nothing of an answer that is too large',
    finds: 'fails as documented on an answer of more than 10 MB',
    connector: swallowing((reason) => reason.includes('larger than')),
  },
];
