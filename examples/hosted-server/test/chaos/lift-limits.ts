// Preloaded into the replicas of these tests: their Zendesk account has a plan that no load uses up. Budgets are still counted, so that
// Redis is asked for every request.
import { zendesk } from '@busbar/connector-zendesk';

const plan = { requests: 100_000_000, windowMs: 60_000 };
Object.assign(zendesk, { limits: { default: plan, 'ticket-updates': plan, 'search-export': plan } });
