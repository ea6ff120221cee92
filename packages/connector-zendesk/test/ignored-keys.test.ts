import type { Context } from '@busbar/core';
import { describe, expect, it } from 'vitest';
import { warnOfIgnoredKeys } from '../src/ignored-keys.ts';

function warningsFor(header?: string): string[] {
  const warnings: string[] = [];
  const context = { warn: (message: string) => warnings.push(message) } as unknown as Context;
  warnOfIgnoredKeys(context, new Headers(header === undefined ? {} : { 'x-zendesk-api-warn': header }));
  return warnings;
}

describe('x-zendesk-api-warn', () => {
  it('names the fields that Zendesk left out', () => {
    const header =
      '{:allowed_parameters=>{:controller=>"tickets", :action=>"update", :unpermitted_keys=>["ticket.colour", "ticket.mood"], :invalid_values=>[]}}';
    expect(warningsFor(header)).toEqual(['Zendesk did not take these fields and left them out: ticket.colour, ticket.mood.']);
  });

  it('names the values that Zendesk left out', () => {
    expect(warningsFor('{:unpermitted_keys=>[], :invalid_values=>["ticket.priority"]}')).toEqual([
      'Zendesk did not take these values and left them out: ticket.priority.',
    ]);
  });

  it('is shown as it is, in part, where it has another form', () => {
    expect(warningsFor(`new form ${'x'.repeat(1_000)}`)).toEqual([`Zendesk warns: new form ${'x'.repeat(291)}`]);
  });

  it('warns of nothing where it is absent', () => {
    expect(warningsFor()).toEqual([]);
  });

  it('stays within the length of a warning', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `"ticket.key${index}"`).join(', ');
    for (const warning of warningsFor(`{:unpermitted_keys=>[${keys}], :invalid_values=>[${keys}]}`))
      expect(warning.length).toBeLessThan(500);
  });
});
