import { expect, test } from 'vitest';
import { emailAddress, readEmailAddress } from '../../src/connector/email-address.ts';

test.each([
  'ada@example.com',
  'sales&marketing@acme.example',
  'first/last=x@acme.example',
  "!#$%&'*+-/=?^_`{|}~@acme.example",
  'ada@xn--80ak6aa92e.xn--p1ai',
  'josé@example.com',
  'a..b@docomo.ne.jp',
  '.a.@example.com',
  'ada@localhost',
  'ada@[192.0.2.1]',
  'ada@[IPv6:2001:db8::1]',
  '"a@b,c"@example.com',
  `${'a'.repeat(242)}@example.com`,
])('%j may be an e-mail address', (text) => {
  expect(readEmailAddress(text)).toBe(text);
});

test.each([
  ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
  ['ada@пример.рф', 'ada@xn--e1afmkfd.xn--p1ai'],
  ['josé@BÜCHER.example', 'josé@xn--bcher-kva.example'],
  ['  ada@example.com\n', 'ada@example.com'],
  ['Ada@Example.com', 'Ada@Example.com'],
])('%j is sent as %j', (text, sent) => {
  expect(readEmailAddress(text)).toBe(sent);
  expect(emailAddress().parse(text)).toBe(sent);
});

test.each([
  '',
  'ada',
  '@example.com',
  'ada@',
  'ada@example..com',
  'ada@.example',
  'a da@example.com',
  'ada@exam ple.com',
  'ada@bü\u00a0cher.example',
  'ada@example.com\r\nBcc: b@example.com',
  'a\u0000b@example.com',
  'a\u2028b@example.com',
  'a@b@example.com',
  'a,b@example.com',
  'a;b@example.com',
  '<a@example.com>',
  'a@example.com>',
  'a@bü/cher.example',
  'a@bü%2fcher.example',
  'a@bü:8.example',
  '\ud800@example.com',
  'ada@xn--ü.example',
  `${'a'.repeat(243)}@example.com`,
])('%j cannot be an e-mail address', (text) => {
  expect(readEmailAddress(text)).toBeUndefined();
  expect(
    emailAddress()
      .safeParse(text)
      .error?.issues.map(({ message }) => message),
  ).toEqual(['This cannot be an e-mail address. Write name@example.com']);
});
