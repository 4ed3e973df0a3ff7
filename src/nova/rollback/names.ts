export const ALLOC = 'nova/scheduler/client/report.py:SchedulerReportClient.move_allocations';
