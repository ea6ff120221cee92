import { defineConnector, pastedText, secret } from '@busbar/core';
import { z } from 'zod';
import { checkOrg } from './check.ts';
import { createClient } from './client.ts';
import { readFailure } from './failure.ts';
import { apiUsage } from './api-usage.ts';
import { myDomain } from './my-domain.ts';
import { signIn } from './sign-in.ts';
import { collectionTools } from './tools/collections.ts';
import { healthTools } from './tools/health.ts';
import { objectTools } from './tools/objects.ts';
import { orgTools } from './tools/org.ts';
import { queryTools } from './tools/query.ts';
import { recordTools } from './tools/records.ts';
import { searchTools } from './tools/search.ts';

const config = z
  .object({
    myDomain: myDomain.describe('The org’s My Domain: "acme" for https://acme.my.salesforce.com, "acme--uat.sandbox" for a sandbox'),
    clientId: pastedText().min(1).describe('The consumer key of the external client app'),
    clientSecret: secret(pastedText().min(1))
      .optional()
      .describe('The consumer secret of the app: for the client credentials flow, or together with a refresh token'),
    username: pastedText().min(1).optional().describe('For the JWT bearer flow: the user that the connection acts as'),
    privateKey: secret(pastedText().min(1))
      .optional()
      .describe('For the JWT bearer flow: the RSA key of the app’s certificate, as PEM (PKCS#8)'),
    refreshToken: secret(pastedText().min(1))
      .optional()
      .describe('For the web server flow: the refresh token that a person’s consent gave'),
    apiVersion: z
      .string()
      .regex(/^v[1-9]\d\.0$/, 'A version such as "v64.0"')
      .default('v64.0')
      .describe('The API version that requests are pinned to. salesforce_get_org lists the versions that the org supports'),
  })
  .superRefine(({ clientSecret, username, privateKey, refreshToken }, { addIssue }) => {
    const wrong = (path: string, message: string): void => addIssue({ code: 'custom', path: [path], message });
    const jwt = username !== undefined || privateKey !== undefined;
    if (jwt && refreshToken !== undefined) return wrong('refreshToken', 'Give a private key or a refresh token, not both');
    if (jwt && clientSecret !== undefined) return wrong('clientSecret', 'Give a private key or a consumer secret, not both');
    if (!jwt && refreshToken === undefined && clientSecret === undefined)
      return wrong(
        'clientSecret',
        'Give clientSecret (client credentials), username and privateKey (JWT bearer), or refreshToken (web server flow)',
      );
    if (jwt && username === undefined) wrong('username', 'A private key needs the username of the user that the connection acts as');
    if (jwt && privateKey === undefined) wrong('privateKey', 'A username needs the privateKey of the app’s certificate');
  });

/** Salesforce: records, queries and searches, collections, metadata, limits, and health checks of an org. */
export const salesforce = defineConnector({
  spec: 'v1',
  id: 'salesforce',
  config,
  connections: 'many',
  // The daily requests of the smallest org (Developer Edition), until the first answer states this org's own number; and the long requests
  // (over 20 seconds) that a production org may run at the same time. All integrations of the org share both.
  limits: { default: { requests: 15_000, windowMs: 86_400_000, concurrent: 25, readRateLimit: apiUsage } },
  // Tokens come from the first origin. They are valid at the instance_url in the answer, which differs if My Domain was renamed.
  origins: ({ myDomain }) => [`https://${myDomain}.my.salesforce.com`, 'https://*.my.salesforce.com'],
  authorization: signIn,
  failure: readFailure,
  open: ({ http, clock, config: { myDomain, apiVersion } }) => createClient(http, clock, myDomain, apiVersion),
  tools: (tool) => [
    ...queryTools(tool),
    ...searchTools(tool),
    ...recordTools(tool),
    ...collectionTools(tool),
    ...objectTools(tool),
    ...orgTools(tool),
    ...healthTools(tool),
  ],
  check: checkOrg,
});
