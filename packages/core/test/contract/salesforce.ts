import { z } from 'zod';
import { defineConnector, secret, ToolError, type Context, type Http, type ToolBuilder } from '../../src/index.ts';

// A plugin with its tools in a separate file. Its token names the API's origin, its errors are lists, and its reads have pages.

const Created = z.looseObject({ id: z.string(), success: z.boolean() });
const Page = z.looseObject({ records: z.array(z.looseObject({})), done: z.boolean(), nextRecordsUrl: z.string().nullish() });
const Errors = z.array(z.looseObject({ errorCode: z.string(), message: z.string() }));
const base = '/services/data/v64.0';

type Client = ReturnType<typeof createClient>;

function createClient(http: Http) {
  return {
    query: (soql: string, context: Context) =>
      http.request({ method: 'GET', path: `${base}/query`, query: { q: soql }, response: Page }, context),
    next: (locator: string, context: Context) =>
      http.request({ method: 'GET', path: `${base}/query/{locator}`, params: { locator }, response: Page }, context),
    create: (object: string, fields: object, context: Context) =>
      http.request(
        {
          method: 'POST',
          path: `${base}/sobjects/{object}`,
          params: { object },
          body: { json: fields },
          retry: 'never',
          response: Created,
          ifLost: `The ${object} may exist. Query for it before you create it again.`,
        },
        context,
      ),
    upsert: async (object: string, field: string, id: string, fields: object, context: Context) => {
      const { status } = await http.request(
        {
          method: 'PATCH',
          path: `${base}/sobjects/{object}/{field}/{id}`,
          params: { object, field, id },
          body: { json: fields },
          retry: 'keyed',
        },
        context,
      );
      return status === 201;
    },
    me: (context: Context) =>
      http.request(
        {
          method: 'GET',
          path: '/services/oauth2/userinfo',
          response: z.looseObject({ organization_id: z.string() }),
        },
        context,
      ),
  };
}

const object = z.string().describe('API name of the object: Account');
const fields = z.record(z.string(), z.unknown()).describe('Values by field: {"Name": "Acme"}');

const recordTools = (tool: ToolBuilder<Client>) => [
  tool({
    name: 'salesforce_query_records',
    description: 'Runs a SOQL query, or reads its next page.',
    effect: 'read',
    input: z.object({
      soql: z.string().optional().describe('A SELECT. Leave it out with cursor'),
      cursor: z.string().optional().describe('The cursor of the page before. Without it the query starts'),
    }),
    output: z.object({ rows: z.array(z.record(z.string(), z.unknown())), cursor: z.string().optional() }),
    run: async ({ soql, cursor }, client, context) => {
      if (soql === undefined && cursor === undefined) throw new ToolError('INVALID_INPUT', 'Give soql or cursor.');
      const { data } =
        cursor === undefined
          ? await client.query(soql ?? '', context)
          : await client.next(context.cursor.read(cursor, z.string()), context);
      const locator = data.nextRecordsUrl?.split('/').pop();
      return { rows: data.records, ...(locator !== undefined && { cursor: context.cursor.write(locator) }) };
    },
  }),
  tool({
    name: 'salesforce_create_record',
    description: 'Creates a record.',
    effect: 'write',
    input: z.object({ object, fields }),
    output: z.object({ id: z.string() }),
    run: async (input, client, context) => ({ id: (await client.create(input.object, input.fields, context)).data.id }),
  }),
  tool({
    name: 'salesforce_upsert_record',
    description: 'Creates or updates the record that has this external id.',
    effect: 'write',
    input: z.object({ object, field: z.string().describe('The external id field'), id: z.string().describe('Its value'), fields }),
    output: z.object({ created: z.boolean() }),
    run: async (input, client, context) => ({
      created: await client.upsert(input.object, input.field, input.id, input.fields, context),
    }),
  }),
];

export const salesforce = defineConnector({
  spec: 'v1',
  id: 'salesforce',
  connections: 'many',
  config: z.object({
    domain: z.string().regex(/^[a-z0-9-]+(--[a-z0-9]+\.sandbox)?$/),
    clientId: z.string(),
    clientSecret: secret(z.string()),
  }),
  origins: ({ domain }) => [`https://${domain}.my.salesforce.com`],
  authorization: ({ domain, clientId, clientSecret }) => ({
    kind: 'client-credentials',
    tokenUrl: `https://${domain}.my.salesforce.com/services/oauth2/token`,
    clientId,
    clientSecret,
    body: 'form',
    ttlMs: 900_000,
    origin: (token) => String(token['instance_url']),
  }),
  failure: ({ data }) => {
    const [first] = Errors.safeParse(data).data ?? [];
    if (first?.errorCode === 'INVALID_SESSION_ID')
      return { code: 'UNAUTHENTICATED', message: 'The session ended.', executed: 'no', renew: true };
    if (first?.errorCode === 'REQUEST_LIMIT_EXCEEDED')
      return { code: 'RATE_LIMITED', message: 'The org is out of API calls for 24 hours.', executed: 'no' };
    return undefined;
  },
  open: ({ http }) => createClient(http),
  tools: (tool) => recordTools(tool),
  check: async (client, context) => ({ account: (await client.me(context)).data.organization_id }),
});
