// What SendGrid refuses, as its documentation and its description have it.

/** Recipients of one request, over to, cc and bcc of all personalizations. The description itself bounds the personalizations alone. */
export const maxRecipients = 1_000;
export const maxPersonalizations = 1_000;
/** The whole request, attachments included. */
export const maxMailBytes = 30 * 1024 * 1024;
export const maxCategories = 10;
export const maxCategoryLength = 255;
/** Custom arguments of one personalization, as JSON. */
export const maxArgumentBytes = 10_000;
export const maxAheadMs = 72 * 3_600_000;
export const maxTemplatePage = 200;
export const maxSuppressionPage = 500;
