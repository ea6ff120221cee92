import type { z } from 'zod';
import type { HttpRequest } from '../../connector/http.ts';
import { textStart } from '../../connector/truncate.ts';
import type { Answer } from '../../content.ts';
import { errorCodes, type ErrorCode } from '../../errors.ts';
import { answerText } from '../answer-text.ts';
import type { SimulatorAnswer, SimulatorRequest } from '../sandbox/simulator.ts';
import type { Step, CheckedConnector, Trace } from './checked-connector.ts';
import { withRowsRead, withRowsWritten } from './rows.ts';
import type { TestHost } from './test-host.ts';

/** Returns the error code of an answer, as programs read it. */
export function codeOf({ meta }: Answer): string | undefined {
  const error = meta?.['busbar/error'] as { readonly code?: string } | undefined;
  return error?.code;
}

/** Returns the text of an answer as one line of at most 200 characters. */
export function textOf(answer: Answer): string {
  const text = answerText(answer).replaceAll('\n', ' ');
  return text.length > 200 ? `${textStart(text, 199)}…` : text;
}

/** Text that no sentence for a model may contain: missing values, stacks, HTML. */
const slips = /\bundefined\b|\bNaN\b|\[object \w+\]|Invalid Date|<\/?(?:html|body|head|!doctype)\b|\n\s+at \S+ ?\(/i;

/** Returns the words in a string that show a bug in the code that wrote it. */
export function slipIn(text: string): string | undefined {
  return slips.exec(text)?.[0];
}

/** Returns the problem with how a call failed. Returns undefined if it failed as documented, with one of `codes` if they are given. */
export function faultOfFailure(testHost: TestHost, answer: Answer, codes?: readonly ErrorCode[]): string | undefined {
  if (answer.isError !== true) return `succeeds: ${textOf(answer)}`;
  const code = codeOf(answer);
  if (code === 'INTERNAL') return `fails with INTERNAL, because something other than a ToolError was thrown: ${thrownIn(testHost)}`;
  if (code === undefined || !Object.hasOwn(errorCodes, code)) return `fails without a documented code: ${textOf(answer)}`;
  if (codes && !codes.some((expected) => expected === code))
    return `fails with ${code} instead of ${codes.join(' or ')}: ${textOf(answer)}`;
  const slip = slipIn(answer.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n'));
  return slip === undefined ? undefined : `says “${slip}” to the model: ${textOf(answer)}`;
}

/** Returns the masked error, from the log. */
function thrownIn({ log }: TestHost): string {
  const line = log().findLast((text) => text.startsWith('a call failed inside this server')) ?? '';
  const found = /"name":"(\w+)".*?"message":"((?:[^"\\]|\\.){0,300})/.exec(line);
  return found ? `${found[1]}: ${found[2]}` : 'see the log';
}

/**
 * Runs `probe` for each request of each example, each time on a new test host. Prefixes the problems it returns with the tool and the
 * request.
 */
export async function overSteps(
  checked: CheckedConnector,
  options: Parameters<CheckedConnector['withTestHost']>[0],
  probe: (testHost: TestHost, trace: Trace, step: Step) => Promise<readonly string[] | string | undefined>,
): Promise<string[]> {
  const found = (await checked.successes()).map(async (trace) => {
    const problems: string[] = [];
    for (const step of trace.steps) {
      const problemsOfStep = await checked.withTestHost({ ...options, tool: trace.tool.name }, (testHost) => probe(testHost, trace, step));
      problems.push(...[problemsOfStep ?? []].flat().map((problem) => `${trace.tool.name}, ${step.name}: ${problem}`));
    }
    return problems;
  });
  return (await Promise.all(found)).flat();
}

/** Whether the host treats a request of a tool as a write. */
export const mayWrite = ({ tool }: Trace, { requested }: Step): boolean => tool.effect !== 'read' && requested.method !== 'GET';

/** Returns the requests that change something at the vendor. A POST that only reads is declared with `retry: 'safe'`. */
export function writesIn(requested: readonly HttpRequest<z.ZodType>[]): HttpRequest<z.ZodType>[] {
  return requested.filter(({ method, retry }) => method !== 'GET' && !(method === 'POST' && retry === 'safe'));
}

/** Whether a request carries a key, in its headers, its URL or its body. */
export const carriesKey = ({ headers, rawBody, path, query }: SimulatorRequest, key: string): boolean =>
  [...Object.values(headers), rawBody, path, query.toString()].some((part) => part.includes(key));

/** The answers to writes that a test host's vendor has performed, by step. */
const performed = new WeakMap<TestHost, Map<Step, SimulatorAnswer>>();

/**
 * Changes the answers to every request of a step. The vendor still performs reads, because later requests may depend on them. It performs a
 * write once if the tool sends other requests afterwards, such as polling what it has created. It does not perform other writes, nor
 * repetitions: for them, `change` gets the first answer or the recorded one.
 */
export function answerWith(testHost: TestHost, step: Step, change: (answer: SimulatorAnswer) => SimulatorAnswer): void {
  const { sandbox } = testHost;
  const { requested, answer, match, rows, followed } = step;
  const changed = (original: SimulatorAnswer) => (rows ? withRowsWritten(change(original)) : change(original));
  if (requested.method === 'GET')
    return sandbox?.misbehave({
      kind: 'change',
      times: 1_000,
      match,
      change: (original) => changed(rows ? withRowsRead(original) : original),
    });
  const answerAlways = (original: SimulatorAnswer): SimulatorAnswer => {
    const { status, headers = {}, body } = changed(original);
    // A 204 has no body, so an answer with a body becomes a 200.
    const fault = { status: status === 204 ? 200 : status, headers, body };
    sandbox?.misbehave({ kind: 'status', times: 1_000, match, ...fault });
    return fault;
  };
  const first = performed.get(testHost) ?? new Map<Step, SimulatorAnswer>();
  performed.set(testHost, first);
  const known = followed ? first.get(step) : answer;
  if (known) return void answerAlways(known);
  sandbox?.misbehave({
    kind: 'change',
    match,
    change(original) {
      // A sandbox may answer with the objects that it stores, and change them later.
      const own = structuredClone(rows ? withRowsRead(original) : original);
      first.set(step, own);
      return answerAlways(own);
    },
  });
}
