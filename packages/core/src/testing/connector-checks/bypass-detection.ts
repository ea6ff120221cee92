import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { CheckedConnector } from './checked-connector.ts';

/** Lists the requests that examples send without `http`: with fetch, or with Node's http to a host other than the sandbox. */
export async function detectBypasses(checked: CheckedConnector): Promise<readonly string[]> {
  // Other tests of the process send requests too. The async scope says which requests belong to an example.
  const scope = new AsyncLocalStorage<{ readonly tool: string; readonly sandbox: string }>();
  const found = new Set<string>();
  const onFetch = (message: unknown): void => {
    const { request } = message as { readonly request: { readonly origin: unknown } };
    const example = scope.getStore();
    if (example) found.add(`${example.tool} calls fetch, to ${String(request.origin)}`);
  };
  const onRequest = (message: unknown): void => {
    const { request } = message as { readonly request: { readonly host: string } };
    const example = scope.getStore();
    if (example && request.host !== example.sandbox) found.add(`${example.tool} sends a request without http to ${request.host}`);
  };
  subscribe('undici:request:create', onFetch);
  subscribe('http.client.request.start', onRequest);
  try {
    const running = (await checked.successes()).map(({ tool, example }) =>
      checked.withTestHost({ tool: tool.name }, async (testHost) => {
        const sandbox = new URL(testHost.sandbox?.url ?? 'http://none').hostname;
        await scope.run({ tool: tool.name, sandbox }, () => testHost.call(tool.name, example));
      }),
    );
    await Promise.all(running);
  } finally {
    unsubscribe('undici:request:create', onFetch);
    unsubscribe('http.client.request.start', onRequest);
  }
  return [...found];
}
