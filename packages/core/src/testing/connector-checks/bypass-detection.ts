import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { CheckedConnector } from './checked-connector.ts';

/** Requests that an example sends past `http`: by fetch, or by Node's http to somewhere else than the sandbox. */
export async function detectBypasses(checked: CheckedConnector): Promise<readonly string[]> {
  // Other tests of the process send requests too; these are told by the work that they belong to.
  const scope = new AsyncLocalStorage<{ readonly tool: string; readonly sandbox: string }>();
  const found = new Set<string>();
  const onFetch = (message: unknown): void => {
    const { request } = message as { readonly request: { readonly origin: unknown } };
    const here = scope.getStore();
    if (here) found.add(`${here.tool} calls fetch, to ${String(request.origin)}`);
  };
  const onRequest = (message: unknown): void => {
    const { request } = message as { readonly request: { readonly host: string } };
    const here = scope.getStore();
    if (here && request.host !== here.sandbox) found.add(`${here.tool} sends a request of its own to ${request.host}`);
  };
  subscribe('undici:request:create', onFetch);
  subscribe('http.client.request.start', onRequest);
  try {
    const traces = (await checked.good()).map(({ tool, example }) =>
      checked.withTestHost({ tool: tool.name }, async (testHost) => {
        const sandbox = new URL(testHost.sandbox?.url ?? 'http://none').hostname;
        await scope.run({ tool: tool.name, sandbox }, () => testHost.call(tool.name, example));
      }),
    );
    await Promise.all(traces);
  } finally {
    unsubscribe('undici:request:create', onFetch);
    unsubscribe('http.client.request.start', onRequest);
  }
  return [...found];
}
