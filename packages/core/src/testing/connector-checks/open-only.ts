import { systemClock } from '../../clock.ts';
import type { Connector } from '../../connector/connector.ts';
import type { State } from '../../connector/state.ts';
import { withMethods } from '../../upstream/with-methods.ts';

/** Opens a client with services that are watched, lets `use` have it, and tells what was done with them before. */
export async function openOnly(
  connector: Connector,
  config: object,
  use: (client: unknown) => Promise<void> = async () => {},
): Promise<readonly string[]> {
  const parsed = connector.config.safeParse(config);
  if (!parsed.success) return [`its config does not take the settings of the fixture: ${parsed.error.message}`];
  const done: string[] = [];
  const never = (what: string) => (): never => {
    done.push(`uses ${what} in open()`);
    throw new Error(`${what} may not be used in open()`);
  };
  const log = { append: never('state'), read: never('state'), remove: never('state') };
  const state: State = { get: never('state'), set: never('state'), log: () => log };
  try {
    const client: unknown = connector.open({
      config: parsed.data,
      http: withMethods({ request: never('http'), rows: never('http') }),
      state,
      clock: { now: systemClock.now, sleep: never('clock.sleep'), timer: never('clock.timer') },
      wake: never('wake'),
    });
    if (typeof (client as { then?: unknown } | undefined)?.then === 'function')
      return ['open() gives a promise: it must give the client at once'];
    // What open() left to happen a moment later.
    for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    await use(client);
  } catch (error) {
    if (done.length === 0) done.push(`open() fails: ${String(error)}`);
  }
  return [...new Set(done)];
}
