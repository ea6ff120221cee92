import { expect, test } from 'vitest';
import { addressOwner } from '../../../src/mcp/request/address-owner.ts';

test.each([
  ['1.2.3.4', '1.2.3.4'],
  ['1.2.3.4:5678', '1.2.3.4'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['::FFFF:0102:0304', '1.2.3.4'],
  ['[::ffff:1.2.3.4]:80', '1.2.3.4'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::ffff]:443', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::1.2.3.4', '0:0:0:0::/64'],
  ['64:ff9b::1.2.3.4', '64:ff9b:0:0::/64'],
])('%s counts for %s', (address, owner) => {
  expect(addressOwner(address)).toBe(owner);
});

test.each([undefined, '', 'unknown', '_hidden', '1.2.3', '1.2.3.4.5', '999.1.1.1', '1.2.3.4:5:6', '<script>', ':::', 'x'.repeat(100_000)])(
  'what is no address shares one count: %s',
  (address) => {
    expect(addressOwner(address)).toBe('unknown');
  },
);
