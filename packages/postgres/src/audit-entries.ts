import type { Call } from '@busbar/core';

/** How a call ended, as the audit tells it. */
export interface EndedEntry {
  readonly callId: string;
  readonly tenant: string;
  readonly status: string;
  readonly wrote: string;
  readonly code: string | null;
  readonly endedAt: number;
}

// Written by hand around `auditInput`, which is JSON already.
const opened = (event: string, at: number, { callId, principal, address, connector, connection, tool, effect }: Call): string =>
  JSON.stringify({
    event,
    at: new Date(at).toISOString(),
    callId,
    tenant: principal.tenant,
    principal: principal.id,
    ...(address !== undefined && { address }),
    connector,
    connection,
    tool,
    effect,
  }).slice(0, -1);

/** A call that is about to run: who, from where, what, with what arguments. */
export function admittedEntry(call: Call): string {
  return `${opened('call.admitted', call.startedAt, call)},"input":${call.auditInput()}}`;
}

/** A call that was answered with the stored answer of an earlier one. */
export function replayedEntry(call: Call, of: string, at: number): string {
  return `${opened('call.replayed', at, call)},"of":${JSON.stringify(of)},"input":${call.auditInput()}}`;
}

/** How it ended. What was charged is added where it is known: see metering-settle.ts. */
export function endedEntry({ endedAt, code, callId, tenant, status, wrote }: EndedEntry): string {
  return JSON.stringify({
    event: 'call.ended',
    at: new Date(endedAt).toISOString(),
    callId,
    tenant,
    status,
    wrote,
    ...(code !== null && { code }),
  });
}
