import { expect, test } from 'vitest';
import type { Challenge } from '../../src/index.ts';
import { challengeInQuery } from '../../src/webhooks/answer-challenge.ts';

const hub: Challenge = { in: 'query', field: 'hub.challenge', tokenField: 'hub.verify_token', token: 'meatyhamhock' };
const ask = (query: string, challenge: Challenge | undefined = hub) => challengeInQuery(challenge, new URLSearchParams(query));

test('a GET with the token of the settings is answered with its challenge', () => {
  expect(ask('hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock')).toBe('1158201444');
});

test.each([
  ['another token', 'hub.challenge=1&hub.verify_token=meatyhamhoc', hub],
  ['no token', 'hub.challenge=1', hub],
  ['no challenge', 'hub.verify_token=meatyhamhock', hub],
  ['a challenge over 1,000 characters', `hub.challenge=${'x'.repeat(1_001)}&hub.verify_token=meatyhamhock`, hub],
  ['an empty token in the settings', 'hub.challenge=1&hub.verify_token=', { ...hub, token: '' }],
])('a GET with %s is refused', (_, query, challenge) => {
  expect(() => ask(query, challenge)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
});

test('a webhook that declares no such check answers no GET', () => {
  for (const challenge of [undefined, { in: 'body', field: 'challenge' }] as const)
    expect(() => challengeInQuery(challenge, new URLSearchParams('a=1'))).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
});
