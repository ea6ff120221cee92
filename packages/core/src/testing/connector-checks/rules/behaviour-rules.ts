import { portableSchema } from '../../../catalog/portable-schema.ts';
import { ToolError } from '../../../errors.ts';
import { importedIo } from '../imported-io.ts';
import { everyValue } from '../json-fields.ts';
import { openOnly } from '../open-only.ts';
import { detectBypasses } from '../bypass-detection.ts';
import { codeOf, textOf } from '../problem.ts';
import type { Rule } from '../rule.ts';

/** What a connector does when nothing goes wrong but its callers and its settings. */
export const behaviourRules: readonly Rule[] = [
  {
    name: 'answers the example of each tool with the declared output',
    why: 'It is what the tool is there for. All checks of what may go wrong begin with it.',
    find: async (checked) =>
      (await checked.traces())
        .filter(({ answer, tool }) => answer.isError === true || (tool.output !== undefined && answer.structuredContent === undefined))
        .map(({ tool, answer, log }) => `${tool.name}: ${textOf(answer)}${codeOf(answer) === 'INTERNAL' ? ` ${log().at(-1) ?? ''}` : ''}`),
  },
  {
    name: 'refuses invalid input before it sends anything',
    why: 'A model corrects what it is told of at once. What the vendor refuses costs a request, and what it ignores is a silent mistake.',
    find: async (checked) => {
      const found = (await checked.good()).map(({ tool, example }) =>
        checked.withTestHost({ tool: tool.name }, async (testHost) => {
          const problems: string[] = [];
          for (const [what, input] of badInputs(portableSchema(tool.input, 'input').jsonSchema, example)) {
            const answer = await testHost.call(tool.name, input);
            const sent = testHost.sandbox?.requests.length ?? 0;
            if (codeOf(answer) !== 'INVALID_INPUT') problems.push(`${tool.name} takes ${what}: ${textOf(answer)}`);
            else if (sent > 0) problems.push(`${tool.name} sends ${sent} requests before it refuses ${what}`);
          }
          return problems;
        }),
      );
      return (await Promise.all(found)).flat();
    },
  },
  {
    name: 'does nothing while it opens',
    why: 'A client is opened in the middle of a call, without its deadline, signal or budget. What it needs it can fetch when it is used.',
    find: (checked) => checked.withTestHost({}, async ({ config }) => await openOnly(checked.connector, config)),
  },
  {
    name: 'does nothing while it is imported',
    why: 'A host imports connectors that it may never use. What they do then belongs to nobody.',
    concerns: 'package',
    find: async ({ fixture }) => (fixture.folder ? await importedIo(fixture.folder) : []),
  },
  {
    name: 'can close a client twice, used or not',
    why: 'A host that shuts down while it replaces a connection’s settings closes what was closed.',
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
    why: 'What is sent past it has no deadline, limit, retry class or origin check, and no test can send it to a sandbox.',
    concerns: 'vendor',
    find: (checked) => detectBypasses(checked),
  },
  {
    name: 'names the account of a valid credential',
    why: 'A person who sets a connection up wants to see that it is the right one, and an operator that it still works.',
    concerns: 'vendor',
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
    why: 'Some vendors answer a wrong credential with 200 and an anonymous user. Then the first to notice is a model.',
    concerns: 'vendor',
    find: (checked) => {
      // A connection's other secrets stay as they are: one wrong one is enough.
      const config = (good: object, canary: string): object =>
        everyValue(good, (value) => (value === canary ? 'canary-of-somebody-else' : value)) as object;
      return checked.withTestHost({ config }, async (testHost) => {
        if (!checked.connector.check || !JSON.stringify(testHost.sandbox?.config).includes(testHost.canary)) return [];
        return await testHost.check().then(
          ({ account }) => [`check() takes it for ${account}`],
          (error: unknown) =>
            ToolError.is(error) && error.code === 'UNAUTHENTICATED' ? [] : [`check() fails otherwise: ${String(error)}`],
        );
      });
    },
  },
];

/** Inputs that a schema surely does not take, each with what is wrong with it. */
function* badInputs(schema: Readonly<Record<string, unknown>>, example: object): Iterable<readonly [what: string, input: object]> {
  yield ['a field that it does not know', { ...example, busbar_unknown_field: 1 }];
  for (const name of (schema['required'] ?? []) as string[]) {
    const { [name]: _, ...rest } = example as Record<string, unknown>;
    yield [`an input without ${name}`, rest];
  }
  for (const [name, { type }] of Object.entries(schema['properties'] as Record<string, { readonly type?: unknown }>)) {
    const wrong = type === 'string' ? { wrong: true } : type === 'boolean' || type === 'integer' || type === 'number' ? 'wrong' : undefined;
    if (wrong !== undefined) yield [`${JSON.stringify(wrong)} as ${name}`, { ...example, [name]: wrong }];
  }
}
