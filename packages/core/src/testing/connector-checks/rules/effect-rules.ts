import type { Trace } from '../checked-connector.ts';
import { carriesKey, mayWrite, overSteps, writesIn } from '../problem.ts';
import type { Rule } from '../rule.ts';

const nameOf = (request: { readonly method: string; readonly path: string } | undefined): string => `${request?.method} ${request?.path}`;

/** Lists the problems that `find` sees in each trace, each with the tool's name. */
const inTraces = (traces: readonly Trace[], find: (trace: Trace) => readonly string[] | string | undefined): string[] =>
  traces.flatMap((trace) => [find(trace) ?? []].flat().map((problem) => `${trace.tool.name}: ${problem}`));

/** Whether a tool does what its effect declares, and how it handles a write whose answer is lost. */
export const effectRules: readonly Rule[] = [
  {
    name: 'changes nothing with its read tools',
    why: 'Clients run tools with readOnlyHint without asking a person. The host caches and shares their answers, and never reports an unknown outcome.',
    find: async (checked) =>
      inTraces(await checked.successes(), ({ tool, requested, stateWrites }) => {
        if (tool.effect !== 'read') return undefined;
        const writes = writesIn(requested).map(nameOf);
        return [
          ...writes.map((name) => `sends ${name}. A POST that only reads is declared with retry: 'safe'`),
          stateWrites > 0 ? 'writes to its state, or wakes a job' : [],
        ].flat();
      }),
  },
  {
    name: 'changes something with its other tools',
    why: 'A tool that says that it writes, but only reads, makes clients ask people for nothing, is never cached, and is charged as a write.',
    find: async (checked) =>
      inTraces(await checked.successes(), ({ tool, requested, stateWrites }) => {
        if (tool.effect === 'read' || stateWrites > 0 || requested.some(({ method }) => method !== 'GET')) return undefined;
        return `has the effect "${tool.effect}", but its example writes nothing`;
      }),
  },
  {
    name: 'declares tools that delete as destructive',
    why: 'Clients ask a person before a tool with destructiveHint.',
    find: async (checked) =>
      inTraces(await checked.successes(), ({ tool, requested }) => {
        const deletion = requested.find(({ method }) => method === 'DELETE');
        return deletion && tool.effect !== 'destructive' ? `sends ${nameOf(deletion)} with the effect "${tool.effect}"` : undefined;
      }),
  },
  {
    name: 'writes nothing if the person it asks says no',
    why: 'If a tool asks and writes anyway, its question means nothing, and people stop trusting the next one.',
    find: async (checked) => {
      const found = (await checked.successes()).flatMap(({ tool, example, questions }) =>
        Array.from({ length: questions }, (_, agreed) =>
          checked.withTestHost({ tool: tool.name, agreed }, async (testHost) => {
            await testHost.call(tool.name, example);
            const { requested, stateWrites } = testHost.watch;
            const writes = writesIn(requested).map(nameOf);
            const question = `${tool.name}, question ${agreed + 1}: the person says no, and it`;
            return [
              ...writes.map((name) => `${question} sends ${name}`),
              stateWrites > 0 ? `${question} writes to its state, or wakes a job` : [],
            ].flat();
          }),
        ),
      );
      return (await Promise.all(found)).flat();
    },
  },
  {
    name: 'sends a key of context.key() in each keyed request',
    why: 'By this key the vendor recognises repetitions by the host, and by a caller with an idempotency key.',
    find: async (checked) =>
      inTraces(await checked.successes(), ({ steps, keys }) =>
        steps
          .filter(({ requested, request }) => requested.retry === 'keyed' && !keys.some((key) => carriesKey(request, key)))
          .map(({ name }) => `${name} is "keyed", but no key of context.key() is in its headers, its URL or its body`),
      ),
  },
  {
    name: 'gives each write of a call its own key',
    why: 'The vendor takes a second write under the same key for a repetition of the first, and does not make it.',
    find: async (checked) =>
      inTraces(await checked.successes(), ({ requests, keys }) =>
        [...new Set(keys)]
          .map((key) => requests.filter((request) => request.method !== 'GET' && carriesKey(request, key)))
          .filter(({ length }) => length > 1)
          .map(([first, second]) => `${nameOf(first)} and ${nameOf(second)} carry the same key: give context.key() another part`),
      ),
  },
  {
    name: 'makes a write once, even if its answer is lost',
    why: 'The vendor made the write, but the answer did not arrive. If the write is sent again, a customer gets it twice.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, trace, step) => {
        if (!mayWrite(trace, step)) return undefined;
        const made: unknown[] = [];
        testHost.sandbox?.misbehave({
          kind: 'change',
          times: 1_000,
          match: step.match,
          change(answer) {
            made.push(idIn(answer.body));
            return made.length === 1 ? { status: 503 } : answer;
          },
        });
        await testHost.call(trace.tool.name, trace.example);
        const { retry = 'never' } = step.requested;
        if (retry === 'never') return made.length > 1 ? `is sent ${made.length} times with the retry class "never"` : undefined;
        return made.some((id) => id !== made[0])
          ? `has the retry class "${retry}" and makes another record if it is sent again. Use "never", or "keyed" with context.key()`
          : undefined;
      }),
  },
  {
    name: 'says for each write how to find out whether it happened',
    why: 'With OUTCOME_UNKNOWN alone, a model repeats the call, or gives up on a write that happened.',
    appliesTo: 'vendor',
    find: async (checked) =>
      inTraces(await checked.successes(), (trace) =>
        trace.steps
          .filter((step) => mayWrite(trace, step) && (step.requested.ifLost ?? '').trim() === '')
          .map(({ name }) => `${name} has no ifLost, such as “Look for its subject with …_search_… before you create it again.”`),
      ),
  },
];

/** Returns the id of the record in an answer: the first id, outer fields first. */
function idIn(body: unknown): unknown {
  for (let level: unknown[] = [body], depth = 0; level.length > 0 && depth < 4; depth += 1) {
    const objects = level.filter((value) => typeof value === 'object' && value !== null) as Record<string, unknown>[];
    const found = objects.find((value) => 'id' in value || 'Id' in value);
    if (found) return found['id'] ?? found['Id'];
    level = objects.flatMap(Object.values);
  }
  return undefined;
}
