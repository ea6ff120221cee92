import { manualClock } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSalesforceSandbox, type SalesforceSandbox } from '../src/sandbox.ts';

const base = '/services/data/v64.0';
const clock = manualClock();
let sandbox: SalesforceSandbox;
let authorization: string;
beforeEach(async () => {
  sandbox = await startSalesforceSandbox({ clock });
  authorization = await signIn();
});
afterEach(() => sandbox.close());

async function signIn(): Promise<string> {
  const fields = { grant_type: 'client_credentials', client_id: 'consumer-key', client_secret: 'consumer-secret' };
  const { body } = await send('POST', '/services/oauth2/token', new URLSearchParams(fields));
  return `Bearer ${body.access_token}`;
}

/** Sends a request as a client of Salesforce would. */
async function send(
  method: string,
  path: string,
  body?: URLSearchParams | object,
): Promise<{ status: number; headers: Headers; body: any }> {
  const form = body instanceof URLSearchParams;
  const response = await fetch(sandbox.url + path, {
    method,
    headers: { ...(!form && { authorization, 'content-type': 'application/json' }) },
    ...(body && { body: form ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}
const query = (soql: string) => send('GET', `${base}/query?q=${encodeURIComponent(soql)}`);
const part = (url: string, index = 0) => ({ method: 'GET', url, referenceId: `r${index}` });
const composite = (compositeRequest: object[]) => send('POST', `${base}/composite`, { compositeRequest });
const queryUrl = `${base}/query?q=SELECT+Id+FROM+Account`;
const codeOf = ({ status, body }: { status: number; body: any }) => [status, body[0].errorCode];

describe('the sandbox', () => {
  it('refuses a wrong secret, with Salesforce’s error', async () => {
    const wrong = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'consumer-key', client_secret: 'x' });
    expect(await send('POST', '/services/oauth2/token', wrong)).toMatchObject({ status: 400, body: { error: 'invalid_client' } });
  });

  it('ends sessions after two hours', async () => {
    expect((await query('SELECT Id FROM Account')).status).toBe(200);
    await clock.advance(2 * 3_600_000);
    expect(codeOf(await query('SELECT Id FROM Account'))).toEqual([401, 'INVALID_SESSION_ID']);
  });

  it('reports failed parts inside the 200 of a composite, and refuses limits in a composite', async () => {
    const { body } = await composite([part(queryUrl), part(`${base}/query?q=SELECT+Nam+FROM+Account`, 1), part(`${base}/limits`, 2)]);
    expect(body.compositeResponse.map((one: any) => one.httpStatusCode)).toEqual([200, 400, 404]);
  });

  it('counts a composite as one request, and refuses requests beyond the daily limit', async () => {
    await sandbox.close();
    sandbox = await startSalesforceSandbox({ clock, dailyRequests: 2 });
    authorization = await signIn();
    expect((await composite([part(queryUrl), part(queryUrl, 1)])).headers.get('sforce-limit-info')).toBe('api-usage=1/2');
    expect((await query('SELECT Id FROM Account')).headers.get('sforce-limit-info')).toBe('api-usage=2/2');
    expect(await query('SELECT Id FROM Account')).toMatchObject({
      status: 403,
      body: [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }],
    });
  });

  it.each([
    ["SELECT Id FROM Account WHERE Name = 'x' OR 'a' = 'a'", 'unexpected token'],
    ["SELECT Id FROM Account WHERE Name = 'x'' OR Name != ''", 'unexpected token'],
    ["SELECT Id FROM Account WHERE Name = 'x\\y'", 'invalid escape sequence'],
    ["SELECT Id FROM Account WHERE Name = 'x\ny'", 'line breaks'],
    ["SELECT Id FROM Account WHERE Name = 'x' -- all", 'unexpected token'],
    ["SELECT Id FROM Account WHERE Name = 'x'; DELETE FROM Account", 'unexpected token'],
    ["SELECT Id FROM Account WHERE Name = 'x' AND Name = 'y' OR Name = 'z'", 'unexpected token'],
    ['SELECT Id FROM Account LIMIT', 'unexpected token'],
  ])('refuses %j', async (soql, message) => {
    const answer = await query(soql);
    expect(codeOf(answer)).toEqual([400, 'MALFORMED_QUERY']);
    expect(answer.body[0].message).toContain(message);
  });

  it.each([
    ['SELECT Nope FROM Account', 'INVALID_FIELD'],
    ['SELECT Id FROM Nope', 'INVALID_TYPE'],
    ['SELECT Id FROM SecurityHealthCheck', 'INVALID_TYPE'],
    ['SELECT Nope.Name FROM Account', 'INVALID_FIELD'],
    ["SELECT Id FROM Account WHERE AnnualRevenue > '5'", 'INVALID_FIELD'],
    ['SELECT Id FROM Account WHERE Name = 5', 'INVALID_FIELD'],
  ])('refuses %s as %s', async (soql, code) => {
    expect(codeOf(await query(soql))).toEqual([400, code]);
  });

  it('returns pages of 2,000 records by default, and refuses more groups than that', async () => {
    for (let index = 0; index < 2_100; index += 1) sandbox.add('Case', { Subject: String(index) });
    const { body } = await query('SELECT Id FROM Case');
    expect([body.totalSize, body.done, body.records.length]).toEqual([2_101, false, 2_000]);
    const next = (await send('GET', body.nextRecordsUrl)).body;
    expect([next.totalSize, next.done, next.records.length]).toEqual([2_101, true, 101]);
    expect(codeOf(await send('GET', `${base}/query/01g000000000009AAA-2000`))).toEqual([400, 'INVALID_QUERY_LOCATOR']);
    expect(codeOf(await query('SELECT Subject, COUNT(Id) FROM Case GROUP BY Subject'))).toEqual([400, 'EXCEEDED_ID_LIMIT']);
  });

  it('refuses a URL of more than 16,384 bytes', async () => {
    expect((await query(`SELECT Id FROM Account WHERE Name = '${'x'.repeat(16_400)}'`)).status).toBe(414);
  });

  it('serves only the API versions that it lists', async () => {
    expect((await send('GET', '/services/data')).body.map(({ version }: { version: string }) => version)).toContain('64.0');
    expect((await send('GET', '/services/data/v20.0/limits')).status).toBe(404);
  });

  it('uses a clock that can be set wrong for sessions and timestamps', async () => {
    sandbox.misbehave({ kind: 'skew', ms: 2 * 3_600_000 });
    expect(codeOf(await query('SELECT Id FROM Account'))).toEqual([401, 'INVALID_SESSION_ID']);
    authorization = await signIn();
    await send('POST', `${base}/sobjects/Account`, { Name: 'A' });
    const { headers, body } = await query("SELECT CreatedDate FROM Account WHERE Name = 'A'");
    const skewed = clock.now() + 2 * 3_600_000;
    expect([headers.get('date'), body.records[0].CreatedDate].map((date) => Date.parse(date))).toEqual([skewed, skewed]);
  });
});
