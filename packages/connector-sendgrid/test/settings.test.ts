import { secretValues } from '@busbar/core';
import { describe, expect, it } from 'vitest';
import { sendgrid } from '../src/index.ts';
import { startAccount } from './start-account.ts';

describe('the settings of a SendGrid connection', () => {
  const problems = (config: object): string[] =>
    sendgrid.config.safeParse({ apiKey: 'SG.x', ...config }).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ??
    [];

  it('accept an API key only, for the global region', () => {
    const config = sendgrid.config.parse({ apiKey: 'SG.x' });
    expect(sendgrid.origins?.(config)).toEqual(['https://api.sendgrid.com']);
    expect(sendgrid.authorization?.(config)).toEqual({ kind: 'bearer', token: 'SG.x' });
    expect(secretValues(sendgrid.config, config)).toEqual(['SG.x']);
  });

  it('take keys as people paste them', () => {
    const config = sendgrid.config.parse({ apiKey: '"SG.x"\n', webhookKey: '\uFEFFMFkw\r\n' });
    expect(config).toMatchObject({ apiKey: 'SG.x', webhookKey: 'MFkw' });
  });

  it('allow only the EU host in the EU region', () => {
    expect(sendgrid.origins?.(sendgrid.config.parse({ apiKey: 'SG.x', region: 'eu' }))).toEqual(['https://api.eu.sendgrid.com']);
  });

  it.each([
    [{ apiKey: 'two words' }, 'apiKey: An API key has only ASCII characters and no spaces'],
    [{ apiKey: '' }, 'apiKey: An API key has only ASCII characters and no spaces'],
    [{ apiKey: '“SG.key”' }, 'apiKey: An API key has only ASCII characters and no spaces'],
    [{ region: 'us' }, 'region: '],
    [{ from: 'me' }, 'from: “me” cannot be an e-mail address'],
    [{ webhookKey: '' }, 'webhookKey: '],
  ])('explain an error in %j', (config, message) => {
    expect(problems(config)).toEqual([expect.stringContaining(message)]);
  });
});

describe('the check of a connection', () => {
  const check = async (options: Parameters<typeof startAccount>[0]) => {
    const account = await startAccount(options);
    try {
      return await account.host.check(account.connection);
    } finally {
      await account.close();
    }
  };

  it('reports the key’s permissions', async () => {
    expect(await check({})).toEqual({ account: 'an API key at api.sendgrid.com with 7 permissions, which may send' });
    expect(await check({ config: { region: 'eu' }, sandbox: { scopes: ['stats.read'] } })).toEqual({
      account: 'an API key at api.eu.sendgrid.com with 1 permission, which may not send: it lacks mail.send',
    });
  });

  it('refuses a key that SendGrid refuses', async () => {
    await expect(check({ config: { apiKey: 'SG.other' } })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
