import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** One secret, or several: the first seals, all of them open. At least 32 characters each, and random: they are not stretched. */
export type SealSecret = string | readonly [string, ...string[]];

/** Seals text for a place, so that it is opened there and nowhere else. */
export interface Seal {
  /** `place` is not kept, and must be the same to open. */
  seal(text: string, place: readonly string[]): Uint8Array;
  /** @throws {SealError} where no secret fits, or it was changed, or sealed for another place or purpose. */
  open(sealed: Uint8Array, place: readonly string[]): string;
}

/** Something sealed cannot be opened. It is left where it is: with the right secret it is good again. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

const idBytes = 8;
const saltBytes = 32;
const tagBytes = 16;
const keyBytes = 32;
const nonceBytes = 12;
const minSecretLength = 32;

/**
 * Seals with AES-256-GCM. What is sealed is the id of the secret, a salt, the tag and the ciphertext. Key and nonce are derived from secret,
 * purpose and salt (HKDF with SHA-256), so no number of seals wears a secret out, and one purpose opens nothing of another.
 *
 * @throws {TypeError} for a secret of less than 32 characters.
 */
export function createSeal(secret: SealSecret, purpose: string): Seal {
  const [first, ...others] = typeof secret === 'string' ? [secret] : secret;
  const sealing = toKey(first, purpose);
  const opening = new Map([...others.map((other) => toKey(other, purpose)), sealing].map((key) => [key.id.toString('hex'), key]));
  return {
    seal(text, place) {
      const salt = randomBytes(saltBytes);
      const cipher = createCipheriv('aes-256-gcm', ...sealing.derive(salt)).setAAD(toBytes(place));
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([sealing.id, salt, cipher.getAuthTag(), ciphertext]);
    },
    open(sealed, place) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const [id, salt, tag, ciphertext] = split(bytes, idBytes, saltBytes, tagBytes);
      const key = opening.get(id.toString('hex'));
      if (!key)
        throw new SealError(`This was sealed with a secret that is not among those given (its id is ${id.toString('hex')}). Add that one.`);
      if (tag.length < tagBytes) throw new SealError('This is not whole: it was cut short.');
      try {
        const decipher = createDecipheriv('aes-256-gcm', ...key.derive(salt), { authTagLength: tagBytes });
        decipher.setAAD(toBytes(place)).setAuthTag(tag);
        return decipher.update(ciphertext, undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw new SealError('This was changed after it was sealed, or was sealed for another place.', { cause });
      }
    },
  };
}

function toKey(secret: string, purpose: string) {
  if (secret.length < minSecretLength) throw new TypeError(`A secret to seal with needs ${minSecretLength} characters at least.`);
  return {
    id: Buffer.from(hkdfSync('sha256', secret, '', `busbar seal id ${purpose}`, idBytes)),
    derive(salt: Uint8Array): [key: Buffer, nonce: Buffer] {
      const bytes = Buffer.from(hkdfSync('sha256', secret, salt, `busbar seal key ${purpose}`, keyBytes + nonceBytes));
      return [bytes.subarray(0, keyBytes), bytes.subarray(keyBytes)];
    },
  };
}

// JSON keeps the parts apart: no two places have the same text.
const toBytes = (place: readonly string[]) => Buffer.from(JSON.stringify(place));

function split(bytes: Buffer, a: number, b: number, c: number): [Buffer, Buffer, Buffer, Buffer] {
  return [bytes.subarray(0, a), bytes.subarray(a, a + b), bytes.subarray(a + b, a + b + c), bytes.subarray(a + b + c)];
}
