import { defineConnector, failureFromStatus, quoteReason, refused, secret, type HttpResponse, type UpstreamFailure } from '@busbar/core';
import { z } from 'zod';
import { createClient } from './client.ts';
import { taskTools } from './tools/tasks.ts';

const ErrorBody = z.object({ error: z.object({ message: z.string() }) });

/** Turns an error answer into an error code, with Acme's own reason and what to do next. */
function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (status < 400) return undefined;
  const quoted = quoteReason('Acme', ErrorBody.safeParse(data).data?.error.message);
  if (status === 422) return refused('UPSTREAM_REJECTED', `Acme rejected the request.${quoted} Correct the input and call again.`);
  return failureFromStatus(status, 'Acme', quoted);
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
