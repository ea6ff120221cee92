import type { Answer } from '../../../content.ts';
import type { Trace } from '../checked-connector.ts';
import { everyValue, fieldPaths, pathText, textsIn, withField } from '../json-fields.ts';
import { answerWith, codeOf, faultOfFailure, overSteps, slipIn, textOf } from '../problem.ts';
import type { Rule } from '../rule.ts';

/** Faults in single fields of a vendor's answer. */
export const fieldFaults: readonly { readonly name: string; readonly why: string; change(field: unknown): unknown }[] = [
  {
    name: 'answers, or fails as documented, when any field of the vendor’s answer is null',
    why: 'Vendors’ descriptions are wrong about nulls. A null in an unneeded field must not fail the call; in a needed field it is UPSTREAM_INVALID.',
    change: () => null,
  },
  {
    name: 'answers, or fails as documented, when any field of the vendor’s answer is missing',
    why: 'Vendors leave out fields that are empty, or that an account may not see.',
    change: () => undefined,
  },
  {
    name: 'answers, or fails as documented, when any field of the vendor’s answer has another type',
    why: 'Vendors change numbers to strings and objects to lists. An unexpected type is UPSTREAM_INVALID, never a TypeError.',
    change: (field) => (typeof field === 'string' ? 7 : typeof field === 'object' && !Array.isArray(field) ? ['other'] : { other: 'type' }),
  },
];

/** Bodies that are not answers, sent where an answer is expected. */
const bodyFaults: readonly {
  readonly name: string;
  readonly headers?: Record<string, string>;
  /** Whether the body is right where the vendor sends text. */
  readonly isText?: boolean;
  body(): unknown;
}[] = [
  { name: 'an empty body', body: () => '' },
  { name: 'null', body: () => null },
  {
    name: 'a page of HTML',
    headers: { 'content-type': 'text/html' },
    body: () => '<!doctype html>\n<html><body><h1>Please sign in</h1></body></html>\n',
  },
  {
    name: 'a page of HTML that calls itself JSON',
    headers: { 'content-type': 'application/json' },
    isText: true,
    body: () => '<!doctype html>\n<html><body><h1>Please sign in</h1></body></html>\n',
  },
  {
    name: 'a PDF',
    headers: { 'content-type': 'application/pdf' },
    isText: true,
    body: () => '%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n%%EOF\n',
  },
  {
    name: 'bytes that are no text',
    headers: { 'content-type': 'application/octet-stream' },
    isText: true,
    body: () => '\u0089PNG\r\n\u001a\n\u0000\u0000\u0000\rIHDR',
  },
  { name: 'half of its JSON', headers: { 'content-type': 'application/json' }, body: () => '{"data": [' },
];

/** More bytes than core reads of a body. */
const tooLarge = (): string => `{"filler":"${'x'.repeat(4 * 1024 * 1024)}"}`;

/** How a connector handles answers that are not as the vendor describes them. */
export const answerRules: readonly Rule[] = [
  ...bodyFaults.map(({ name, headers, isText, body }): Rule => ({
    name: `reports no success for an answer with ${name}`,
    why: 'A proxy’s page or half an answer does not show what the vendor did. A model that reads of a success continues with false facts.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, trace, step) => {
        // An empty body is right where the vendor sends none, and means no rows where it sends rows. A page is always wrong.
        const expected = step.answer.body !== undefined && step.answer.body !== '' && !(step.rows && name === 'an empty body');
        if (!expected && name !== 'a page of HTML') return undefined;
        if (isText && typeof step.answer.body === 'string') return undefined;
        answerWith(testHost, step, (answer) => ({ ...answer, status: 200, headers: { ...answer.headers, ...headers }, body: body() }));
        return faultOfFailure(testHost, await testHost.call(trace.tool.name, trace.example));
      }),
  })),
  {
    name: 'reports no success for rows if one of them cannot be read',
    why: 'The rows before it look like the complete list, and a model counts, sums and reports them as such.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, trace, step) => {
        if (!step.rows) return undefined;
        answerWith(testHost, step, (answer) => {
          const [first, ...others] = (answer.body as unknown[]).map((row) => JSON.stringify(row));
          return { ...answer, body: [first, '{"half": ', ...others].join('\n') };
        });
        return faultOfFailure(testHost, await testHost.call(trace.tool.name, trace.example));
      }),
  },
  ...fieldFaults.map(({ name, why, change }): Rule => ({
    name,
    why,
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, trace, step) => {
        const problems: string[] = [];
        for (const path of fieldPaths(step.answer.body)) {
          answerWith(testHost, step, (answer) => ({ ...answer, body: withField(answer.body, path, change) }));
          const answer = await testHost.call(trace.tool.name, trace.example);
          const fault = answer.isError === true ? faultOfFailure(testHost, answer) : slipOf(answer, trace);
          if (fault !== undefined) problems.push(`with ${pathText(path)} changed, ${fault}`);
          testHost.sandbox?.recover();
        }
        return problems;
      }),
  })),
  {
    name: 'accepts unknown fields in the vendor’s answers',
    why: 'Vendors add fields without a new version of their API.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, step) => {
        answerWith(testHost, step, ({ body, ...answer }) => ({
          ...answer,
          body: everyValue(body, (value) =>
            typeof value === 'object' && value !== null && !Array.isArray(value)
              ? { ...value, busbar_new: 'new', busbar_new_list: [{ id: 1 }] }
              : value,
          ),
        }));
        const answer = await testHost.call(tool.name, example);
        return answer.isError === true ? `fails with ${codeOf(answer)}: ${textOf(answer)}` : undefined;
      }),
  },
  {
    name: 'fails as documented on an answer of more than 4 MB',
    why: 'Core does not read such a body to its end, so its content is unknown.',
    appliesTo: 'vendor',
    find: async (checked) => {
      const body = tooLarge();
      return await overSteps(checked, {}, async (testHost, { tool, example }, step) => {
        answerWith(testHost, step, (answer) => ({ ...answer, status: 200, headers: { 'content-type': 'application/json' }, body }));
        return faultOfFailure(testHost, await testHost.call(tool.name, example));
      });
    },
  },
];

/**
 * Returns a problem if an output contains words that show a value used as text by mistake, and the good run's output contains no such
 * words.
 */
export function slipOf({ structuredContent }: Answer, trace: Trace): string | undefined {
  if (textsIn(trace.answer.structuredContent).some((text) => slipIn(text) !== undefined)) return undefined;
  const slip = textsIn(structuredContent).map(slipIn).find(Boolean);
  return slip === undefined ? undefined : `the output contains “${slip}”`;
}
