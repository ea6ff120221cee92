import type { Answer } from '../../content.ts';
import { errorCodes, type ErrorCode } from '../../errors.ts';
import type { HttpRequest } from '../../connector/http.ts';
import type { z } from 'zod';
import { answerText } from '../answer-text.ts';
import { withRowsRead, withRowsWritten } from './rows.ts';
import type { TestHost } from './test-host.ts';
import type { SimulatorAnswer, SimulatorRequest } from '../sandbox/simulator.ts';
import type { Step, CheckedConnector, Trace } from './checked-connector.ts';

/** The documented code of an answer that is an error, as programs read it. */
export function codeOf({ meta }: Answer): string | undefined {
  const error = meta?.['busbar/error'] as { readonly code?: string } | undefined;
  return error?.code;
}

/** All text of an answer, in one line of at most 200 characters. */
export function textOf(answer: Answer): string {
  const text = answerText(answer).replaceAll('\n', ' ');
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/** What no sentence for a model holds: values that were not there, stacks, pages. */
const slips = /\bundefined\b|\bNaN\b|\[object \w+\]|Invalid Date|<\/?(?:html|body|head|!doctype)\b|\n\s+at \S+ ?\(/i;

/** The words in a text that show a fault of the code that made it. */
export function slipIn(text: string): string | undefined {
  return slips.exec(text)?.[0];
}

/** What is wrong with how a call failed. Undefined: it failed as documented, with one of `codes` where these are given. */
export function faultOfFailure(testHost: TestHost, answer: Answer, codes?: readonly ErrorCode[]): string | undefined {
  if (answer.isError !== true) return `succeeds: ${textOf(answer)}`;
  const code = codeOf(answer);
  if (code === 'INTERNAL') return `fails with INTERNAL, so something else than a ToolError was thrown: ${thrownIn(testHost)}`;
  if (code === undefined || !Object.hasOwn(errorCodes, code)) return `fails without a documented code: ${textOf(answer)}`;
  if (codes && !codes.some((one) => one === code)) return `fails with ${code} and not with ${codes.join(' or ')}: ${textOf(answer)}`;
  const slip = slipIn(answer.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n'));
  return slip === undefined ? undefined : `says “${slip}” to the model: ${textOf(answer)}`;
}

/** The error that was masked, out of the log. */
function thrownIn({ log }: TestHost): string {
  const line = log().findLast((one) => one.startsWith('a call failed inside this server')) ?? '';
  const found = /"name":"(\w+)".*?"message":"((?:[^"\\]|\\.){0,300})/.exec(line);
  return found ? `${found[1]}: ${found[2]}` : 'see the log';
}

/** What `probe` finds in each request of each example, with the place in front. Every tool has a testHost of its own for each request. */
export async function overSteps(
  checked: CheckedConnector,
  options: Parameters<CheckedConnector['withTestHost']>[0],
  probe: (testHost: TestHost, trace: Trace, step: Step) => Promise<readonly string[] | string | undefined>,
): Promise<string[]> {
  const found = (await checked.good()).map(async (trace) => {
    const problems: string[] = [];
    for (const step of trace.steps) {
      const here = await checked.withTestHost({ ...options, tool: trace.tool.name }, (testHost) => probe(testHost, trace, step));
      problems.push(...[here ?? []].flat().map((problem) => `${trace.tool.name}, ${step.name}: ${problem}`));
    }
    return problems;
  });
  return (await Promise.all(found)).flat();
}

/** Whether a request of a tool may change something at the vendor, as the host counts it. */
export const mayWrite = ({ tool }: Trace, { requested }: Step): boolean => tool.effect !== 'read' && requested.method !== 'GET';

/** The requests that change something at the vendor. A POST that only reads is declared with `retry: 'safe'`. */
export function writesIn(requested: readonly HttpRequest<z.ZodType>[]): HttpRequest<z.ZodType>[] {
  return requested.filter(({ method, retry }) => method !== 'GET' && !(method === 'POST' && retry === 'safe'));
}

/** Whether a request carries a key, in its headers, its URL or its body. */
export const carriesKey = ({ headers, rawBody, path, query }: SimulatorRequest, key: string): boolean =>
  [...Object.values(headers), rawBody, path, query.toString()].some((part) => part.includes(key));

/**
 * Has every request of a step answered with what `change` makes of its answer. Reads are performed, for what follows may go by what they
 * say; of writes the recorded answer is changed, so that nothing is done again and again.
 */
export function answerWith(
  { sandbox }: TestHost,
  { requested, answer, match, rows }: Step,
  change: (answer: SimulatorAnswer) => SimulatorAnswer,
): void {
  const changed = (said: SimulatorAnswer) => (rows ? withRowsWritten(change(said)) : change(said));
  if (requested.method === 'GET')
    return sandbox?.misbehave({ kind: 'change', times: 1_000, match, change: (said) => changed(rows ? withRowsRead(said) : said) });
  const { status, headers = {}, body } = changed(answer);
  // A 204 has no body, so what has one is a 200.
  sandbox?.misbehave({ kind: 'status', times: 1_000, match, status: status === 204 ? 200 : status, headers, body });
}
