import type { Context } from '@busbar/core';
import { describe, expect, it } from 'vitest';
import { warnOfIgnoredKeys } from '../src/ignored-keys.ts';

function warningsFor(header?: string): string[] {
  const warnings: string[] = [];
  const context = { warn: (message: string) => warnings.push(message) } as unknown as Context;
  warnOfIgnoredKeys(new Headers(header === undefined ? {} : { 'x-zendesk-api-warn': header }), context);
  return warnings;
}

describe('x-zendesk-api-warn', () => {
  it('becomes a warning that names the ignored fields', () => {
    const header =
      '{:allowed_parameters=>{:controller=>"tickets", :action=>"update", :unpermitted_keys=>["ticket.colour", "ticket.mood"], :invalid_values=>[]}}';
    expect(warningsFor(header)).toEqual(['Zendesk ignored these fields: ticket.colour, ticket.mood.']);
  });

  it('becomes a warning that names the ignored values', () => {
    expect(warningsFor('{:unpermitted_keys=>[], :invalid_values=>["ticket.priority"]}')).toEqual([
      'Zendesk ignored these values: ticket.priority.',
    ]);
  });

  it('is cut and quoted if it has another form', () => {
    expect(warningsFor(`new form ${'x'.repeat(1_000)}`)).toEqual([`Zendesk warns: new form ${'x'.repeat(291)}`]);
  });

  it('causes no warning if it is absent', () => {
    expect(warningsFor()).toEqual([]);
  });

  it('stays within the length of a warning', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `"ticket.key${index}"`).join(', ');
    for (const warning of warningsFor(`{:unpermitted_keys=>[${keys}], :invalid_values=>[${keys}]}`))
      expect(warning.length).toBeLessThan(500);
  });
});
