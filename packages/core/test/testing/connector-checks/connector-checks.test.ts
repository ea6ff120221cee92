import { describe, expect, test } from 'vitest';
import { connectorChecks, testConnector } from '../../../src/testing/index.ts';
import { acme, acmeFixture, acmeWith } from './acme-connector.ts';
import { acmeMore, acmeMoreFixture, moreFixture, moreWith } from './acme-more.ts';
import { brokenBackground } from './broken-background.ts';
import { brokenBehaviours } from './broken-behaviours.ts';
import { brokenBorders } from './broken-borders.ts';
import { brokenFailures } from './broken-failures.ts';
import { brokenShapes } from './broken-shapes.ts';
import { startPackage } from './package-folder.ts';

const one = acmeWith(['get_note']);
const fixture = { ...acmeFixture, examples: { acme_get_note: { id: 'note-1' } } };
const gap = 'accepts unknown fields in the vendor’s answers';
const checkOf = (name: string, ...given: Parameters<typeof connectorChecks>) =>
  connectorChecks(...given).find((check) => check.name === name);
const refusing = brokenFailures.find(({ finds }) => finds === gap)?.connector ?? one;

test('a connector that meets every rule passes all checks, also of its package', async () => {
  await expect(testConnector(acme, { ...acmeFixture, folder: await startPackage(acme, {}) })).resolves.toBeUndefined();
});

test('every check finds a broken connector', async () => {
  const found = new Set(
    [...brokenShapes, ...brokenBehaviours, ...brokenFailures, ...brokenBorders, ...brokenBackground].map(({ finds }) => finds),
  );
  const names = connectorChecks(acmeMore, { ...acmeMoreFixture, folder: new URL('file:///nowhere/') }).map(({ name }) => name);
  expect(names.filter((name) => !found.has(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(25);
});

test('testConnector says which rule is broken, where, and why it matters', async () => {
  const broken = testConnector(acmeWith(['remove_note'], { effect: 'write' }), {
    ...acmeFixture,
    examples: { acme_remove_note: { id: 'note-3' } },
  });
  await expect(broken).rejects.toThrow(/^acme breaks 1 of \d+ rules:\n\n✗ declares tools that delete as destructive/);
  await expect(broken).rejects.toThrow('Clients ask a person before a tool with destructiveHint.');
  await expect(broken).rejects.toThrow('- acme_remove_note: sends DELETE /notes/{id} with the effect "write"');
});

test('testConnector reports only one broken rule for a connector that no host accepts', async () => {
  await expect(testConnector({ ...one, id: 'Acme' }, fixture)).rejects.toThrow(/breaks 1 of \d+ rules[^]*the id must be kebab-case/);
});

test('a connector without a vendor or a package gets only the checks that apply to it', () => {
  const { origins: _, authorization: __, ...rest } = one;
  const names = connectorChecks(rest, { examples: {} }).map(({ name }) => name);
  expect(names).toContain('is accepted by a host');
  expect(names.filter((name) => /401|README|canary|package/.test(name))).toEqual([]);
});

test('a connector that reaches a vendor cannot be checked without a sandbox', () => {
  expect(() => connectorChecks(one, { examples: {} })).toThrow('give the fixture a sandbox');
});

test('a connector with a webhook cannot be checked without a delivery', () => {
  const { delivery: _, ...without } = acmeMoreFixture;
  expect(() => connectorChecks(acmeMore, without)).toThrow('give the fixture a sandbox that can sign, and a delivery');
});

test('testConnector names a question without an answer in the fixture', async () => {
  const { answers: _, ...without } = moreFixture(moreWith('publish_note'));
  const unanswered = testConnector(moreWith('publish_note'), without);
  await expect(unanswered).rejects.toThrow(
    'It asks “Publish the note?”, and the fixture has no answer: add one to answers.acme_publish_note.',
  );
});

describe('a known gap', () => {
  test('makes its check pass while the connector breaks the rule', async () => {
    await expect(checkOf(gap, refusing, fixture)?.run()).rejects.toThrow('UPSTREAM_INVALID');
    await expect(checkOf(gap, refusing, { ...fixture, knownGaps: { [gap]: 'They announce new fields.' } })?.run()).resolves.toBeUndefined();
  });

  test('makes its check fail once it is closed', async () => {
    const closed = checkOf(gap, one, { ...fixture, knownGaps: { [gap]: 'They announce new fields.' } });
    await expect(closed?.run()).rejects.toThrow('remove it from knownGaps (“They announce new fields.”)');
  });

  test('must name a check and have a reason', () => {
    expect(() => connectorChecks(one, { ...fixture, knownGaps: { 'is quick': 'No.' } })).toThrow('“is quick”, which is no check of acme');
    expect(() => connectorChecks(one, { ...fixture, knownGaps: { [gap]: ' ' } })).toThrow('gives no reason');
  });
});
