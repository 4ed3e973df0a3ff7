/** What processes cost, for benchmarks; of Linux. */
import { readFileSync } from 'node:fs';

/** Of Linux, whatever the machine: what /proc counts in. */
const TICKS_A_SECOND = 100;

/** CPU seconds of a process so far, its children with it, those that ended as well. */
export function cpuOf(pid: number): number {
  const ticks = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(11, 15)
    .reduce((sum, some) => sum + Number(some), 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((child) => child !== '');
  return ticks / TICKS_A_SECOND + children.reduce((sum, child) => sum + cpuOf(Number(child)), 0);
}
