import { portableSchema } from '../../../catalog/portable-schema.ts';
import { everyValue } from '../json-fields.ts';
import { answerWith, codeOf, faultOfFailure, overSteps, textOf } from '../problem.ts';
import type { Rule } from '../rule.ts';

/** The number of items that the vendor sends instead of a page. */
const flood = 600;
/** The longest list that a model may get at once. */
const longestList = 500;
/** The maximum number of requests per call. Health checks of whole accounts need that many. */
const mostRequests = 25;
/** The largest answer that a model may get, in bytes of JSON: about 60,000 tokens. */
const largestAnswer = 256 * 1024;

/** Changes the fields that announce further pages, so that they announce one. */
const moreOf = (value: unknown, name: string): unknown => {
  if (!/next|more|done|cursor|after|page|total|count/i.test(name)) return value;
  if (typeof value === 'boolean') return !/done|last/i.test(name);
  if (typeof value === 'number') return 1_000_000;
  return value === null || typeof value === 'string' ? 'one-page-more' : value;
};

/** Whether calls stay bounded, however much data the vendor has. */
export const boundRules: readonly Rule[] = [
  {
    name: 'returns one page, however much the vendor sends',
    why: 'A model’s context window is small. Text that does not fit is paid for and lost.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, step) => {
        answerWith(testHost, step, ({ body, ...answer }) => ({
          ...answer,
          body: everyValue(body, (value) =>
            Array.isArray(value) && value.length > 0 && typeof value[0] === 'object'
              ? Array.from({ length: flood }, (_, index) => value[index % value.length] as unknown)
              : value,
          ),
        }));
        const answer = await testHost.call(tool.name, example);
        if (answer.isError === true) return faultOfFailure(testHost, answer);
        const longest = longestIn(answer.structuredContent);
        const bytes = Buffer.byteLength(JSON.stringify(answer.structuredContent ?? null));
        if (longest > longestList) return `returns a list of ${longest} items: cut it to the requested page, and return a cursor`;
        return bytes > largestAnswer ? `returns ${bytes} bytes: cut the list, or return a summary of each item` : undefined;
      }),
  },
  {
    name: `sends at most ${mostRequests} requests in a call, even if the vendor always has another page`,
    why: 'A call that reads all pages uses up the tenant’s budget, and never ends if the vendor’s pages form a circle.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, step) => {
        answerWith(testHost, step, ({ body, ...answer }) => ({ ...answer, body: everyValue(body, moreOf) }));
        const answer = await testHost.call(tool.name, example);
        const sent = testHost.requests().length;
        if (sent > mostRequests) return `sends ${sent} requests: return a cursor, and continue in the next call`;
        return codeOf(answer) === 'INTERNAL' ? faultOfFailure(testHost, answer) : undefined;
      }),
  },
  {
    name: 'refuses a cursor that it did not issue',
    why: 'With a vendor’s own cursor, or one a model can write, a caller can ask for records that the tool does not offer, or for another tenant’s page.',
    appliesTo: 'vendor',
    find: async (checked) => {
      const found = (await checked.successes()).map(({ tool, example }) =>
        checked.withTestHost({ tool: tool.name }, async (testHost) => {
          const properties = portableSchema(tool.input, 'input').jsonSchema['properties'] as Record<string, { readonly type?: unknown }>;
          const cursors = Object.keys(properties).filter((name) => /cursor|page_?token/i.test(name) && properties[name]?.type === 'string');
          const problems: string[] = [];
          for (const name of cursors) {
            const answer = await testHost.call(tool.name, { ...example, [name]: 'made-up' });
            if (codeOf(answer) !== 'INVALID_INPUT')
              problems.push(`${tool.name} accepts a made-up ${name}: write and read it with context.cursor. ${textOf(answer)}`);
          }
          return problems;
        }),
      );
      return (await Promise.all(found)).flat();
    },
  },
];

function longestIn(value: unknown): number {
  let longest = 0;
  everyValue(value, (part) => {
    if (Array.isArray(part)) longest = Math.max(longest, part.length);
    return part;
  });
  return longest;
}
