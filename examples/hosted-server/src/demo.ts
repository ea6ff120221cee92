import { randomBytes } from 'node:crypto';
import { startZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import type { Vendor } from './vendor.ts';

/** Starts a Zendesk of this process, for a server with no vendor configured. */
export async function startDemo(): Promise<Vendor> {
  const sandbox = await startZendeskSandbox({ clientSecret: randomBytes(16).toString('hex') });
  return { demo: true, account: sandbox.config, remapOrigins: sandbox.remapOrigins, close: () => sandbox.close() };
}
