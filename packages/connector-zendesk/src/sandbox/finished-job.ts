/** A completed background job in which one of two tickets failed. It is the only job, because no operation of the sandbox starts a job. */
export const finishedJob = (host: string) => {
  const id = 'V3-00000000000000000000000000000001';
  return {
    id,
    url: `https://${host}/api/v2/job_statuses/${id}.json`,
    total: 2,
    progress: 2,
    status: 'completed',
    message: 'Completed',
    results: [
      { index: 0, id: 1, action: 'update', success: true, status: 'Updated' },
      {
        index: 1,
        id: 99,
        action: 'update',
        success: false,
        status: 'Failed',
        error: 'TicketNotFound',
        details: 'Ticket 99 does not exist',
      },
    ],
  };
};
