import { AssertionError, deepEqual, match, ok } from 'node:assert/strict';
import { systemClock } from '../../clock.ts';
import type { Connector } from '../../connector/connector.ts';
import type { RetryClass } from '../../connector/http.ts';
import { answerText } from '../answer-text.ts';
import type { ConnectorCheck } from '../connector-checks/connector-checks.ts';
import type { ConnectorSandbox } from '../connector-checks/fixture.ts';
import { carriesKey } from '../connector-checks/problem.ts';
import { createWatch, watchedConnector } from '../connector-checks/watched-connector.ts';
import { manualClock } from '../manual-clock.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { SimulatorRequest } from '../sandbox/simulator.ts';
import { tokenRequests } from '../sandbox/token-requests.ts';
import { vendorWire } from '../sandbox/vendor-wire.ts';

/** One write of one tool. A tool that can write in several ways has a row for each. */
export interface VendorWrite<Sandbox extends ConnectorSandbox = ConnectorSandbox> {
  readonly tool: string;
  /** Names the kind of write, if the tool has several: `as a note`. */
  readonly variant?: string | undefined;
  /**
   * The sandbox's route that receives the write: `POST /tickets`. The tool's other requests must be `GET` requests or requests for a token.
   */
  readonly route: string;
  /** `never`: sent once. `safe`: sent again if its answer was lost. `keyed`: likewise, with the same key from `context.key()`. */
  readonly retry: RetryClass;
  /** Part of the error text for an unknown outcome: how to find out whether the write happened. */
  readonly ifLost: string;
  /** Returns an input with which the tool makes exactly this write in a fresh sandbox, without asking a person. */
  input(sandbox: Sandbox): object;
}

