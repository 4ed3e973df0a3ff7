import { nova } from './protocol-nova.ts';
import { rollback } from './protocol-rollback.ts';
import type { Protocol } from './step.ts';

export const PROTOCOLS: Readonly<Record<'nova' | 'rollback', Protocol>> = { nova, rollback };
