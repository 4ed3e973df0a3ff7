import { nova } from './protocol-nova.ts';
import type { Protocol } from './step.ts';

export const PROTOCOLS: Readonly<Record<string, Protocol>> = { nova };
