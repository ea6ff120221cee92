import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * One secret or a list of secrets. The first secret seals, and any of them can open a sealed value. Each needs at least 32 random
 * characters, because the key derivation does not stretch it.
 */
export type SealSecret = string | readonly [string, ...string[]];

/** Encrypts text and binds it to its location, such as a row, so that a copy at another location cannot be decrypted. */
export interface Seal {
  /** Seals text. The location is not stored: `open` needs the same location. */
  seal(text: string, location: readonly string[]): Uint8Array;
  /** @throws {SealError} if no secret fits, if the bytes were changed, or if they were sealed for another location or purpose. */
  open(sealed: Uint8Array, location: readonly string[]): string;
}

/** Thrown if a sealed value cannot be opened. The value is not removed: the right secret can still open it. */
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
 * Seals with AES-256-GCM. The output is the secret's id, a salt, the tag and the ciphertext. HKDF with SHA-256 derives the key and the
 * nonce from the secret, the purpose and the salt. So a secret may seal any number of values, and values that were sealed for one purpose
 * cannot be opened for another.
 *
 * @throws {TypeError} for a secret of fewer than 32 characters.
 */
export function createSeal(secret: SealSecret, purpose: string): Seal {
  const [first, ...others] = typeof secret === 'string' ? [secret] : secret;
  const sealing = toKey(first, purpose);
  const opening = new Map([...others.map((other) => toKey(other, purpose)), sealing].map((key) => [key.id.toString('hex'), key]));
  return {
    seal(text, location) {
      const salt = randomBytes(saltBytes);
      const cipher = createCipheriv('aes-256-gcm', ...sealing.derive(salt)).setAAD(toBytes(location));
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([sealing.id, salt, cipher.getAuthTag(), ciphertext]);
    },
    open(sealed, location) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const [id, salt, tag, ciphertext] = split(bytes, idBytes, saltBytes, tagBytes);
      const key = opening.get(id.toString('hex'));
      if (!key)
        throw new SealError(
          `This was sealed with a secret that is not configured (its id is ${id.toString('hex')}). Add that secret to the list.`,
        );
      if (tag.length < tagBytes) throw new SealError('This is incomplete: it was cut short.');
      try {
        const decipher = createDecipheriv('aes-256-gcm', ...key.derive(salt), { authTagLength: tagBytes });
        decipher.setAAD(toBytes(location)).setAuthTag(tag);
        return decipher.update(ciphertext, undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw new SealError('This was changed after it was sealed, or was sealed for another location.', { cause });
      }
    },
  };
}

function toKey(secret: string, purpose: string) {
  if (secret.length < minSecretLength) throw new TypeError(`A secret to seal with needs at least ${minSecretLength} characters.`);
  return {
    id: Buffer.from(hkdfSync('sha256', secret, '', `busbar seal id ${purpose}`, idBytes)),
    derive(salt: Uint8Array): [key: Buffer, nonce: Buffer] {
      const bytes = Buffer.from(hkdfSync('sha256', secret, salt, `busbar seal key ${purpose}`, keyBytes + nonceBytes));
      return [bytes.subarray(0, keyBytes), bytes.subarray(keyBytes)];
    },
  };
}

// JSON separates the parts, so no two locations have the same text.
const toBytes = (location: readonly string[]) => Buffer.from(JSON.stringify(location));

function split(bytes: Buffer, a: number, b: number, c: number): [Buffer, Buffer, Buffer, Buffer] {
  return [bytes.subarray(0, a), bytes.subarray(a, a + b), bytes.subarray(a + b, a + b + c), bytes.subarray(a + b + c)];
}
