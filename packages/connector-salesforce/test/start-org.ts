import { openSandbox, type OpenedSandbox } from '@busbar/core/testing';
import { salesforce } from '../src/index.ts';
import { startSalesforceSandbox, type SalesforceSandbox, type SalesforceSandboxOptions } from '../src/sandbox.ts';

export interface Org extends OpenedSandbox<SalesforceSandbox> {
  /** Calls a tool. Records can have any form. */
  call<T = Record<string, any>>(...args: Parameters<OpenedSandbox['call']>): Promise<T>;
  /** Returns the requests of one route, or of all routes except the token endpoint. */
  sent(route?: string): SalesforceSandbox['requests'];
}

/** Names a route below `/services/data/{version}`. */
export const route = (method: string, path: string): string => `${method} /services/data/{version}${path}`;

/** Opens an org. `config` is merged into the sandbox's settings. */
export async function startOrg(options: SalesforceSandboxOptions = {}, config: object = {}): Promise<Org> {
  const sandbox = await startSalesforceSandbox(options);
  const opened = await openSandbox(salesforce, sandbox, { config: { ...sandbox.config, ...config } });
  return {
    ...opened,
    sent: (wanted) =>
      sandbox.requests.filter((request) => (wanted === undefined ? request.path.startsWith('/services/data') : request.route === wanted)),
  };
}
