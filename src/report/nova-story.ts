/** What Nova itself did in a scenario, as the model's stories are told, with what it really sent and was answered. */
import { createColors } from 'picocolors';
import { resourcesOf } from '../nova/setting.ts';
import type { Picture } from '../observation/picture.ts';
import { harmless, printable } from '../scenario/printable.ts';
import { renderOperation } from '../scenario/render.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { NovaEvent, NovaPlay } from '../targets/nova/harness.ts';
import { INDENT, Page } from './page.ts';

type Colors = ReturnType<typeof createColors>;

export function tellNovaStory(
  scenario: Scenario,
  play: NovaPlay,
  { color, verbose }: { readonly color: boolean; readonly verbose: boolean },
): string[] {
  const page = new Page();
  const colors = createColors(color);
  const teller = new Teller(page, colors, scenario, play, verbose);
  let before = '';
  for (const [k, step] of play.steps.entries()) {
    const { outcome, http, exit_code } = step.operation;
    const answered =
      exit_code === undefined ? `${outcome}${http === null ? '' : ` ${http}`}` : `exit code ${exit_code}`;
    if (k > 0) page.blank();
    page.line(0, `${k + 1}  ${renderOperation(scenario.operations[k]!)}: ${answered}`, colors.bold);
    teller.tell(teller.of(k));
    before = teller.servers(step.picture, before);
  }
  page.blank();
  page.line(0, 'settle: all messages delivered, every nova-compute restarted, periodic work run', colors.bold);
  if (verbose) teller.tell(teller.of(null));
  teller.servers(play.settled, before);
  return page.lines;
}

/** One line on one server, as the model has it (observation/describe.ts). */
export function describeInPicture(scenario: Scenario, picture: Picture, server: string): string {
  const row = picture.instances.find((one) => one.server === server);
  if (row === undefined) return 'not there';
  const held = (name: string): string => holdings(scenario, picture.allocations[name] ?? {});
  const where = row.deleted
    ? 'deleted'
    : `${printable(row.host ?? '-')} ${row.vm_state}/${row.task_state ?? 'none'} ${printable(row.flavor)}`;
  const moves = picture.migrations
    .filter((one) => one.server === server)
    .map((one, n) => `M${n + 1}{${held(one.migration)}} ${one.deleted ? 'deleted' : one.status}`);
  return [where, `I{${held(server)}}`, ...moves].join(' | ');
}

