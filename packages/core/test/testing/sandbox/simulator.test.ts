import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../src/testing/sandbox/simulator.ts';
import { VendorError } from '../../../src/testing/sandbox/vendor-error.ts';

/** A clock whose sleepers wake when the test says so. */
function handClock(): Clock & { wake(): void; asleep(): Promise<void> } {
  const sleepers = new Set<() => void>();
  let watcher: (() => void) | undefined;
  return {
    now: () => 0,
    elapsed: () => 0,
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.add(resolve);
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        watcher?.();
      }),
    timer: () => () => {},
    wake: () => sleepers.forEach((wake) => wake()),
    asleep: () => (sleepers.size > 0 ? Promise.resolve() : new Promise((resolve) => (watcher = resolve))),
  };
}

describe('the simulator', () => {
  let simulator: Simulator;
  let notes: string[];

  const start = async (options: Partial<SimulatorOptions> = {}): Promise<void> => {
    simulator = await startSimulator({
      routes: {
        'GET /notes/{id}': ({ params }) => ({ status: 200, body: { id: params['id'] } }),
        'GET /notes/latest': () => ({ status: 200, body: { id: 'the latest' } }),
        'POST /notes': ({ body }) => {
          notes.push((body as { text: string }).text);
          return { status: 201, body: { count: notes.length, filler: 'x'.repeat(1_000) } };
        },
        'DELETE /notes/{id}': () => ({ status: 204 }),
        'GET /plain': () => ({ status: 200, headers: { 'x-mood': 'calm' }, body: 'as it is' }),
        'GET /fault': () => {
          throw new Error('a bug in the sandbox');
        },
      },
      failure: (status) => ({ headers: { 'x-vendor': 'always' }, body: { error: `E${status}` } }),
      ...options,
    });
  };

  beforeEach(async () => {
    notes = [];
    await start();
  });
  afterEach(() => simulator.close());

  const get = (path: string, init?: RequestInit) => fetch(simulator.url + path, init);
  const post = (text: string, init?: RequestInit) =>
    get('/notes', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }), ...init });
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no error',
      (error: Error) => (error.cause as { code?: string } | undefined)?.code ?? error.name,
    );

  it('passes a request to its route, with decoded params, query, headers and JSON', async () => {
    const response = await get('/notes/a%2Fb?x=1&y=%20', { headers: { 'X-Trace': 'T' } });
    expect(await response.json()).toEqual({ id: 'a/b' });
    const [request] = simulator.requests;
    expect(request).toMatchObject({ method: 'GET', route: 'GET /notes/{id}', path: '/notes/a%2Fb', params: { id: 'a/b' }, rawBody: '' });
    expect(request?.url).toBe('/notes/a%2Fb?x=1&y=%20');
    expect([request?.query.get('x'), request?.query.get('y'), request?.headers['x-trace']]).toEqual(['1', ' ', 'T']);
    await post('hello');
    expect(simulator.requests[1]).toMatchObject({ body: { text: 'hello' }, rawBody: '{"text":"hello"}' });
  });

  it('prefers a literal segment to a name, in any order of declaration', async () => {
    expect(await (await get('/notes/latest')).json()).toEqual({ id: 'the latest' });
  });

  it('reads forms, and passes a body that does not parse to the handler as text', async () => {
    await get('/notes', { method: 'POST', body: new URLSearchParams({ text: 'a b' }) });
    await get('/elsewhere', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"broken' });
    expect(simulator.requests.map(({ body, rawBody }) => [body, rawBody])).toEqual([
      [{ text: 'a b' }, 'text=a+b'],
      [undefined, '{"broken'],
    ]);
  });

  it('sends strings as they are, and no body if there is none', async () => {
    const plain = await get('/plain');
    expect([plain.headers.get('content-type'), plain.headers.get('x-mood'), await plain.text()]).toEqual([
      'text/plain; charset=utf-8',
      'calm',
      'as it is',
    ]);
    const gone = await get('/notes/1', { method: 'DELETE' });
    expect([gone.status, gone.headers.get('content-type'), await gone.text()]).toEqual([204, null, '']);
  });

  it('answers an unknown path with the vendor’s own 404, and records it without a route', async () => {
    const response = await get('/nowhere');
    expect([response.status, await response.json()]).toEqual([404, { error: 'E404' }]);
    expect(simulator.requests[0]).toMatchObject({ route: undefined, path: '/nowhere' });
    expect((await get('/notes/1', { method: 'PUT' })).status).toBe(404);
  });

  it('answers 500 if a handler throws, and continues to serve', async () => {
    const response = await get('/fault');
    expect([response.status, await response.text()]).toEqual([500, 'The simulator failed: Error: a bug in the sandbox']);
    expect((await get('/notes/1')).status).toBe(200);
  });

  it('answers with the VendorError that a handler throws, and changes it like any other answer', async () => {
    await simulator.close();
    const refuse = (id: string | undefined): never => {
      throw new VendorError(422, { error: `no ${id}` }, { 'x-mood': 'cross' });
    };
    await start({
      routes: { 'GET /notes/{id}': ({ params }) => refuse(params['id']), 'GET /later': async () => Promise.reject(new VendorError(409)) },
    });
    const refused = await get('/notes/1');
    expect([refused.status, refused.headers.get('x-mood'), await refused.json()]).toEqual([422, 'cross', { error: 'no 1' }]);
    const later = await get('/later');
    expect([later.status, await later.text()]).toEqual([409, '']);
    simulator.misbehave({ kind: 'change', change: (answer) => ({ ...answer, status: answer.status + 1 }) });
    expect((await get('/notes/1')).status).toBe(423);
  });

  it('answers 200 by default, and adds the common headers to what handlers return and throw, after they ran', async () => {
    await simulator.close();
    let count = 0;
    await start({
      headers: ({ route }) => ({ 'x-route': route ?? '', 'x-count': String(count) }),
      routes: {
        'GET /a': () => ({ body: (count += 1), headers: { 'x-route': 'its own' } }),
        'GET /b': () => {
          throw new VendorError(404, (count += 1));
        },
      },
    });
    const seen = async (path: string) => {
      const { status, headers } = await get(path);
      return [status, headers.get('x-route'), headers.get('x-count')];
    };
    expect(await seen('/a')).toEqual([200, 'its own', '1']);
    expect(await seen('/b')).toEqual([404, 'GET /b', '2']);
    expect(await seen('/nowhere')).toEqual([404, null, null]);
    simulator.misbehave({ kind: 'status', status: 503 });
    expect(await seen('/a')).toEqual([503, null, null]);
  });

  it('refuses a route of another form', async () => {
    await expect(startSimulator({ routes: { '/no-method': () => ({ status: 200 }) } })).rejects.toThrow('"/no-method" is not a route');
  });

  it('rejects if the port is taken', async () => {
    const port = Number(new URL(simulator.url).port);
    await expect(startSimulator({ routes: {}, port })).rejects.toThrow('EADDRINUSE');
  });

  it('changes the answer of a request that it performs', async () => {
    simulator.misbehave({
      kind: 'change',
      match: 'GET /notes/{id}',
      change: (answer, { params }) => ({ ...answer, status: 203, body: { was: answer.body, id: params['id'] } }),
    });
    const plain: unknown = await (await fetch(`${simulator.url}/notes/1`)).json();
    expect(plain).toMatchObject({ id: '1', was: expect.anything() as unknown });
    expect(await (await get('/notes/1')).json()).toEqual((plain as { was: unknown }).was);
  });

  it('keeps a bounded number of requests', async () => {
    await simulator.close();
    await start({ maxRequests: 2 });
    for (const id of ['1', '2', '3']) await get(`/notes/${id}`);
    expect(simulator.requests.map(({ params }) => params['id'])).toEqual(['2', '3']);
  });

  it('answers 413 to a body over its limit, and does not record it', async () => {
    await simulator.close();
    await start({ maxBodyBytes: 20 });
    expect((await post('x'.repeat(10))).status).toBe(413);
    expect((await post('x')).status).toBe(201);
    expect(simulator.requests).toHaveLength(1);
    expect(notes).toEqual(['x']);
  });

  it('ends no idle connection, since the next request may be on its way over it', async () => {
    const { headers } = await get('/plain');
    expect(headers.get('connection')).toBe('keep-alive');
    // Node announces the time after which it would end the connection.
    expect(headers.has('keep-alive')).toBe(false);
  });

  it('reports when a request has arrived and that it was answered', async () => {
    const arrival = simulator.received('POST /notes', 2);
    await post('first');
    await get('/notes/1');
    await post('second');
    const second = await arrival;
    expect(second.body).toEqual({ text: 'second' });
    expect(await second.ended).toBe('answered');
    expect((await simulator.received(({ params }) => params['id'] === '1')).route).toBe('GET /notes/{id}');
  });

  it('rejects waiting calls of received() when it closes, and may close twice', async () => {
    const arrival = simulator.received('POST /notes');
    await Promise.all([expect(arrival).rejects.toThrow('closed before the request arrived'), simulator.close(), simulator.close()]);
    expect(await codeOf(get('/notes/1'))).toBe('ECONNREFUSED');
  });

  describe('misbehaving', () => {
    it('answers with a status without performing the request, with the vendor’s body, its own, or none', async () => {
      simulator.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '3' } });
      simulator.misbehave({ kind: 'status', status: 503, body: { mine: true } });
      simulator.misbehave({ kind: 'status', status: 500, body: '' });
      const first = await post('a');
      expect([first.status, first.headers.get('retry-after'), first.headers.get('x-vendor')]).toEqual([429, '3', 'always']);
      expect(await first.json()).toEqual({ error: 'E429' });
      const second = await post('a');
      expect([second.status, await second.json()]).toEqual([503, { mine: true }]);
      const third = await post('a');
      expect([third.status, await third.text()]).toEqual([500, '']);
      expect(notes).toEqual([]);
      expect((await post('a')).status).toBe(201);
    });

    it('affects only matching requests, as many as requested', async () => {
      simulator.misbehave({ kind: 'status', status: 503, match: 'GET /notes/{id}', times: 2 });
      expect((await post('a')).status).toBe(201);
      expect([(await get('/notes/1')).status, (await get('/notes/1')).status, (await get('/notes/1')).status]).toEqual([503, 503, 200]);
    });

    it('answers with the page of a proxy', async () => {
      simulator.misbehave({ kind: 'html' });
      const response = await post('a');
      expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html']);
      expect(await response.text()).toContain('<h1>502 Bad Gateway</h1>');
      expect(notes).toEqual([]);
    });

    it('resets the connection before it performs the request', async () => {
      simulator.misbehave({ kind: 'reset' });
      expect(await codeOf(post('a'))).toBe('ECONNRESET');
      expect(notes).toEqual([]);
      expect(await simulator.requests[0]?.ended).toBe('broken');
    });

    it('performs the request and loses the answer', async () => {
      simulator.misbehave({ kind: 'lose' });
      expect(await codeOf(post('a'))).toBe('ECONNRESET');
      expect(notes).toEqual(['a']);
    });

    it('performs the request and breaks off in the middle of the answer', async () => {
      simulator.misbehave({ kind: 'truncate' });
      const seen = await new Promise<{ declared: number; got: number; complete: boolean }>((resolve, reject) => {
        const outgoing = httpRequest(
          `${simulator.url}/notes`,
          { method: 'POST', headers: { 'content-type': 'application/json' } },
          (response) => {
            let got = 0;
            response.on('data', (chunk: Buffer) => (got += chunk.length));
            response.on('error', () => {});
            response.on('close', () => resolve({ declared: Number(response.headers['content-length']), got, complete: response.complete }));
          },
        );
        outgoing.on('error', reject);
        outgoing.end('{"text":"a"}');
      });
      expect(seen).toMatchObject({ complete: false });
      expect(seen.got).toBeLessThan(seen.declared);
      expect(notes).toEqual(['a']);
      expect(await simulator.requests[0]?.ended).toBe('broken');
    });

    it('hangs until the client disconnects, reports it, and performs nothing', async () => {
      simulator.misbehave({ kind: 'hang' });
      const client = new AbortController();
      const answer = codeOf(post('a', { signal: client.signal }));
      const request = await simulator.received('POST /notes');
      client.abort();
      expect(await request.ended).toBe('closed');
      expect(await answer).toBe('AbortError');
      simulator.recover();
      await get('/notes/1');
      expect(notes).toEqual([]);
    });

    it('continues hanging requests, and drops waiting misbehaviours, when it recovers', async () => {
      simulator.misbehave({ kind: 'hang' });
      simulator.misbehave({ kind: 'reset', times: 100 });
      const answer = post('a');
      await simulator.received('POST /notes');
      expect(notes).toEqual([]);
      simulator.recover();
      expect((await answer).status).toBe(201);
      expect((await post('b')).status).toBe(201);
      expect(notes).toEqual(['a', 'b']);
    });

    it('does not perform a request that still hangs when it closes', async () => {
      simulator.misbehave({ kind: 'hang' });
      const answer = codeOf(post('a'));
      const request = await simulator.received();
      await simulator.close();
      expect(await answer).not.toBe('no error');
      expect(await request.ended).toBe('closed');
      expect(notes).toEqual([]);
    });

    it('is slow by the given clock', async () => {
      await simulator.close();
      const clock = handClock();
      await start({ clock });
      simulator.misbehave({ kind: 'slow', ms: 60_000 });
      const answer = post('a');
      await clock.asleep();
      expect(notes).toEqual([]);
      clock.wake();
      expect((await answer).status).toBe(201);
    });

    it('performs nothing for a client that disconnects while it is slow', async () => {
      simulator.misbehave({ kind: 'slow', ms: 60_000 });
      const client = new AbortController();
      const answer = codeOf(post('a', { signal: client.signal }));
      const request = await simulator.received();
      client.abort();
      expect([await answer, await request.ended, notes]).toEqual(['AbortError', 'closed', []]);
    });

    it('accepts a bounded number of misbehaviours', () => {
      for (let count = 0; count < 100; count += 1) simulator.misbehave({ kind: 'reset' });
      expect(() => simulator.misbehave({ kind: 'reset' })).toThrow(RangeError);
    });
  });
});
