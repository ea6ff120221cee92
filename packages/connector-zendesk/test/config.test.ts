import { secretValues } from '@busbar/core';
import { describe, expect, it } from 'vitest';
import { zendesk } from '../src/index.ts';

const problems = (config: object): string[] =>
  zendesk.config.safeParse(config).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('the settings of a Zendesk connection', () => {
  const oauth = { subdomain: 'acme', clientId: 'busbar', clientSecret: 's3cret' };
  const legacy = { subdomain: 'acme', email: 'agent@example.com', apiToken: 't0ken' };

  it('accept an OAuth client', () => {
    const config = zendesk.config.parse(oauth);
    expect(zendesk.origins?.(config)).toEqual(['https://acme.zendesk.com']);
    expect(zendesk.authorization?.(config)).toEqual({
      kind: 'client-credentials',
      tokenUrl: 'https://acme.zendesk.com/oauth/tokens',
      clientId: 'busbar',
      clientSecret: 's3cret',
      body: 'json',
      scope: 'read tickets:write users:write',
      fields: { expires_in: 7_200 },
    });
  });

  it('accept a legacy API token', () => {
    expect(zendesk.authorization?.(zendesk.config.parse(legacy))).toEqual({
      kind: 'basic',
      username: 'agent@example.com/token',
      password: 't0ken',
    });
  });

  it.each([
    ['neither credential', { subdomain: 'acme' }, 'clientId: Give clientId and clientSecret of an OAuth client'],
    ['both', { ...oauth, ...legacy }, 'apiToken: Give an OAuth client or an API token, not both'],
    ['a client without its secret', { subdomain: 'acme', clientId: 'x' }, 'clientSecret: An OAuth client needs its clientSecret'],
    ['a secret without its client', { subdomain: 'acme', clientSecret: 'x' }, 'clientId: An OAuth client needs its clientId'],
    ['a token without its user', { subdomain: 'acme', apiToken: 'x' }, 'email: An API token needs the email'],
    ['a user without a token', { subdomain: 'acme', email: 'a@example.com' }, 'apiToken: An e-mail address needs its apiToken'],
  ])('explain an error in %s', (_, config, message) => {
    expect(problems(config)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    'https://acme',
    'acme/..',
    'evil.com#',
    'acme.zendesk.com.evil.com',
    'evil.com/.zendesk.com',
    'a.b.zendesk.com',
    '-acme',
    'a@b',
    '',
    'a'.repeat(64),
  ])('refuse the subdomain "%s"', (subdomain) => {
    expect(problems({ ...oauth, subdomain })).toEqual([expect.stringContaining('subdomain')]);
  });

  it.each([
    'ACME',
    ' "acme" ',
    'acme.zendesk.com',
    'https://acme.zendesk.com',
    'https://Acme.zendesk.com/agent/dashboard?x=1',
    'acme.zendesk.com:443',
  ])('take the subdomain from "%s"', (subdomain) => {
    expect(zendesk.config.parse({ ...oauth, subdomain }).subdomain).toBe('acme');
  });

  it('take secrets as people paste them', () => {
    const config = zendesk.config.parse({ ...oauth, clientId: ' busbar', clientSecret: 's3cret\n', webhookSecret: '"s1gn"' });
    expect(config).toMatchObject({ clientId: 'busbar', clientSecret: 's3cret', webhookSecret: 's1gn' });
    expect(zendesk.config.parse({ ...legacy, apiToken: '\uFEFFt0ken\r\n' }).apiToken).toBe('t0ken');
  });

  it('mark the secret fields', () => {
    expect(secretValues(zendesk.config, zendesk.config.parse(oauth))).toEqual(['s3cret']);
    expect(secretValues(zendesk.config, zendesk.config.parse(legacy))).toEqual(['t0ken']);
    expect(secretValues(zendesk.config, zendesk.config.parse({ ...oauth, webhookSecret: 's1gn' }))).toEqual(['s3cret', 's1gn']);
  });
});
