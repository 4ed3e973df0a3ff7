/** What differs between the releases that can be played, and what of it the model carries: `list releases`. */
import { nova } from '../nova/protocol-nova.ts';
import { CHANGES } from '../nova/releases.ts';
import { type Item, isGroup, type Patch } from '../nova/step.ts';
import { PLACEMENT_CHANGES } from '../placement/releases.ts';

export interface Difference {
  readonly since: string;
  readonly title: string;
  readonly source: readonly string[];
  readonly cells: readonly string[];
  readonly carried: boolean;
  readonly note: string;
}

export function releases(): { head: string[]; rows: string[][]; data: readonly Difference[] } {
  const data: Difference[] = [
    ...CHANGES.map(({ since, title, nova: source, before, note }) => ({
      since: `Nova ${since}.0`,
      title,
      source,
      cells: before === null ? [] : cellsOf(before),
      carried: before !== null,
      note,
    })),
    ...PLACEMENT_CHANGES.map(({ since, title, placement, before, note }) => ({
      since: since === null ? 'Placement' : `Placement ${since}.0`,
      title,
      source: placement,
      cells: Object.keys(before ?? {}),
      carried: before !== null,
      note,
    })),
    {
      since: 'openstacksdk 4.15',
      title:
        'A request to Placement that gets no answer is sent again only where [placement] connect_retries is set; before, once, writes too.',
      source: ['openstack/proxy.py:Proxy.request'],
      cells: ['option client_replay'],
      carried: true,
      note: 'an option of a scenario, 1 for 4.14 and older; campaigns draw both, whatever the release of Nova',
    },
  ];
  return {
    head: ['since', 'what differs', 'where it was changed', 'failure points and cells', 'in the model'],
    rows: data.map(({ since, title, source, cells, carried, note }) => [
      since,
      title,
      source.map((at) => at.replace(/^nova\//, '')).join('\n'),
      cells.join('\n'),
      `${carried ? 'carried' : 'not carried'}${note === '' ? '' : `${carried ? ';' : ':'} ${note}`}`,
    ]),
    data,
  };
}

/** What a patch of Nova's tables touches, from the tables themselves. */
function cellsOf({ order = {}, steps = {}, undo = {}, undoGroups = {} }: Patch): string[] {
  const moved = Object.entries(order).flatMap(([id, wanted]) => {
    const { steps: items } = nova.handlers.find((handler) => handler.id === id)!;
    const before = points(wanted(items));
    return points(items)
      .filter((point) => !before.includes(point))
      .map((point) => `${point}: the step`);
  });
  return [
    ...moved,
    ...Object.entries(steps).map(([id, cells]) => `${id}: ${Object.keys(cells).join(', ')}`),
    ...Object.entries(undo).map(([id, cells]) => `undo of ${id}: ${Object.keys(cells).join(', ')}`),
    ...Object.keys(undoGroups).map((name) => `undo ${name}`),
  ];
}

const points = (items: readonly Item[]): string[] =>
  items.flatMap((item) => (isGroup(item) ? item.steps : [item])).map(({ id }) => id);
