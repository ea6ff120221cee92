import { tracingChannel } from 'node:diagnostics_channel';
import { pino, type Logger as Pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { pinoLogger, type PinoLoggerOptions } from '../../src/adapters/pino.ts';
import { ToolError } from '../../src/errors.ts';
import type { Logger } from '../../src/logger.ts';

function logged(write: (log: Logger) => void, options: PinoLoggerOptions = {}): Record<string, any>[] {
  const lines: string[] = [];
  write(pinoLogger({ ...options, destination: { write: (line: string) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('pinoLogger', () => {
  test('writes one JSON object a line, the level as a word and the time as a date', () => {
    const [line] = logged((log) => log.info({ tool: 'zendesk_get_ticket' }, 'Call ended'));
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      tool: 'zendesk_get_ticket',
      msg: 'Call ended',
    });
  });

  test('leaves out lines below its level', () => {
    const lines = logged(
      (log) => {
        log.debug({}, 'debug');
        log.info({}, 'info');
        log.warn({}, 'warn');
      },
      { level: 'warn' },
    );
    expect(lines.map(({ msg }) => msg)).toEqual(['warn']);
  });

  test('redacts fields whose name means a secret, including one level down', () => {
    const text = JSON.stringify(
      logged((log) =>
        log.info({ password: 'hush', headers: { authorization: 'Bearer hush', 'x-api-key': 'hush', accept: '*/*' } }, 'Sent'),
      ),
    );
    expect(text).not.toContain('hush');
    expect(text).toContain('[redacted]');
    expect(text).toContain('*/*');
  });

  test('redacts fields whose name means a secret among plain fields', () => {
    const [line] = logged((log) => log.info({ tenant: 'acme', apiKey: 'hush' }, 'Sent'));
    expect(line).toMatchObject({ tenant: 'acme', apiKey: '[redacted]' });
  });

  test('redacts the bindings of a child', () => {
    const lines: string[] = [];
    pinoLogger({ destination: { write: (line: string) => void lines.push(line) } })
      .child({ token: 'hush', tenant: 'acme' })
      .info({}, 'Sent');
    expect(JSON.parse(lines.join(''))).toMatchObject({ token: '[redacted]', tenant: 'acme' });
  });

  test('does not change the fields that it receives', () => {
    const fields = { password: 'hush', headers: { cookie: 'hush' } };
    logged((log) => log.info(fields, 'Sent'));
    expect(fields).toEqual({ password: 'hush', headers: { cookie: 'hush' } });
  });

  test('writes an error’s message without the secret that is a field of the error', () => {
    const [line] = logged((log) => log.error({ err: Object.assign(new Error('Refused'), { token: 'hush' }) }, 'Failed'));
    expect(line?.['err']).toMatchObject({ name: 'Error', message: 'Refused' });
    expect(JSON.stringify(line)).not.toContain('hush');
  });

  test('writes an error with its code, stack and causes', () => {
    const [line] = logged((log) =>
      log.error({ err: new ToolError('UPSTREAM_INVALID', 'Odd answer', { cause: new TypeError('no id') }) }, 'Call failed'),
    );
    expect(line?.['err']).toMatchObject({
      name: 'ToolError',
      code: 'UPSTREAM_INVALID',
      message: 'Odd answer',
      cause: { name: 'TypeError', message: 'no id' },
    });
    expect(line?.['err'].stack).toContain('pino.test.ts');
  });

  test('writes no other field of an error or of its causes', () => {
    const noisy = (message: string) => Object.assign(new Error(message), { options: { headers: { 'x-odd': 'hush' } }, request: 'hush' });
    const error = Object.assign(noisy('outer'), { cause: noisy('inner') });
    expect(JSON.stringify(logged((log) => log.error({ err: error }, 'Failed')))).not.toContain('hush');
  });

  test('ends a circular chain of causes', () => {
    const error = new Error('ring');
    error.cause = error;
    expect(logged((log) => log.error({ err: error }, 'Failed'))).toHaveLength(1);
  });

  test('writes thrown text unchanged, and states that a thrown object is not an error', () => {
    expect(logged((log) => log.error({ err: 'just text' }, 'Failed'))[0]?.['err']).toBe('just text');
    expect(JSON.stringify(logged((log) => log.error({ err: { headers: 'hush' } }, 'Failed')))).not.toContain('hush');
  });

  describe('writes the same line as pino itself', () => {
    const plain = { text: 'a "quoted" \\ line\nand\u0001 \ud83d\ude00', count: 3, share: 0.5, odd: Number.NaN, yes: true, no: undefined };
    test.each<[name: string, write: (log: Pino) => void]>([
      ['with plain fields', (log) => log.info(plain, 'plain "message"')],
      ['without fields', (log) => log.warn({}, 'nothing')],
      [
        'with values that are not plain',
        (log) => log.info({ none: null, list: [1, { a: 2 }], nested: { deep: 'x' }, call: () => 1 }, 'rich'),
      ],
      [
        'with fields of a class',
        (log) => {
          class Fields {
            own = 1;
            toJSON() {
              return { another: 2 };
            }
          }
          log.info(new Fields(), 'class');
        },
      ],
      ['without a message', (log) => log.info({ alone: 1 })],
      ['with a message and no fields', (log) => log.info('alone')],
      ['of a child', (log) => log.child({ tenant: 'acme' }).info(plain, 'of a child')],
      [
        'of a child with its own serializers',
        (log) => log.child({}, { serializers: { text: () => 'serialized' } }).info(plain, 'of a child'),
      ],
      [
        'of a child with its own formatters',
        (log) => log.child({}, { formatters: { log: () => ({ formatted: 1 }) } }).info(plain, 'of a child'),
      ],
      ['of a child with its own redaction', (log) => log.child({}, { redact: ['text'] }).info(plain, 'of a child')],
    ])('%s', (_name, write) => {
      const linesOf = (make: (destination: { write(line: string): void }) => Pino): unknown[] => {
        const lines: string[] = [];
        write(make({ write: (line) => void lines.push(line) }));
        return lines.map((line) => line.replace(/,"time":"[^"]*"/, ''));
      };
      const ownWay = { level: 'info', base: null, timestamp: false, formatters: { level: (level: string) => ({ level }) } };
      expect(linesOf((destination) => pinoLogger({ destination }))).toEqual(linesOf((destination) => pino(ownWay, destination)));
    });

    test('and notifies the subscribers of pino’s tracing channel', () => {
      const received: unknown[] = [];
      const listener = { end: (event: unknown) => void received.push(event) };
      const channel = tracingChannel('pino_asJson');
      channel.subscribe(listener as never);
      logged((log) => log.info(plain, 'plain'));
      channel.unsubscribe(listener as never);
      expect(received).toHaveLength(1);
    });
  });
});
