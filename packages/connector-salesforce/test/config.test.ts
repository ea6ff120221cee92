import { secretValues } from '@busbar/core';
import { afterEach, describe, expect, it } from 'vitest';
import { apiUsage } from '../src/api-usage.ts';
import { salesforce } from '../src/index.ts';
import { startJwtOrg } from './start-jwt-org.ts';
import { startOrg, type Org } from './start-org.ts';

const problems = (config: object): string[] =>
  salesforce.config.safeParse(config).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
const client = { myDomain: 'acme', clientId: 'key', clientSecret: 's3cret' };
const jwt = { myDomain: 'acme', clientId: 'key', username: 'bot@acme.example', privateKey: 'PEM' };
const consent = { myDomain: 'acme', clientId: 'key', refreshToken: 'r3fresh' };
const authorizationOf = (config: object) => salesforce.authorization?.(salesforce.config.parse(config));

describe('the settings of a Salesforce connection', () => {
  it('select the client credentials flow, against My Domain', () => {
    expect(authorizationOf(client)).toMatchObject({
      kind: 'client-credentials',
      tokenUrl: 'https://acme.my.salesforce.com/services/oauth2/token',
      clientId: 'key',
      clientSecret: 's3cret',
      body: 'form',
    });
  });

  it.each([
    ['acme', 'https://login.salesforce.com'],
    ['acme--uat.sandbox', 'https://test.salesforce.com'],
    ['acme.scratch', 'https://test.salesforce.com'],
    ['acme-dev-ed.develop', 'https://login.salesforce.com'],
  ])('select the JWT bearer flow: a JWT of %s has the audience %s', (myDomain, audience) => {
    expect(authorizationOf({ ...jwt, myDomain })).toMatchObject({
      kind: 'jwt-bearer',
      issuer: 'key',
      subject: 'bot@acme.example',
      audience,
    });
  });

  it('select the refresh token flow, with a secret and without', () => {
    expect(authorizationOf(consent)).toMatchObject({ kind: 'refresh-token', refreshToken: 'r3fresh', clientSecret: undefined });
    expect(authorizationOf({ ...consent, clientSecret: 's' })).toMatchObject({ kind: 'refresh-token', clientSecret: 's' });
  });

  it.each([
    ['no credentials', { myDomain: 'acme', clientId: 'key' }, 'clientSecret: Give clientSecret (client credentials)'],
    ['a key and a secret', { ...client, ...jwt }, 'clientSecret: Give a private key or a consumer secret'],
    ['a key and a refresh token', { ...jwt, ...consent }, 'refreshToken: Give a private key or a refresh token'],
    ['a key without its user', { ...jwt, username: undefined }, 'username: A private key needs'],
    ['a user without a key', { ...jwt, privateKey: undefined }, 'privateKey: A username needs'],
    ['a version in another form', { ...client, apiVersion: '64' }, 'apiVersion: A version such as'],
  ])('say what is wrong with %s', (_, config, message) => {
    expect(problems(config)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    ['acme.my.salesforce.com', 'acme'],
    ['https://acme.my.salesforce.com/', 'acme'],
    ['https://acme--uat.sandbox.lightning.force.com/lightning/page/home?x=1#y', 'acme--uat.sandbox'],
    ['acme.my.salesforce-setup.com', 'acme'],
    [' ACME\n', 'acme'],
  ])('take the domain from "%s"', (given, name) => {
    expect(salesforce.config.parse({ ...client, myDomain: given }).myDomain).toBe(name);
  });

  it.each([
    ['na1.salesforce.com', 'This host is not the org’s own: Setup, My Domain, shows the org’s current address.'],
    ['https://login.salesforce.com', 'This host is not the org’s own'],
    ['https://acme.cloudforce.com', 'This host is not the org’s own'],
    ['https://acme.database.com/x', 'This host is not the org’s own'],
    ['https://acme--uat.cs10.my.salesforce.com', 'Write "sandbox" instead of the instance.'],
    ['acme.example.com', 'Give the part before .my.salesforce.com alone, such as "acme" or "acme--uat.sandbox"'],
  ])('say what to write instead of "%s"', (given, message) => {
    expect(problems({ ...client, myDomain: given })).toEqual([expect.stringContaining(`myDomain: ${message}`)]);
  });

  it('take secrets as people paste them', () => {
    expect(authorizationOf({ ...client, clientId: ' key\n', clientSecret: '"s3cret"\n' })).toMatchObject({
      clientId: 'key',
      clientSecret: 's3cret',
    });
    expect(authorizationOf({ ...jwt, privateKey: '\uFEFFPEM\n' })).toMatchObject({ privateKey: 'PEM' });
    expect(authorizationOf({ ...consent, refreshToken: 'r3fresh\r\n' })).toMatchObject({ refreshToken: 'r3fresh' });
  });

  it.each([
    'https://acme',
    'evil.com',
    'acme.evil',
    'acme/..',
    'evil.example/.my.salesforce.com',
    'evil.example#.my.salesforce.com',
    'x@evil.my.salesforce.com',
    'acme.my.salesforce.com.evil.example',
    'acme:8443.my.salesforce.com',
    '-acme',
    'a@b',
    'acme.sandbox.evil',
    '',
    'a'.repeat(64),
  ])('refuse the domain "%s"', (myDomain) => {
    expect(problems({ ...client, myDomain })).toEqual([expect.stringContaining('myDomain')]);
  });

  it('mark the secrets', () => {
    for (const [config, secrets] of [
      [client, ['s3cret']],
      [jwt, ['PEM']],
      [consent, ['r3fresh']],
    ] as const)
      expect(secretValues(salesforce.config, salesforce.config.parse(config))).toEqual(secrets);
  });
});

describe('a connection', () => {
  let org: Org;
  afterEach(() => org.close());

  it('signs in with an assertion that Salesforce can verify', async () => {
    org = await startJwtOrg();
    expect(await org.host.check(org.connection)).toEqual({
      account: 'Example Org (Enterprise Edition, sandbox) at sandbox-org.my.salesforce.com',
    });
  });

  it('signs in with a private key on one line', async () => {
    org = await startJwtOrg((pem) => `"${pem.replaceAll('\n', '\\n')}"`);
    expect((await org.host.check(org.connection)).account).toContain('Example Org');
  });

  it('that was moved to another My Domain is reported as a fault of the settings, and nothing was done', async () => {
    org = await startOrg();
    const headers = { location: 'https://acme-new.my.salesforce.com/services/data/v64.0/sobjects/Account?x=secret' };
    org.sandbox.misbehave({ kind: 'status', status: 301, headers, match: 'POST /services/data/{version}/sobjects/{object}' });
    const failure = await org.failure('salesforce_create_record', { object: 'Account', fields: { Name: 'A' } });
    expect(failure).toMatch(/^CONNECTION_INVALID: .*acme-new\.my\.salesforce\.com: the account has moved/);
    expect(failure).not.toContain('x=secret');
  });

  it('signs in with a refresh token', async () => {
    org = await startOrg({}, { refreshToken: 'refresh-token' });
    expect((await org.host.check(org.connection)).account).toContain('Example Org');
    expect(org.sent('POST /services/oauth2/token')[0]?.body).toMatchObject({ grant_type: 'refresh_token' });
  });

  it('requests its token with a form, and sends requests to the instance that the token names', async () => {
    org = await startOrg();
    await org.call('salesforce_query_records', { soql: 'SELECT Id FROM Account' });
    const [token, query] = org.sandbox.requests;
    expect(token?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(token?.body).toEqual({ grant_type: 'client_credentials', client_id: 'consumer-key', client_secret: 'consumer-secret' });
    expect(query?.headers['host']).toBe('sandbox-org.my.salesforce.com');
  });

  it.each([
    'https://evil.example.com',
    'https://my.salesforce.com',
    'http://sandbox-org.my.salesforce.com',
    'https://x.my.salesforce.com.evil.example',
  ])('does not follow a token that names %s', async (instance_url) => {
    org = await startOrg();
    org.sandbox.misbehave({ kind: 'status', status: 200, body: { access_token: 'x', instance_url }, match: 'POST /services/oauth2/token' });
    expect(await org.failure('salesforce_query_records', { soql: 'SELECT Id FROM Account' })).toMatch(/^UPSTREAM_INVALID: .*origin/);
    expect(org.sent()).toEqual([]);
  });

  it('reports a retired API version, and says that someone must change it', async () => {
    org = await startOrg();
    const body = [{ errorCode: 'UNSUPPORTED_API_VERSION', message: 'version retired' }];
    org.sandbox.misbehave({ kind: 'status', status: 410, body, times: 2, match: 'GET /services/data/{version}/query' });
    expect(await org.failure('salesforce_query_records', { soql: 'SELECT Id FROM Account' })).toMatch(
      /^CONNECTION_INVALID: .*newer apiVersion/,
    );
  });

  it('warns about a version that the org does not list', async () => {
    org = await startOrg();
    org.sandbox.misbehave({ kind: 'status', status: 200, body: [{ version: '70.0' }], match: 'GET /services/data' });
    const answer = await org.answer('salesforce_get_org', {});
    expect(answer.content.at(-1)).toEqual({ type: 'text', text: expect.stringContaining('Warning: The org does not list v64.0') });
  });
});

it.each([
  ['api-usage=18/15000', { limit: 15_000, remaining: 14_982 }],
  ['api-usage=25/5000; per-app-api-usage=17/250(appName=sample)', { limit: 5_000, remaining: 4_975 }],
  ['per-app-api-usage=17/250(appName=sample)', undefined],
  ['api-usage=15010/15000', { limit: 15_000, remaining: 0 }],
  ['nonsense', undefined],
])('apiUsage reads the header "%s"', (header, expected) => {
  expect(apiUsage(new Headers({ 'sforce-limit-info': header }))).toEqual(expected);
});
