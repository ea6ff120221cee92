import { z } from 'zod';
import { ToolError, type Context, type ErrorCode, type UpstreamFailure } from '../../../src/index.ts';
import { acmeClient, acmeWith, withClient, type AcmeConnector } from './acme-connector.ts';
import { moreFixture, moreWith } from './acme-more.ts';
import type { BrokenConnector } from './broken-connector.ts';

const one = acmeWith(['get_note']);
const unsaid = { id: 'note-1', text: 'unknown', author: null };

/** A connector that reads one status like this. */
const reading = (status: number, failure: Partial<UpstreamFailure> & { readonly code: ErrorCode }, connector = one): AcmeConnector => ({
  ...connector,
  failure: (response) => (response.status === status ? { message: 'The vendor says no.', executed: 'no', ...failure } : undefined),
});

/** A connector that ignores a failed read of a note if `isMeant` accepts the reason. */
const swallowing = (isMeant: (reason: string) => boolean): AcmeConnector =>
  withClient(one, (client) => ({
    get: (context, id) =>
      client.get(context, id).catch((error: unknown) => {
        if (ToolError.is(error) && isMeant(reasonOf(error))) return unsaid;
        throw error;
      }),
  }));

/** Joins the messages of an error and all its causes. */
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

const passes = (what: string): string => `reports ${what} as UPSTREAM_UNAVAILABLE, or as OUTCOME_UNKNOWN for a write`;

