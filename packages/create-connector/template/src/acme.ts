import { defineConnector, secret, type HttpResponse, type UpstreamFailure } from '@busbar/core';
import { z } from 'zod';
import { createClient } from './client.ts';
import { taskTools } from './tools/tasks.ts';

const Refusal = z.object({ error: z.object({ message: z.string().max(300) }) });

/** Acme says in a 422 what is wrong with a request. All other refusals core reads by their status. */
function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (status !== 422) return undefined;
  const reason = Refusal.safeParse(data).data?.error.message ?? 'It does not say why.';
  return { code: 'UPSTREAM_REJECTED', message: `Acme refused it as wrong. ${reason} Correct that and call again.`, executed: 'no' };
}

/** Acme: its tasks, listed, read, created, changed and deleted. */
export const acmeConnector = defineConnector({
  spec: 'v1',
  id: 'acme',
  config: z.object({ apiToken: secret(z.string().min(1)).describe('The API token, from the account’s settings page') }),
  limits: { default: { requests: 120, windowMs: 60_000 } },
  origins: () => ['https://api.acme.example'],
  authorization: ({ apiToken }) => ({ kind: 'bearer', token: apiToken }),
  failure: readFailure,
  open: ({ http }) => createClient(http),
  tools: taskTools,
  check: async (client, context) => ({ account: (await client.me(context)).data.email }),
});
