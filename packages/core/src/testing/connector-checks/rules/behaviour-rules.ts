import { portableSchema } from '../../../catalog/portable-schema.ts';
import { ToolError } from '../../../errors.ts';
import { detectBypasses } from '../bypass-detection.ts';
import { importedIo } from '../imported-io.ts';
import { everyValue } from '../json-fields.ts';
import { openOnly } from '../open-only.ts';
import { codeOf, textOf } from '../problem.ts';
import type { Rule } from '../rule.ts';

/** How a connector behaves while the vendor works, with valid and invalid callers and settings. */
export const behaviourRules: readonly Rule[] = [
  {
    name: 'answers the example of each tool with the declared output',
    why: 'This is the tool’s purpose, and every check of a failure starts from it.',
    find: async (checked) =>
      (await checked.traces())
        .filter(({ answer, tool }) => answer.isError === true || (tool.output !== undefined && answer.structuredContent === undefined))
        .map(({ tool, answer, log }) => `${tool.name}: ${textOf(answer)}${codeOf(answer) === 'INTERNAL' ? ` ${log().at(-1) ?? ''}` : ''}`),
  },
  {
    name: 'refuses invalid input before it sends anything',
    why: 'A model corrects an input that is refused at once. If the vendor refuses it, it costs a request. If the vendor ignores it, the mistake stays hidden.',
    find: async (checked) => {
      const found = (await checked.successes()).map(({ tool, example }) =>
        checked.withTestHost({ tool: tool.name }, async (testHost) => {
          const problems: string[] = [];
          for (const [fault, input] of badInputs(portableSchema(tool.input, 'input').jsonSchema, example)) {
            const answer = await testHost.call(tool.name, input);
            const sent = testHost.sandbox?.requests.length ?? 0;
            if (codeOf(answer) !== 'INVALID_INPUT') problems.push(`${tool.name} accepts ${fault}: ${textOf(answer)}`);
            else if (sent > 0) problems.push(`${tool.name} sends ${sent} requests before it refuses ${fault}`);
          }
          return problems;
        }),
      );
      return (await Promise.all(found)).flat();
    },
  },
  {
    name: 'does nothing while it opens',
    why: 'The host opens a client in the middle of a call, without the call’s deadline, signal or budget. The client can fetch what it needs when it is used.',
    find: (checked) => checked.withTestHost({}, async ({ config }) => await openOnly(checked.connector, config)),
  },
  {
    name: 'does nothing while it is imported',
    why: 'A host imports connectors that it may never use. No call or job limits the work that they start then.',
    appliesTo: 'package',
    find: async ({ fixture }) => (fixture.folder ? await importedIo(fixture.folder) : []),
  },
  {
    name: 'can close a client twice, used or not',
    why: 'A host that shuts down while it replaces a connection’s settings may close a client twice.',
    find: (checked) =>
      checked.withTestHost({}, async ({ config }) => {
        const problems: string[] = [];
        await openOnly(checked.connector, config, async (client) => {
          for (const time of ['first', 'second']) {
            try {
              await checked.connector.close?.(client);
            } catch (error) {
              problems.push(`the ${time} close() fails: ${String(error)}`);
            }
          }
        });
        return problems;
      }),
  },
  {
    name: 'reaches the network only through its http',
    why: 'A request without http has no deadline, limit, retry class or origin check, and no test can send it to a sandbox.',
    appliesTo: 'vendor',
    find: (checked) => detectBypasses(checked),
  },
  {
    name: 'names the account of a valid credential',
    why: 'The person who sets up a connection wants to see the right account, and an operator wants to see that it still works.',
    appliesTo: 'vendor',
    find: (checked) =>
      checked.withTestHost({}, async (testHost) => {
        if (!checked.connector.check) return ['offers no check(): one cheap authenticated request'];
        const health = await testHost.check().catch((error: unknown) => String(error));
        if (typeof health === 'string') return [`check() fails: ${health}`];
        return health.account.trim() === '' ? ['check() names no account'] : [];
      }),
  },
  {
    name: 'reports a wrong credential as UNAUTHENTICATED when it is checked',
    why: 'Some vendors answer a wrong credential with 200 and an anonymous user. Without this check a model is the first to notice.',
    appliesTo: 'vendor',
    find: (checked) => {
      // The connection's other secrets stay unchanged: one wrong secret is enough.
      const config = (good: object, canary: string): object =>
        everyValue(good, (value) => (value === canary ? 'canary-of-another-account' : value)) as object;
      return checked.withTestHost({ config }, async (testHost) => {
        if (!checked.connector.check || !JSON.stringify(testHost.sandbox?.config).includes(testHost.canary)) return [];
        return await testHost.check().then(
          ({ account }) => [`check() accepts it as ${account}`],
          (error: unknown) =>
            ToolError.is(error) && error.code === 'UNAUTHENTICATED' ? [] : [`check() fails with another error: ${String(error)}`],
        );
      });
    },
  },
];

/** Lists inputs that a schema must refuse, each with its fault. */
function* badInputs(schema: Readonly<Record<string, unknown>>, example: object): Iterable<readonly [fault: string, input: object]> {
  yield ['an unknown field', { ...example, busbar_unknown_field: 1 }];
  for (const name of (schema['required'] ?? []) as string[]) {
    const { [name]: _, ...rest } = example as Record<string, unknown>;
    yield [`an input without ${name}`, rest];
  }
  for (const [name, { type }] of Object.entries(schema['properties'] as Record<string, { readonly type?: unknown }>)) {
    const wrong = type === 'string' ? { wrong: true } : type === 'boolean' || type === 'integer' || type === 'number' ? 'wrong' : undefined;
    if (wrong !== undefined) yield [`${JSON.stringify(wrong)} as ${name}`, { ...example, [name]: wrong }];
  }
}
