import { systemClock } from '../../clock.ts';
import type { Connector } from '../../connector/connector.ts';
import type { State } from '../../connector/state.ts';
import { withMethods } from '../../upstream/with-methods.ts';

/**
 * Opens a client with services that must not be used, and passes it to `use`. Returns the ways in which the connector used the services.
 */
export async function openOnly(
  connector: Connector,
  config: object,
  use: (client: unknown) => Promise<void> = async () => {},
): Promise<readonly string[]> {
  const parsed = connector.config.safeParse(config);
  if (!parsed.success) return [`its config does not accept the settings of the fixture: ${parsed.error.message}`];
  const problems: string[] = [];
  const forbidden = (service: string) => (): never => {
    problems.push(`uses ${service} in open()`);
    throw new Error(`${service} may not be used in open()`);
  };
  const log = { append: forbidden('state'), read: forbidden('state'), remove: forbidden('state') };
  const state: State = { get: forbidden('state'), set: forbidden('state'), log: () => log };
  try {
    const client: unknown = connector.open({
      config: parsed.data,
      http: withMethods({ request: forbidden('http'), rows: forbidden('http') }),
      state,
      clock: { now: systemClock.now, elapsed: systemClock.elapsed, sleep: forbidden('clock.sleep'), timer: forbidden('clock.timer') },
      wake: forbidden('wake'),
    });
    if (typeof (client as { then?: unknown } | undefined)?.then === 'function')
      return ['open() returns a promise: it must return the client itself'];
    // Work that open() deferred runs in these turns.
    for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    await use(client);
  } catch (error) {
    if (problems.length === 0) problems.push(`open() fails: ${String(error)}`);
  }
  return [...new Set(problems)];
}
