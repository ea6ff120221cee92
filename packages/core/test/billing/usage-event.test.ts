import { expect, test } from 'vitest';
import { moneyText, stripeMeterEvent, usageCloudEvent, type UsageRecord } from '../../src/index.ts';

const record: UsageRecord = {
  callId: 'call-1',
  tenant: 'acme',
  key: 'key_1',
  connector: 'zendesk',
  connection: 'con_1',
  tool: 'zendesk_create_ticket',
  status: 'executed',
  units: 3,
  price: 20_000,
  upstreamRequests: 2,
  bytesOut: 400,
  tokensOut: 100,
  startedAt: Date.UTC(2026, 0, 31, 23, 59, 59, 900),
  endedAt: Date.UTC(2026, 1, 1, 0, 0, 1),
};

test('a charged call becomes a CloudEvent of its tenant, with the call’s id and start time', () => {
  expect(usageCloudEvent(record, { source: 'busbar', type: 'busbar.call' })).toEqual({
    specversion: '1.0',
    id: 'call-1',
    source: 'busbar',
    type: 'busbar.call',
    subject: 'acme',
    time: '2026-01-31T23:59:59.900Z',
    datacontenttype: 'application/json',
    data: {
      key: 'key_1',
      connector: 'zendesk',
      connection: 'con_1',
      tool: 'zendesk_create_ticket',
      status: 'executed',
      units: 3,
      price: '0.020000',
      upstreamRequests: 2,
      bytesOut: 400,
      tokensOut: 100,
      durationMs: 1_100,
    },
  });
});

test.each([
  ['units', '3'],
  ['calls', '1'],
  ['price', '20000'],
] as const)('a charged call is a meter event of Stripe that counts %s', (value, counted) => {
  expect(stripeMeterEvent(record, { eventName: 'busbar_call', value, customer: 'cus_1' })).toEqual({
    event_name: 'busbar_call',
    identifier: 'call-1',
    timestamp: '1769903999',
    'payload[stripe_customer_id]': 'cus_1',
    'payload[value]': counted,
  });
});

test.each([
  [0, '0.000000'],
  [1, '0.000001'],
  [20_000, '0.020000'],
  [1_000_000, '1.000000'],
  [9_007_199_254_740_993_000_001n, '9007199254740993.000001'],
])('%d millionths are %s', (millionths, text) => {
  expect(moneyText(millionths)).toBe(text);
});
