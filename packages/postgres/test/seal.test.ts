import { describe, expect, test } from 'vitest';
import { createSeal, SealError, type SealSecret } from '../src/seal.ts';

const first = 'first secret, which is long enough to be one';
const second = 'second secret, which is long enough to be one';
const place = ['conn-1', 'value', 'token'];
const sealedBy = (secret: SealSecret, text = 'hush', purpose = 'test') => createSeal(secret, purpose).seal(text, place);

describe('a seal', () => {
  test.each(['', 'hush', '\0 € \ud83d\ude00', 'x'.repeat(100_000)])('opens what it sealed (%#)', (text) => {
    const seal = createSeal(first, 'test');
    expect(seal.open(seal.seal(text, place), place)).toBe(text);
    expect(createSeal(first, 'test').open(Uint8Array.from(sealedBy(first, text)), place)).toBe(text);
  });

  test('reveals nothing of the text, and seals the same text differently each time', () => {
    const [one, two] = [sealedBy(first), sealedBy(first)];
    expect(Buffer.from(one).includes('hush')).toBe(false);
    expect(Buffer.from(one).subarray(8)).not.toEqual(Buffer.from(two).subarray(8));
    expect(one.length).toBe('hush'.length + 56);
  });

  test.each([[['conn-2', 'value', 'token']], [['conn-1', 'value']], [['conn-1value', 'token']], [[]]])(
    'does not open at %j',
    (elsewhere) => {
      expect(() => createSeal(first, 'test').open(sealedBy(first), elsewhere)).toThrow(/for another location/);
    },
  );

  test('does not open a value that was changed in any byte', () => {
    const sealed = sealedBy(first);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => createSeal(first, 'test').open(changed, place)).toThrow(SealError);
    }
  });

  test('does not open a value that was cut short, at any length', () => {
    const sealed = sealedBy(first);
    for (let length = 0; length < sealed.length; length += 1)
      expect(() => createSeal(first, 'test').open(sealed.subarray(0, length), place)).toThrow(SealError);
  });

  test('names a missing secret by its id, and shows no secret', () => {
    const opening = () => createSeal(second, 'test').open(sealedBy(first), place);
    const id = Buffer.from(sealedBy(first)).toString('hex', 0, 8);
    expect(opening).toThrow(
      new SealError(`This was sealed with a secret that is not configured (its id is ${id}). Add that secret to the list.`),
    );
  });

  test('seals with the first secret and opens with all of them', () => {
    const both = createSeal([second, first], 'test');
    expect(both.open(sealedBy(first), place)).toBe('hush');
    expect(createSeal(second, 'test').open(both.seal('new', place), place)).toBe('new');
    expect(() => createSeal(first, 'test').open(both.seal('new', place), place)).toThrow(SealError);
  });

  test('opens no value that was sealed for another purpose', () => {
    expect(() => createSeal(first, 'another').open(sealedBy(first), place)).toThrow(SealError);
  });

  test('refuses a short secret in any position', () => {
    expect(() => createSeal('x'.repeat(31), 'test')).toThrow(TypeError);
    expect(() => createSeal([first, 'short'], 'test')).toThrow(/32 characters/);
  });
});
