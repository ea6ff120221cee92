import { everyValue } from '../json-fields.ts';
import { portableSchema } from '../../../catalog/portable-schema.ts';
import { answerWith, codeOf, faultOfFailure, overSteps, textOf } from '../problem.ts';
import type { Rule } from '../rule.ts';

/** Items that a vendor sends where a page was asked for. */
const flood = 600;
/** The longest list that a model is given at once. */
const longestList = 500;
/** The most requests of one call: health checks that look at everything take as many. */
const mostRequests = 25;
/** Answers larger than what a model can read are cut, or paged. In bytes of JSON: about 60,000 tokens. */
const largestAnswer = 256 * 1024;

/** The fields by which vendors say that there is more, and what they say then. */
const moreOf = (value: unknown, name: string): unknown => {
  if (!/next|more|done|cursor|after|page|total|count/i.test(name)) return value;
  if (typeof value === 'boolean') return !/done|last/i.test(name);
  if (typeof value === 'number') return 1_000_000;
  return value === null || typeof value === 'string' ? 'one-page-more' : value;
};

/** That nothing grows with what the vendor has. */
export const boundRules: readonly Rule[] = [
  {
    name: 'returns one page, however much the vendor sends',
    why: 'A model’s window is small, and what does not fit into it is paid for and lost.',
    concerns: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, step) => {
        answerWith(testHost, step, ({ body, ...answer }) => ({
          ...answer,
          body: everyValue(body, (value) =>
            Array.isArray(value) && value.length > 0 && typeof value[0] === 'object'
              ? Array.from({ length: flood }, (_, at) => value[at % value.length] as unknown)
              : value,
          ),
        }));
        const answer = await testHost.call(tool.name, example);
        if (answer.isError === true) return faultOfFailure(testHost, answer);
        const longest = longestIn(answer.structuredContent);
        const bytes = Buffer.byteLength(JSON.stringify(answer.structuredContent ?? null));
        if (longest > longestList) return `gives a list of ${longest} items: cut it to the page that was asked for, and give a cursor`;
        return bytes > largestAnswer ? `gives ${bytes} bytes: cut what it lists, or list it in a summary form` : undefined;
      }),
  },
  {
    name: `sends at most ${mostRequests} requests in a call, even if the vendor always has another page`,
    why: 'A call that reads to the end takes the tenant’s budget with it, and never comes back from a vendor that pages in a circle.',
    concerns: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, step) => {
        answerWith(testHost, step, ({ body, ...answer }) => ({ ...answer, body: everyValue(body, moreOf) }));
        const answer = await testHost.call(tool.name, example);
        const sent = testHost.requests().length;
        if (sent > mostRequests) return `sends ${sent} requests: give a cursor, and go on in the next call`;
        return codeOf(answer) === 'INTERNAL' ? faultOfFailure(testHost, answer) : undefined;
      }),
  },
  {
    name: 'refuses a cursor that it did not issue',
    why: 'A cursor that is the vendor’s own, or that a model can write, is a way to ask for what the tool does not offer, or for another tenant’s page.',
    concerns: 'vendor',
    find: async (checked) => {
      const found = (await checked.good()).map(({ tool, example }) =>
        checked.withTestHost({ tool: tool.name }, async (testHost) => {
          const properties = portableSchema(tool.input, 'input').jsonSchema['properties'] as Record<string, { readonly type?: unknown }>;
          const cursors = Object.keys(properties).filter((name) => /cursor|page_?token/i.test(name) && properties[name]?.type === 'string');
          const problems: string[] = [];
          for (const name of cursors) {
            const answer = await testHost.call(tool.name, { ...example, [name]: 'made-up' });
            if (codeOf(answer) !== 'INVALID_INPUT')
              problems.push(`${tool.name} takes a made-up ${name}: write and read it with context.cursor. ${textOf(answer)}`);
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
