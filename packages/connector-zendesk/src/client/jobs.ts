import type { Context } from '@busbar/core';
import { JobAnswer } from '../schemas.ts';
import type { Send } from './send.ts';

export const jobOperations = (send: Send) => ({
  async getJobStatus(id: string, context: Context) {
    const request = { method: 'GET', path: '/api/v2/job_statuses/{id}', params: { id }, response: JobAnswer } as const;
    return (await send(request, context)).job_status;
  },
});
