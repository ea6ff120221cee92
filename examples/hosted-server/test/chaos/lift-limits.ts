// The replicas of these tests preload this file. It gives their Zendesk plan limits that no load reaches. Budgets are still counted, so
// every request goes through Redis.
import { zendesk } from '@busbar/connector-zendesk';

const plan = { requests: 100_000_000, windowMs: 60_000 };
Object.assign(zendesk, { limits: { default: plan, 'ticket-updates': plan, 'search-export': plan } });
