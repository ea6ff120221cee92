/** Reads a time that Salesforce wrote, such as `2026-03-01T09:30:00.000+0000`, which is not an ISO time. NaN if the text is not a time. */
export const parseTime = (text: string): number => Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
