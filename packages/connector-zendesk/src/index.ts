export { zendesk } from './zendesk.ts';