/** Connectors with a fault in how they handle a vendor that refuses, fails, is silent, or sends an unexpected answer. */
export const brokenFailures: readonly BrokenConnector[] = [
  {
    fault: 'reports a 401 as missing rights',
    finds: 'reports a 401 as UNAUTHENTICATED, and sends the request once',
    connector: reading(401, { code: 'FORBIDDEN', renew: true }),
  },
  {
    fault: 'reports a 403 as a missing record',
    finds: 'reports a 403 as FORBIDDEN, and sends the request once',
    connector: reading(403, { code: 'NOT_FOUND' }),
  },
  {
    fault: 'shows a model an undefined value',
    finds: 'reports a 403 as FORBIDDEN, and sends the request once',
    connector: reading(403, { code: 'FORBIDDEN', message: `The vendor says: ${String(undefined)}` }),
  },
  {
    fault: 'requests a missing record again',
    finds: 'reports a 404 as NOT_FOUND, and sends the request once',
    connector: withClient(one, (client) => ({
      get: (context, id) =>
        client.get(context, id).catch((error: unknown) => {
          if (ToolError.is(error) && error.code === 'NOT_FOUND') return client.get(context, id);
          throw error;
        }),
    })),
  },
  {
    fault: 'reports a 404 as a wrong request',
    finds: 'reports a 404 as NOT_FOUND, and sends the request once',
    connector: reading(404, { code: 'UPSTREAM_REJECTED' }),
  },
  {
    fault: 'reports a 409 as a wrong request',
    finds: 'reports a 409 as CONFLICT or IDEMPOTENCY_CONFLICT, and sends the request once',
    connector: reading(409, { code: 'UPSTREAM_REJECTED' }),
  },
  {
    fault: 'sends an invalid request again',
    finds: 'reports a 422 as UPSTREAM_REJECTED or INVALID_INPUT, and sends the request once',
    connector: reading(422, { code: 'UPSTREAM_UNAVAILABLE' }),
  },
  {
    fault: 'invents the time to wait',
    finds: 'reports a 429 as RATE_LIMITED, with the wait that the vendor asks for',
    connector: reading(429, { code: 'RATE_LIMITED', retryAfterMs: 5 }),
  },
  {
    fault: 'gives up at the first 429',
    finds: 'waits until a burst of 429s is over, and succeeds',
    also: ['reports a 429 as RATE_LIMITED, with the wait that the vendor asks for'],
    connector: reading(429, { code: 'UPSTREAM_REJECTED' }),
  },
  {
    fault: 'does not renew its token',
    finds: 'continues with a new token if its token expires mid-call',
    connector: reading(401, { code: 'UNAUTHENTICATED' }),
  },
  { fault: 'reports a 500 as a wrong request', finds: passes('a 500'), connector: reading(500, { code: 'UPSTREAM_REJECTED' }) },
  {
    fault: 'reports a write with a 500 as not made',
    finds: passes('a 500'),
    connector: reading(500, { code: 'UPSTREAM_UNAVAILABLE' }, acmeWith(['edit_note'])),
  },
  { fault: 'reports a 503 as a wrong request', finds: passes('a 503'), connector: reading(503, { code: 'UPSTREAM_REJECTED' }) },
  {
    fault: 'reports a 502 as a wrong request',
    finds: passes('a proxy’s error page'),
    connector: reading(502, { code: 'UPSTREAM_REJECTED' }),
  },
  {
    fault: 'ignores a reset connection',
    finds: passes('a connection that is reset'),
    connector: swallowing((reason) => reason.includes('connection to the vendor broke') && !reason.includes('broke off')),
  },
  {
    fault: 'ignores an answer that breaks off',
    finds: passes('an answer that breaks off'),
    connector: swallowing((reason) => reason.includes('broke off')),
  },
  {
    fault: 'ignores a silent vendor',
    finds: passes('a vendor that does not answer in time'),
    connector: swallowing((reason) => reason.includes('did not answer within')),
  },
  {
    fault: 'works for a while after its caller has left',
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
    fault: 'ignores its signal',
    finds: 'ends within 200 ms of an abort, and closes its socket',
    connector: withClient(one, (client) => ({
      get: (context, id) => client.get({ ...context, signal: new AbortController().signal }, id),
    })),
  },
  {
    fault: 'accepts an empty body as a note',
    finds: 'reports no success for an answer with an empty body',
    connector: parsing(z.looseObject({ id: z.string() }).optional()),
  },
  {
    fault: 'accepts null as a note',
    finds: 'reports no success for an answer with null',
    connector: parsing(z.looseObject({ id: z.string() }).nullable()),
  },
  {
    fault: 'accepts a page of HTML as a note',
    finds: 'reports no success for an answer with a page of HTML',
    connector: parsing(
      z.union([
        z.looseObject({ id: z.string() }),
        z
          .string()
          .startsWith('<')
          .transform(() => unsaid),
      ]),
    ),
    also: ['reports no success for an answer with a page of HTML that calls itself JSON'],
  },
  ...(
    [
      ['a page of HTML that calls itself JSON', '<', 'reports no success for an answer with a page of HTML'],
      ['a PDF', '%PDF', undefined],
      ['bytes that are no text', '\u0089PNG', undefined],
    ] as const
  ).map(([what, start, also]): BrokenConnector => ({
    fault: `accepts ${what} as a note`,
    finds: `reports no success for an answer with ${what}`,
    ...(also && { also: [also] }),
    connector: parsing(
      z.union([
        z.looseObject({ id: z.string() }),
        z
          .string()
          .startsWith(start)
          .transform(() => unsaid),
      ]),
    ),
  })),
  {
    fault: 'accepts half a note as a note',
    finds: 'reports no success for an answer with half of its JSON',
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
    fault: 'accepts the rows before a broken row as all rows',
    finds: 'reports no success for rows if one of them cannot be read',
    connector: hasty,
    fixture: moreFixture(hasty),
  },
  {
    fault: 'throws a TypeError on a row without a text',
    finds: 'answers, or fails as documented, when any field of the vendor’s answer is null',
    also: ['answers, or fails as documented, when any field of the vendor’s answer is missing'],
    connector: trimming,
    fixture: moreFixture(trimming),
  },
  {
    fault: 'throws a TypeError on a null',
    finds: 'answers, or fails as documented, when any field of the vendor’s answer is null',
    connector: using(z.string().nullable(), (text: string) => text.trim()),
  },
  {
    fault: 'shows a missing field as text',
    finds: 'answers, or fails as documented, when any field of the vendor’s answer is missing',
    connector: using(z.string().optional(), (text: string) => `It says: ${text}`),
  },
  {
    fault: 'throws a TypeError on a number',
    finds: 'answers, or fails as documented, when any field of the vendor’s answer has another type',
    connector: using(z.unknown(), (text: string | null | undefined) => text?.trim()),
  },
  {
    fault: 'refuses unknown fields',
    finds: 'accepts unknown fields in the vendor’s answers',
    connector: parsing(z.strictObject({ id: z.string(), text: z.string(), author: z.null(), url: z.string() })),
  },
  {
    fault: 'ignores an answer that is too large',
    finds: 'fails as documented on an answer of more than 4 MB',
    connector: swallowing((reason) => reason.includes('larger than')),
  },
];
