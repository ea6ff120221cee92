import { ToolError } from '../errors.ts';
import type { Host } from '../host.ts';

/** Sends one delivery to a hook of a host, as a transport would. @throws {ToolError} as the hook's `receive`, and NOT_FOUND. */
export async function deliver(host: Host, id: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
  const hook = await host.hook(id);
  if (!hook) throw new ToolError('NOT_FOUND', 'There is no webhook at this address.');
  await hook.receive(new Headers(headers), new TextEncoder().encode(body));
}