/** The details that {@link lostAnswerChecks} needs besides the connector. */
export interface LostAnswerFixture<Sandbox extends ConnectorSandbox = ConnectorSandbox> {
  /** At least one row for each tool that writes. */
  readonly writes: readonly VendorWrite<Sandbox>[];
  /** Starts a fresh account on a free port. Each check starts its own and closes it. */
  sandbox(): Promise<Sandbox>;
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
/** The time that a call may take by the real clock. */
const giveUpAfterMs = 15_000;

/**
 * Returns checks that lose the answer to every write of a connector's tools in every possible way. They expect as many requests as the
 * retry class allows, and an error that says what is unknown and how to find out. A tool that writes but has no row fails.
 *
 * Each check runs the tool through a new host, whose breaker has seen no other calls. Checks may run in any order, and at the same time.
 * They need got, cockatiel and p-retry.
 */
export function lostAnswerChecks<Sandbox extends ConnectorSandbox>(
  connector: Connector,
  { writes, sandbox }: LostAnswerFixture<Sandbox>,
): readonly ConnectorCheck[] {
  const check = (name: string, run: () => Promise<void>): ConnectorCheck => ({ name, run });
  return [
    check('has a row for each tool that writes, and for no other tool', async () => {
      const writing = connector.tools.filter(({ effect }) => effect !== 'read').map(({ name }) => name);
      deepEqual([...new Set(writes.map(({ tool }) => tool))].toSorted(), writing.toSorted());
    }),
    ...writes.flatMap((write) => {
      const name = write.variant === undefined ? write.tool : `${write.tool}, ${write.variant},`;
      const callLosing = (loss: Loss | undefined, times: number) => runLosing(connector, sandbox, write, loss, times);
      return [
        check(`${name} makes one write, to ${write.route}`, async () => {
          expectSuccess(await callLosing(undefined, 0), write, 1);
        }),
        ...(Object.keys(losses) as Loss[]).flatMap((loss) => {
          if (write.retry === 'never')
            return [
              check(`${name} is sent once if its answer is lost by ${loss}, and its outcome is unknown`, async () => {
                // A second request would succeed.
                const call = await callLosing(loss, 1);
                match(call.text, /^OUTCOME_UNKNOWN: (POST|PUT|PATCH|DELETE) \/\S+ may or may not have happened\./);
                expectLookup(call, write);
                deepEqual(routesOf(call), [write.route]);
              }),
            ];
          return [
            check(`${name} is sent twice if its answer is lost by ${loss}, and succeeds`, async () => {
              const call = await callLosing(loss, 1);
              expectSuccess(call, write, 2);
              expectOneKey(call, write);
            }),
            check(`${name} has an unknown outcome if all its answers are lost by ${loss}`, async () => {
              const call = await callLosing(loss, 50);
              match(call.text, /^OUTCOME_UNKNOWN: /);
              expectLookup(call, write);
              const attempts = call.writes.length;
              ok(attempts > 1 && attempts <= mostAttempts, `was sent ${attempts} times, and not 2 to ${mostAttempts} times`);
              expectOneKey(call, write);
            }),
          ];
        }),
      ];
    }),
  ];
}

/** The result of a call whose answers were lost. */
interface LosingCall {
  /** The text that a model reads. */
  readonly text: string;
  readonly isError: boolean;
  /** The requests that reached the vendor, except reads and requests for tokens. */
  readonly writes: readonly SimulatorRequest[];
  /** The keys that the tool got from `context.key()`. */
  readonly keys: readonly string[];
}

type Expected = Pick<VendorWrite<never>, 'route' | 'retry' | 'ifLost'>;

const routesOf = ({ writes }: LosingCall): (string | undefined)[] => writes.map(({ route }) => route);

function expectSuccess(call: LosingCall, { route }: Expected, times: number): void {
  deepEqual({ isError: call.isError, text: call.isError ? call.text : '' }, { isError: false, text: '' });
  deepEqual(
    routesOf(call),
    Array.from({ length: times }, () => route),
  );
}

function expectLookup({ text }: LosingCall, { ifLost }: Expected): void {
  ok(text.includes(ifLost), `“${text}” does not say “${ifLost}”`);
}

/** Expects all attempts of a write to carry the same key. The key of a keyed write must come from `context.key()`. */
function expectOneKey({ writes, keys }: LosingCall, { retry }: Expected): void {
  deepEqual(new Set(writes.map(({ headers }) => headers['idempotency-key'])).size, 1, 'its attempts have different idempotency keys');
  if (retry !== 'keyed') return;
  const shared = keys.some((key) => writes.every((request) => carriesKey(request, key)));
  ok(shared, 'is keyed, and no key of context.key() is in every attempt');
}

/** Calls a tool in a fresh account, and loses the first `times` answers to its write. */
async function runLosing<Sandbox extends ConnectorSandbox>(
  connector: Connector,
  start: () => Promise<Sandbox>,
  write: VendorWrite<Sandbox>,
  loss: Loss | undefined,
  times: number,
): Promise<LosingCall> {
  const clock = manualClock(systemClock.now());
  const watch = createWatch();
  const wire = await vendorWire({ attemptTimeoutMs, clock });
  const { sandbox, answer, close } = await openSandbox(watchedConnector(connector, watch), await start(), { ...wire, clock });
  try {
    if (loss) sandbox.misbehave({ ...losses[loss], match: write.route, times });
    let isOver = false;
    const calling = answer(write.tool, write.input(sandbox)).finally(() => (isOver = true));
    calling.catch(() => {});

    const giveUpAt = systemClock.now() + giveUpAfterMs;
    let silent = 0;
    while (!isOver) {
      const arrived = sandbox.requests.filter(({ route }) => route === write.route).length;
      const isSilent = loss === 'silence until the attempt times out' && arrived > silent && arrived <= times;
      if (isSilent) silent = arrived;
      // Lets a silent attempt time out. Otherwise skips only the waits between attempts, so that no answered attempt times out.
      await clock.advance(isSilent ? attemptTimeoutMs : 10);
      if (systemClock.now() > giveUpAt) throw new AssertionError({ message: `${write.tool} did not end within ${giveUpAfterMs} ms` });
      await systemClock.sleep(1, never);
    }

    const result = await calling;
    const isToken = tokenRequests(connector, sandbox.config);
    const writes = sandbox.requests.filter((request) => request.method !== 'GET' && !isToken(request));
    return { text: answerText(result), isError: result.isError === true, writes, keys: watch.keys };
  } finally {
    sandbox.recover();
    await close();
  }
}

const never = new AbortController().signal;
