import { differencesOf } from './compare.ts';
import type { Sent } from './http-request.ts';
import { Line } from './http-connection.ts';
import { serveTwin, type TwinSetup } from './reference-server.ts';

/** A request that was answered twice, and not in the same way. */
export interface Finding {
  readonly sent: Sent;
  readonly differences: readonly string[];
}

// More than one at a time, since each waits for the other server; few enough that none waits for long.
const atOnce = 8;

/** Two servers that differ in their lanes alone, and a way to ask both. */
export async function startBothLanes(setup?: TwinSetup) {
  const [sdk, both] = await Promise.all([serveTwin('sdk', setup), serveTwin('both', setup)]);
  return {
    sdk,
    both,
    compare: (requests: readonly Sent[]) => compare(requests, sdk.port, both.port),
    close: () => Promise.all([sdk.close(), both.close()]),
  };
}

/** Sends each request to the servers at both ports, in no order. Gives back what differs. `hungMs`: see {@link Line}. */
export async function compare(requests: readonly Sent[], sdkPort: number, bothPort: number, hungMs?: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  const queue = requests.values();
  const work = async () => {
    const sdk = new Line(sdkPort, hungMs);
    const both = new Line(bothPort, hungMs);
    // One queue for all: whoever is done takes the next.
    for (const sent of queue) {
      const outcomes = await Promise.all([sdk.send(sent), both.send(sent)]);
      const differences = differencesOf(...outcomes);
      if (differences.length > 0) findings.push({ sent, differences });
    }
    sdk.close();
    both.close();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, requests.length) }, work));
  return findings;
}
