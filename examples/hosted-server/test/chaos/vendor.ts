import type { SimulatorRequest } from '@busbar/core/testing';
import { startZendeskSandbox } from '@busbar/connector-zendesk/sandbox';

/** The vendor's record of one write. */
export interface VendorWrite {
  /** The number of requests for the write. */
  arrived: number;
  /** The ids of the tickets or comments that it created. */
  readonly made: number[];
}

/** A Zendesk account without limits, and the writes that it received. */
export interface Vendor {
  /** The settings for a server that serves the account and does not limit its clients. */
  readonly env: Readonly<Record<string, string>>;
  /** Leaves the next `count` writes without an answer. Resolves when they have arrived, with a function that releases them. */
  hold(count: number): Promise<() => void>;
  /** All writes so far by their mark: the subject of a ticket, or the text of a comment added to a ticket. */
  writes(): ReadonlyMap<string, VendorWrite>;
}

const isWrite = ({ path, method }: SimulatorRequest) => method !== 'GET' && path.startsWith('/api/');

/** Starts the account. It closes with the stack. */
export async function startVendor(stack: AsyncDisposableStack): Promise<Vendor> {
  const clientSecret = 'hush-hush-hush';
  const perMinute = 100_000_000;
  const sandbox = await startZendeskSandbox({
    clientSecret,
    requestsPerMinute: perMinute,
    ticketUpdatesPerMinute: perMinute,
    maxRequests: 1_000_000,
  });
  stack.defer(() => sandbox.close());
  const seeded = new Set(sandbox.tickets.keys());
  const [[origin, target] = ['', '']] = Object.entries(sandbox.remapOrigins);
  return {
    env: {
      NODE_OPTIONS: `--import ${new URL('./lift-limits.ts', import.meta.url).href}`,
      BUSBAR_REMAP_ORIGINS: `${origin}=${target}`,
      ZENDESK_SUBDOMAIN: sandbox.config.subdomain,
      ZENDESK_CLIENT_ID: sandbox.config.clientId,
      ZENDESK_CLIENT_SECRET: clientSecret,
      BUSBAR_CALLS_PER_MINUTE: '1000000',
      BUSBAR_CALLS_PER_HOUR: '10000000',
      BUSBAR_TENANT_CALLS_PER_MINUTE: '10000000',
      BUSBAR_ADDRESS_CALLS_PER_MINUTE: '10000000',
      LOG_LEVEL: 'warn',
    },
    async hold(count) {
      const before = sandbox.requests.filter(isWrite).length;
      sandbox.misbehave({ kind: 'hang', match: isWrite, times: count });
      await sandbox.received(isWrite, before + count);
      return () => sandbox.recover();
    },
    writes() {
      const writes = new Map<string, VendorWrite>();
      const of = (mark: string): VendorWrite => {
        const write = writes.get(mark) ?? { arrived: 0, made: [] };
        writes.set(mark, write);
        return write;
      };
      for (const { id, subject } of sandbox.tickets.values()) {
        if (seeded.has(id)) continue;
        of(subject).made.push(id);
        // The first comment is part of the ticket itself.
        for (const comment of sandbox.comments(id).slice(1)) of(comment.body).made.push(comment.id);
      }
      for (const { method, body } of sandbox.requests) {
        const { ticket } = (body ?? {}) as { ticket?: { subject?: string; comment?: { body: string } } };
        const mark = method === 'POST' ? ticket?.subject : ticket?.comment?.body;
        if (mark !== undefined) of(mark).arrived += 1;
      }
      return writes;
    },
  };
}
