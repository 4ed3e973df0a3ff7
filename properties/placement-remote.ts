/** Placements behind HTTP as something that the laws of Placement can be asked of: the model's HTTP side, and real servers. */
import { HttpPlacement } from '../src/placement/http/placement.ts';
import { NONE } from '../src/state/table.ts';
import { type Cloud, RemotePlacement } from '../src/targets/placement/remote.ts';
import type { Wire } from '../src/targets/placement/wire.ts';
import { CLASSES, type Make, type Placement, PROVIDERS, type Start } from './placement-laws.ts';
import { model } from './placement-model.ts';

const NAMES = {
  hosts: Array.from({ length: PROVIDERS }, (_, k) => ({
    name: `h${k}`,
    traits: 0,
    inventories: new Map(),
    used: [],
    pcpuset: 0,
  })),
  classes: Array.from({ length: CLASSES }, (_, k) => `CUSTOM_CLASS_${k}`),
  traits: ['CUSTOM_A', 'CUSTOM_B', 'CUSTOM_C'],
};

/** Every answer is compared with the model's on the way. */
export function behind(remoteOf: (start: Start) => RemotePlacement): Make {
  return (start): Placement => {
    const remote = remoteOf(start);
    const { store, ratio } = model(start);
    for (const provider of store.providers) provider.parent = NONE;
    const cloud: Cloud = { placement: store, setting: NAMES };
    remote.begin(cloud);
    return { ratio, serve: (request) => remote.serve(cloud, request, false) };
  };
}

/** The model's HTTP side without a socket. */
export function inProcess(placement: HttpPlacement): Wire {
  let sent = 0;
  return {
    url: 'http://in.process',
    get sent() {
      return sent;
    },
    exchange(request) {
      sent++;
      return placement.serve({ ...request, headers: { 'x-auth-token': 'admin', ...request.headers } });
    },
    close() {},
  };
}

export const httpModel = (release: number): HttpPlacement =>
  new HttpPlacement(release, { madeUuid: () => 'unused', now: () => 'now' });

export const remoteModel = (release: number): RemotePlacement =>
  new RemotePlacement(inProcess(httpModel(release)), { ours: false });
