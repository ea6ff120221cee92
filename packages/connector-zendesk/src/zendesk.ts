import { defineConnector, emailAddress, pastedText, secret } from '@busbar/core';
import { z } from 'zod';
import { checkAccount } from './check.ts';
import { createClient } from './client.ts';
import { readFailure } from './failure.ts';
import { commentTools } from './tools/comments.ts';
import { eventTools } from './tools/events.ts';
import { jobTools } from './tools/jobs.ts';
import { organizationTools } from './tools/organizations.ts';
import { searchTools } from './tools/search.ts';
import { tagTools } from './tools/tags.ts';
import { ticketFieldTools } from './tools/ticket-fields.ts';
import { ticketTools } from './tools/tickets.ts';
import { userTools } from './tools/users.ts';
import { eventLog, webhook } from './webhook.ts';

/** The account's address, as a person copies it from the browser. */
const accountHost = /^(?:https?:\/\/)?([^/?#:]+)\.zendesk\.com(?:[/?#:].*)?$/;

const config = z
  .object({
    subdomain: pastedText()
      .overwrite((text) => text.toLowerCase().replace(accountHost, '$1'))
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'Give only the part before .zendesk.com, such as "acme"')
      .describe('The account: "acme" for https://acme.zendesk.com'),
    clientId: pastedText().min(1).optional().describe('The identifier of the OAuth client'),
    clientSecret: secret(pastedText().min(1)).optional().describe('The secret of the OAuth client'),
    scope: z
      .string()
      .min(1)
      .default('read tickets:write users:write')
      .describe('The OAuth scopes to request. Search needs "read", because Zendesk has no narrower scope for it'),
    email: emailAddress().optional().describe('Legacy: the e-mail address of the user that the API token acts as'),
    apiToken: secret(pastedText().min(1)).optional().describe('Legacy: the API token'),
    webhookSecret: secret(pastedText().min(1)).optional().describe('The signing secret of the webhook that sends events here'),
  })
  .superRefine(({ clientId, clientSecret, email, apiToken }, { addIssue }) => {
    const oauth = clientId !== undefined || clientSecret !== undefined;
    const token = email !== undefined || apiToken !== undefined;
    const missing = (path: string, message: string): void => addIssue({ code: 'custom', path: [path], message });
    if (oauth && token) return missing('apiToken', 'Give an OAuth client or an API token, not both');
    if (!oauth && !token)
      return missing(
        'clientId',
        'Give clientId and clientSecret of an OAuth client (or, while Zendesk still accepts them, email and apiToken)',
      );
    if (oauth && clientId === undefined) missing('clientId', 'An OAuth client needs its clientId');
    if (oauth && clientSecret === undefined) missing('clientSecret', 'An OAuth client needs its clientSecret');
    if (token && email === undefined) missing('email', 'An API token needs the email of the user that it acts as');
    if (token && apiToken === undefined) missing('apiToken', 'An e-mail address needs its apiToken');
  });

// Zendesk allows 48 hours. After two hours a leaked token is worthless, and one token request in two hours costs almost nothing.
const tokenLifeSeconds = 7_200;

/** Zendesk Support: tickets, comments, users, organizations, search and events. */
export const zendesk = defineConnector({
  spec: 'v1',
  id: 'zendesk',
  config,
  connections: 'many',
  // The lowest limit of any plan (Team: 200 a minute; Professional 400, Enterprise 700, with an add-on 2,500), until Zendesk's first answer
  // states the account's limit. All integrations of an account share it, so fewer requests may be left than this server has counted.
  limits: {
    default: {
      requests: 200,
      windowMs: 60_000,
      readRateLimit: (headers) => ({
        limit: headers.get('ratelimit-limit') ?? headers.get('x-rate-limit') ?? headers.get('rate-limit'),
        remaining: headers.get('ratelimit-remaining') ?? headers.get('x-rate-limit-remaining') ?? headers.get('rate-limit-remaining'),
        reset: headers.get('ratelimit-reset') ?? headers.get('rate-limit-reset'),
      }),
    },
    'ticket-updates': { requests: 100, windowMs: 60_000 },
    'search-export': { requests: 100, windowMs: 60_000 },
  },
  origins: ({ subdomain }) => [`https://${subdomain}.zendesk.com`],
  authorization: ({ subdomain, clientId, clientSecret, scope, email = '', apiToken = '' }) =>
    clientId !== undefined && clientSecret !== undefined
      ? {
          kind: 'client-credentials',
          tokenUrl: `https://${subdomain}.zendesk.com/oauth/tokens`,
          clientId,
          clientSecret,
          body: 'json',
          scope,
          fields: { expires_in: tokenLifeSeconds },
        }
      : { kind: 'basic', username: `${email}/token`, password: apiToken },
  failure: readFailure,
  open: ({ http, config: { subdomain }, state }) => createClient(http, subdomain, state.log(eventLog)),
  tools: (tool) => [
    ...ticketTools(tool),
    ...commentTools(tool),
    ...tagTools(tool),
    ...searchTools(tool),
    ...userTools(tool),
    ...organizationTools(tool),
    ...ticketFieldTools(tool),
    ...jobTools(tool),
    ...eventTools(tool),
  ],
  webhook,
  check: checkAccount,
});
