import { defineConnector, secret, type HttpResponse, type UpstreamFailure } from '@busbar/core';
import { z } from 'zod';
import { createClient } from './client.ts';
import { taskTools } from './tools/tasks.ts';

const ErrorBody = z.object({ error: z.object({ message: z.string().max(300) }) });

/** Reads the reason that Acme gives with a 422. Core maps every other status to an error code by itself. */
function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (status !== 422) return undefined;
  const reason = ErrorBody.safeParse(data).data?.error.message ?? 'It gives no reason.';
  return { code: 'UPSTREAM_REJECTED', message: `Acme rejected the request. ${reason} Correct the input and call again.`, executed: 'no' };
}

/** Lists, reads, creates, updates and deletes the tasks of an Acme account. */
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
