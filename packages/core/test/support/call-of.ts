import type { Call } from '../../src/index.ts';

/** A write of the tenant acme in the middle of January 2026, which takes 3 units. */
export const callOf = (over: Partial<Call> = {}): Call => ({
  callId: 'c1',
  principal: { tenant: 'acme', id: 'key_1', roles: [] },
  connector: 'zendesk',
  connection: 'con_1',
  tool: 'zendesk_create_ticket',
  effect: 'write',
  inputHash: '',
  units: 3,
  arguments: {},
  auditInput: () => '{}',
  startedAt: Date.UTC(2026, 0, 15, 10, 20, 30, 400),
  ...over,
});
