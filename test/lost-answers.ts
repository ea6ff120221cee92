import { expect, it } from 'vitest';
import { cockatielResilience } from '../packages/core/src/adapters/cockatiel.ts';
import type { Answer, Connector } from '../packages/core/src/index.ts';
import { answerText, manualClock, openSandbox, type ConnectorSandbox, type SimulatorRequest } from '../packages/core/src/testing/index.ts';

/** One write of one tool. A tool that can write in several ways has one entry for each. */
export interface Write<Sandbox> {
  readonly tool: string;
  /** Names the way, if the tool has several. */
  readonly way?: string;
  /** The route of the sandbox that receives the write. */
  readonly route: string;
  /** `never`: sent once. `safe`, `keyed`: sent again if its answer was lost. */
  readonly retry: 'never' | 'safe' | 'keyed';
  /** Part of the error text for an unknown outcome: how to find out. */
  readonly look: string;
  input(sandbox: Sandbox): object;
}

/** The ways in which an answer is lost, so that it is unknown whether the vendor executed the request. */
const losses = {
  'a reset after the request arrived': { kind: 'lose' },
  'silence until the attempt times out': { kind: 'hang' },
  'HTTP 502 of a proxy': { kind: 'html', status: 502 },
  'HTTP 503 of the vendor': { kind: 'status', status: 503 },
} as const;
type Loss = keyof typeof losses;

const attemptTimeoutMs = 10_000;
/** The host's default. */
const mostAttempts = 4;

/**
 * Declares tests that lose the answer to every write of a connector's tools in every way. They expect as many requests as the retry class
 * allows, and an error that says what is unknown and how to find out. A writing tool without a row fails.
 */
export function itSurvivesLostAnswers<Sandbox extends ConnectorSandbox>(
  connector: Connector,
  writes: readonly Write<Sandbox>[],
  sandbox: () => Sandbox,
): void {
  const named = writes.map((write) => ({ ...write, name: write.way === undefined ? write.tool : `${write.tool}, ${write.way},` }));
  const lossNames = Object.keys(losses) as Loss[];
  const lost = named.flatMap((write) => lossNames.map((loss) => ({ ...write, loss })));
  const repeatable = lost.filter(({ retry }) => retry !== 'never');

  it('has a row for each tool that writes, and for no other tool', () => {
    const writing = connector.tools.filter(({ effect }) => effect !== 'read').map(({ name }) => name);
    expect([...new Set(writes.map(({ tool }) => tool))].toSorted()).toEqual(writing.toSorted());
  });

  it.each(named)('$name makes one write, to $route', async (write) => {
    const { text, isError, writes: made } = await callLosing(connector, sandbox(), write, { times: 0 });
    expect({ isError, text: isError ? text : '' }).toEqual({ isError: false, text: '' });
    expect(made.map(({ route }) => route)).toEqual([write.route]);
  });

  it.each(lost.filter(({ retry }) => retry === 'never'))(
    '$name is sent once if its answer is lost by $loss, and its outcome is unknown',
    async ({ loss, ...write }) => {
      // A second request would succeed.
      const { text, writes: made } = await callLosing(connector, sandbox(), write, { loss, times: 1 });
      expect(text).toMatch(/^OUTCOME_UNKNOWN: (POST|PUT|PATCH|DELETE) \/\S+ may or may not have happened\./);
      expect(text).toContain(write.look);
      expect(made.map(({ route }) => route)).toEqual([write.route]);
    },
  );

  it.each(repeatable)('$name is sent twice if its answer is lost by $loss, and succeeds', async ({ loss, ...write }) => {
    const { text, isError, writes: made } = await callLosing(connector, sandbox(), write, { loss, times: 1 });
    expect({ isError, text: isError ? text : '' }).toEqual({ isError: false, text: '' });
    expect(made.map(({ route }) => route)).toEqual([write.route, write.route]);
    expectOneKey(write, made);
  });

  it.each(repeatable)('$name has an unknown outcome if all its answers are lost by $loss', async ({ loss, ...write }) => {
    const { text, writes: made } = await callLosing(connector, sandbox(), write, { loss, times: 50 });
    expect(text).toMatch(/^OUTCOME_UNKNOWN: /);
    expect(text).toContain(write.look);
    expect(made.length).toBeGreaterThan(1);
    expect(made.length).toBeLessThanOrEqual(mostAttempts);
    expectOneKey(write, made);
  });
}

/** Expects all attempts of a keyed write to carry the same key. */
function expectOneKey({ retry }: Pick<Write<never>, 'retry'>, made: readonly SimulatorRequest[]): void {
  const keys = new Set(made.map(({ headers }) => headers['idempotency-key']));
  expect(keys.size).toBe(1);
  if (retry === 'keyed') expect([...keys][0]).toMatch(/^[a-z0-9-]{1,36}$/);
}

/** Calls a tool through a new host, whose breaker has seen no other calls, and loses the first `times` answers to its write. */
async function callLosing<Sandbox extends ConnectorSandbox>(
  connector: Connector,
  sandbox: Sandbox,
  write: Write<Sandbox>,
  { loss, times }: { readonly loss?: Loss; readonly times: number },
): Promise<{ readonly text: string; readonly isError: boolean; readonly writes: readonly SimulatorRequest[] }> {
  const clock = manualClock(Date.now());
  const { host, answer: call } = await openSandbox(connector, sandbox, {
    resilience: cockatielResilience({ backoffMs: 1, attemptTimeoutMs, clock }),
    clock,
  });
  const before = new Set(sandbox.requests);
  const sent = () => sandbox.requests.filter((request) => !before.has(request));
  if (loss) sandbox.misbehave({ ...losses[loss], match: write.route, times });

  let answer: Answer | undefined;
  const calling = call(write.tool, write.input(sandbox)).then((given) => (answer = given));
  let silent = 0;
  const advance = async () => {
    const arrived = sent().filter(({ route }) => route === write.route).length;
    const isSilent = loss === 'silence until the attempt times out' && arrived > silent && arrived <= times;
    if (isSilent) silent = arrived;
    // Lets a silent attempt time out. Otherwise skips only the waits between attempts, so that no answered attempt times out.
    await clock.advance(isSilent ? attemptTimeoutMs : 10);
    return answer !== undefined;
  };
  await expect.poll(advance, { interval: 1, timeout: 15_000 }).toBe(true);
  const given = await calling;
  sandbox.recover();
  await host.close();
  const made = sent().filter(({ method, path }) => method !== 'GET' && !path.includes('/oauth'));
  return { text: answerText(given), isError: given.isError === true, writes: made };
}
