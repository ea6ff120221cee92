import { differencesOf } from './compare.ts';
import { HttpConnection } from './http-connection.ts';
import type { WireRequest } from './http-request.ts';
import { serveReference, type ServerSetup } from './reference-server.ts';

/** A request that the two servers answered differently. */
export interface Finding {
  readonly request: WireRequest;
  readonly differences: readonly string[];
}

// Several requests run at a time, because each waits for both servers, and few enough that no request waits for long.
const concurrency = 8;

/** Starts two servers that differ only in their lanes, and returns a function that sends requests to both. */
export async function startBothLanes(setup?: ServerSetup) {
  const [sdk, both] = await Promise.all([serveReference('sdk', setup), serveReference('both', setup)]);
  return {
    sdk,
    both,
    compare: (requests: readonly WireRequest[]) => compare(requests, sdk.port, both.port),
    close: () => Promise.all([sdk.close(), both.close()]),
  };
}

/** Sends each request to the servers at both ports, in no order, and returns the differences. `hungMs`: see {@link HttpConnection}. */
export async function compare(requests: readonly WireRequest[], sdkPort: number, bothPort: number, hungMs?: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  const queue = requests.values();
  const work = async () => {
    const sdk = new HttpConnection(sdkPort, hungMs);
    const both = new HttpConnection(bothPort, hungMs);
    // All workers take their next request from one queue.
    for (const request of queue) {
      const outcomes = await Promise.all([sdk.send(request), both.send(request)]);
      const differences = differencesOf(...outcomes);
      if (differences.length > 0) findings.push({ request, differences });
    }
    sdk.close();
    both.close();
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, requests.length) }, work));
  return findings;
}
