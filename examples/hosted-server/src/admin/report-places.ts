import { createShares } from '../http/shares.ts';

/** Bounds the reports that run at the same time, so that no tenant's reports hold up other tenants' or the rest of the server. */
export interface ReportPlaces {
  /** Runs a report. @throws {ToolError} OVERLOADED if the tenant, or the server, is already running as many reports as it may. */
  run<T>(tenant: string, report: () => Promise<T>): Promise<T>;
  /** Like {@link run}, but waits for a place. The caller bounds how many wait. */
  runInTurn<T>(tenant: string, report: () => Promise<T>): Promise<T>;
  /**
   * Reads a download part by part. Only reading a part takes a place, so a client that reads slowly holds none. The first part is refused
   * as a report is, and later parts wait for a place.
   *
   * @throws {ToolError} OVERLOADED, also for more downloads than the tenant, or the server, may have.
   */
  download(tenant: string, parts: AsyncIterable<string>): AsyncIterable<string>;
}

// The most of a tenant, of the reports that run and of the downloads. Each download holds a page in memory.
const maxOfTenant = 2;
const maxDownloads = 6;

/** @param total How many reports may run at the same time. */
export function createReportPlaces(total: number): ReportPlaces {
  const running = createShares({ what: 'reports', total, each: maxOfTenant });
  const downloads = createShares({ what: 'downloads', total: maxDownloads, each: maxOfTenant });
  // At most one for each download and each request that waits.
  const waiting: { readonly tenant: string; readonly begin: () => void }[] = [];

  function end(tenant: string): void {
    running.give(tenant);
    const next = waiting.findIndex((waiter) => running.take(waiter.tenant));
    if (next !== -1) waiting.splice(next, 1)[0]?.begin();
  }

  async function run<T>(tenant: string, report: () => Promise<T>): Promise<T> {
    running.takeOrRefuse(tenant);
    return await report().finally(() => end(tenant));
  }

  async function runInTurn<T>(tenant: string, report: () => Promise<T>): Promise<T> {
    if (!running.take(tenant)) await new Promise<void>((begin) => void waiting.push({ tenant, begin }));
    return await report().finally(() => end(tenant));
  }

  return {
    run,
    runInTurn,
    async *download(tenant, parts) {
      downloads.takeOrRefuse(tenant);
      const iterator = parts[Symbol.asyncIterator]();
      try {
        for (let read = run; ; read = runInTurn) {
          const { done, value } = await read(tenant, () => iterator.next());
          if (done) return;
          yield value;
        }
      } finally {
        downloads.give(tenant);
        await iterator.return?.();
      }
    },
  };
}
