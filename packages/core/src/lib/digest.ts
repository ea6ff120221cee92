import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { toBase64Url } from './base64url.ts';

// Short digests have 128 bits, enough to rule out accidental collisions.
const tagBytes = 16;

/** Returns the SHA-256 hash of the text, as 64 hex digits. */
export function digest(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** Returns the first 128 bits of the text's SHA-256 hash, as 25 characters of `[a-z0-9]`, for ids and keys whose length vendors limit. */
export function shortDigest(text: string): string {
  return BigInt(`0x${bytesToHex(sha256(utf8ToBytes(text)).subarray(0, tagBytes))}`)
    .toString(36)
    .padStart(25, '0');
}

/** Returns the first 128 bits of an HMAC-SHA256, as 22 characters of base64url. Compare tags in constant time, or hash both first. */
export function hmacTag(secret: string, text: string): string {
  const tag = hmac(sha256, utf8ToBytes(secret), utf8ToBytes(text)).subarray(0, tagBytes);
  return toBase64Url(tag);
}

/**
 * Returns JSON with sorted keys, so that equal values have equal JSON. Treats values that JSON cannot represent as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? 'null'
  );
}