function holdings({ cloud }: Scenario, allocations: Picture['allocations'][string]): string {
  const asText = (amounts: Iterable<readonly [string, number]>): string =>
    [...amounts].sort(([a], [b]) => (a < b ? -1 : 1)).join();
  return Object.entries(allocations)
    .map(([provider, amounts]) => {
      const flavor = cloud.flavors.find((one) =>
        [false, true].some((volume) => asText(resourcesOf(one, volume)) === asText(Object.entries(amounts))),
      );
      const what = Object.entries(amounts).map(([name, amount]) => `${printable(name)}=${amount}`);
      return `${printable(provider)}:${flavor === undefined ? what.join(',') : printable(flavor.name)}`;
    })
    .join(' ');
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

class Teller {
  private readonly page: Page;
  private readonly colors: Colors;
  private readonly scenario: Scenario;
  private readonly play: NovaPlay;
  private readonly verbose: boolean;

  constructor(page: Page, colors: Colors, scenario: Scenario, play: NovaPlay, verbose: boolean) {
    this.page = page;
    this.colors = colors;
    this.scenario = scenario;
    this.play = play;
    this.verbose = verbose;
  }

  /** Events of operation k; of settle with null. */
  of(k: number | null): readonly NovaEvent[] {
    const events = this.play.events ?? [];
    const begins = (event: NovaEvent): boolean => event.what === 'operation' || event.what === 'settle';
    const from = events.findIndex((event) =>
      k === null ? event.what === 'settle' : event.what === 'operation' && event.operation === k,
    );
    if (from < 0) return [];
    const length = events.slice(from + 1).findIndex(begins);
    return events.slice(from + 1, length < 0 ? undefined : from + 1 + length);
  }

  private service(name: unknown): string {
    const host = /^host-(\d+)$/.exec(String(name));
    return host === null ? String(name) : `nova-compute ${printable(this.scenario.cloud.hosts[Number(host[1])]!.name)}`;
  }

  /** With names for the uuids of the scenario's own. */
  private named(text: string): string {
    const { hosts } = this.scenario.cloud;
    const plain = text.replace(UUID, (uuid) => this.play.names[uuid] ?? uuid);
    return harmless(plain.replace(/\bhost-(\d+)\b/g, (own, h) => hosts[Number(h)]?.name ?? own));
  }

  tell(events: readonly NovaEvent[]): void {
    const { page, colors } = this;
    let quiet: string[] = [];
    const flush = (): void => {
      const steps = quiet.length === 1 ? '' : `${quiet.length} steps: `;
      if (quiet.length > 0) page.line(INDENT + 2, `… ${steps}${quiet.join(', ')}`, colors.dim);
      quiet = [];
    };
    for (const event of events) {
      if (event.what === 'step' && event.error === null && !this.verbose) {
        quiet.push(String(event.point));
        continue;
      }
      const line = this.line(event);
      if (line === null) continue;
      flush();
      const heading = event.what === 'begun' || event.what === 'service';
      page.line(heading ? INDENT : INDENT + 2, line, TINTS[event.what]?.(colors) ?? ((text) => text));
    }
    flush();
  }

  private line(event: NovaEvent): string | null {
    switch (event.what) {
      case 'begun':
        return `${this.service(event.service)}  ${event.handler}`;
      case 'ended':
        return event.error === null ? null : this.named(`ends: raised ${event.error}: ${firstLine(event.said)}`);
      case 'killed':
        return `${event.handler} dies with its service`;
      case 'service':
        return `${this.service(event.service)} ${event.up === true ? 'starts' : 'crashes'}`;
      case 'step':
        return event.error === null ? String(event.point) : `${event.point}: ${event.error}`;
      case 'fault':
        return `! ${event.kind} at ${event.point}`;
      case 'hold':
        return event.how === 'held' ? `~ held before ${event.point}` : `~ ${event.how} before ${event.point}`;
      case 'request':
        return this.request(event);
      default:
        return null;
    }
  }

  /** The tracker's refreshes of its provider are not the move's: without `--verbose` only failure points are told. */
  private request({ point, method, url, data, answer }: NovaEvent): string | null {
    if (point === null && !this.verbose) return null;
    const sent = data === null ? '' : ` ${JSON.stringify(data)}`;
    const said = typeof answer === 'string' ? answer : answered(answer as { status: number; body: string });
    const long = !this.verbose && String(url).startsWith('/allocation_candidates');
    return this.named(
      long ? `${method} ${asked(String(url))} -> ${candidates(said)}` : `${method} ${url}${sent} -> ${said}`,
    );
  }

  /** Every server that changed since. Returns what to compare with next. */
  servers(picture: Picture, before: string): string {
    const lines = picture.instances.map(
      ({ server }) => `${printable(server)}: ${describeInPicture(this.scenario, picture, server)}`,
    );
    const then = before.split('\n');
    for (const line of lines) if (!then.includes(line)) this.page.line(INDENT, line, this.colors.cyan);
    return lines.join('\n');
  }
}

const answered = ({ status, body }: { status: number; body: string }): string =>
  body === '' ? String(status) : `${status} ${body}`;

/** Of a request for candidates: what is asked for, and who has it. */
const asked = (url: string): string =>
  `/allocation_candidates ${new URLSearchParams(url.split('?')[1]).get('resources')}`;

function candidates(said: string): string {
  const body = /^200 (.*)$/s.exec(said)?.[1];
  if (body === undefined) return said;
  const found = JSON.parse(body) as { allocation_requests: readonly { allocations: object }[] };
  const providers = found.allocation_requests.flatMap(({ allocations }) => Object.keys(allocations));
  return `200 ${providers.length === 0 ? 'nobody' : providers.join(', ')}`;
}

const firstLine = (text: unknown): string => String(text ?? '').split('\n')[0]!;

const TINTS: Readonly<Record<string, (colors: Colors) => (text: string) => string>> = {
  fault: (colors) => colors.yellow,
  hold: (colors) => colors.yellow,
  killed: (colors) => colors.yellow,
  ended: (colors) => colors.red,
};
