export { sendgrid } from './sendgrid.ts';
