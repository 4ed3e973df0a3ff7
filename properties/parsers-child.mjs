/**
 * Feeds inputs to the parsers and runs what they accept, in a process of its own, so that what it takes of memory can be
 * told. Reads a folder with JSON lines { kind, folder, file, at, length } and with the data that they point into, prints one
 * outcome a line and at last the memory.
 */
import { openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CONTRACTS,
  compile,
  decodeToken,
  drawnFrom,
  encodeToken,
  GROUP,
  HEADER,
  MOST_OPERATIONS,
  Player,
  PROTOCOLS,
  readCloud,
  readScenario,
  ScenarioError,
  sample,
  tryScenario,
  wordStream,
} from '../dist/index.mjs';

/** A damaged scenario may be of any release. */
const codes = new Map();
function codeOf(protocol, { options }) {
  const key = `${protocol} ${options.nova_release}`;
  if (!codes.has(key)) codes.set(key, compile(PROTOCOLS[protocol], [], options.nova_release));
  return codes.get(key);
}
const stream = wordStream(HEADER, GROUP, MOST_OPERATIONS);

function run(scenario, protocol) {
  const { violations } = tryScenario(codeOf(protocol, scenario), CONTRACTS.strict, scenario);
  return violations.length > 0 ? 'runs, and breaks laws' : 'runs';
}

const KINDS = {
  token(data) {
    const reading = decodeToken(data.toString());
    if (!reading.ok) return { sentence: reading.error };
    const again = decodeToken(encodeToken(reading.value));
    if (!again.ok) throw new Error(`what was read cannot be written: ${again.error}`);
    return { value: run(reading.value.scenario, reading.value.protocol) };
  },
  scenario(data) {
    const reading = readScenario(new TextDecoder().decode(data), 'case.json');
    if (!reading.ok) return { sentence: reading.error };
    return { value: [run(reading.value, 'nova'), run(reading.value, 'rollback')].join(', ') };
  },
  cloud(data, { folder, file }) {
    const path = join(folder, file);
    const whole = readFileSync(path);
    writeFileSync(path, data);
    try {
      const reading = readCloud(folder);
      if (!reading.ok) return { sentence: reading.error };
      for (const note of reading.cloud.notes) check(note);
      const situations = sample(drawnFrom(reading.cloud, 16), 1, 2);
      const player = new Player(compile(PROTOCOLS.nova), CONTRACTS.strict, 1, situations);
      stream.forEach(1, 3, (words) => player.play(words));
      return { value: 'is drawn from' };
    } finally {
      rmSync(path);
      writeFileSync(path, whole);
    }
  },
};

function check(sentence) {
  if (!/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,900}$/u.test(sentence)) throw new Error(`no printable sentence: ${sentence}`);
}

function outcomeOf({ kind, at, length, ...where }) {
  try {
    const input = Buffer.alloc(length);
    readSync(data, input, 0, length, at);
    const { value, sentence } = KINDS[kind](input, where);
    if (sentence !== undefined) check(sentence);
    return { kind, value, sentence };
  } catch (error) {
    if (error instanceof ScenarioError) {
      check(error.message);
      return { kind, sentence: error.message };
    }
    return { kind, thrown: String(error?.stack ?? error) };
  }
}

const folder = process.argv[2];
const inputs = readFileSync(join(folder, 'inputs.jsonl'), 'utf8').trimEnd().split('\n');
const data = openSync(join(folder, 'inputs.bin'), 'r');
/** The most that was ever resident; where the system does not say so, the most that was seen. */
let most = 0;
function peakMb() {
  // not resourceUsage().maxRSS: on Linux a child begins with its parent's
  let kb = process.memoryUsage.rss() / 1024;
  try {
    kb = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    // not Linux
  }
  most = Math.max(most, kb / 1024);
  return most;
}

const before = peakMb();
for (const line of inputs) {
  console.log(JSON.stringify(outcomeOf(JSON.parse(line))));
  peakMb();
  // what one input took is not to be put down to the next; collecting after every small one would take minutes
  if (JSON.parse(line).length > 1e6) globalThis.gc();
}
console.log(JSON.stringify({ grownMb: peakMb() - before }));
