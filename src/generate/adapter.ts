/**
 * The only module of src/ that imports fast-check: its next major version will change this interface, and nothing else
 * should notice. Choice words come as one array of fixed length; zero is the simplest choice everywhere.
 */
import fc from 'fast-check';
import seedrandom from 'seedrandom';

/** A 32-bit seed for a named stream of a campaign: any text is a seed, streams never overlap by construction. */
export function deriveSeed(seed: string, ...stream: readonly (string | number)[]): number {
  return seedrandom([seed, ...stream].join(' / ')).int32();
}

export type Words = Int32Array;

/** Shrinks by field: whole groups to zero first, then single words to zero, then each towards zero. */
class WordsArbitrary extends fc.Arbitrary<Words> {
  readonly header: number;
  readonly group: number;
  readonly length: number;

  constructor(header: number, group: number, groups: number) {
    super();
    this.header = header;
    this.group = group;
    this.length = header + group * groups;
  }

  override generate(random: fc.Random): fc.Value<Words> {
    const words = new Int32Array(this.length);
    for (let k = 0; k < words.length; k++) words[k] = random.nextInt(0, 0x7fffffff);
    return new fc.Value(words, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Words {
    return value instanceof Int32Array && value.length === this.length;
  }

  override shrink(value: Words): fc.Stream<fc.Value<Words>> {
    return fc.stream(this.simpler(value));
  }

  private *simpler(value: Words): IterableIterator<fc.Value<Words>> {
    const { header, group } = this;
    const without = (from: number, to: number): fc.Value<Words> | null => {
      if (value.subarray(from, to).every((word) => word === 0)) return null;
      const words = value.slice();
      words.fill(0, from, to);
      return new fc.Value(words, undefined);
    };
    for (let from = this.length - group; from >= header; from -= group) {
      const simpler = without(from, from + group);
      if (simpler !== null) yield simpler;
    }
    for (let k = 0; k < this.length; k++) {
      const simpler = without(k, k + 1);
      if (simpler !== null) yield simpler;
    }
  }
}

export interface WordStream {
  /** Runs `visit` on `runs` arrays of words, in order. The array is the visitor's to keep. */
  forEach(seed: number, runs: number, visit: (words: Words, run: number) => void): void;
  /** The array that run `run` was given, shrunk as far as `fails` goes on being true; and how often `fails` was asked. */
  shrink(seed: number, run: number, fails: (words: Words) => boolean, budget: number): { words: Words; asked: number };
}

export function wordStream(header: number, group: number, groups: number): WordStream {
  const arbitrary = new WordsArbitrary(header, group, groups);
  return {
    forEach(seed, runs, visit) {
      let run = 0;
      const details = fc.check(
        fc.property(arbitrary, (words) => {
          visit(words, run++);
        }),
        { seed, numRuns: runs, endOnFailure: true },
      );
      // what a visit throws is a fault of ours, not a finding
      if (details.failed) throw details.errorInstance;
    },
    shrink(seed, run, fails, budget) {
      let asked = 0;
      let smallest: Words | null = null;
      fc.check(
        fc.property(arbitrary, (words) => {
          if (asked++ >= budget || !fails(words)) return true;
          smallest = words;
          return false;
        }),
        { seed, path: String(run), numRuns: 1 },
      );
      if (smallest === null) throw new Error(`run ${run} of seed ${seed} did not fail again`);
      return { words: smallest, asked };
    },
  };
}

/** What plays the commands of a sequence. */
export interface CommandPlay<Name extends string> {
  begin(header: Words): void;
  check(name: Name): boolean;
  run(name: Name, words: Words): void;
  end(): void;
}

/** A command as fast-check's guide to model-based testing has it: what it needs, and what it does. */
class NamedCommand<Name extends string> implements fc.Command<object, CommandPlay<Name>> {
  private readonly name: Name;
  private readonly words: Words;
  private readonly play: CommandPlay<Name>;

  constructor(name: Name, words: Words, play: CommandPlay<Name>) {
    this.name = name;
    this.words = words;
    this.play = play;
  }

  check(): boolean {
    return this.play.check(this.name);
  }

  run(): void {
    this.play.run(this.name, this.words);
  }

  toString(): string {
    return this.name;
  }
}

/** Runs sequences of commands by fc.commands: the baseline that choice words in one array are held against. */
export function commandSequences<Name extends string>(
  names: readonly Name[],
  group: number,
  most: number,
  seed: number,
  runs: number,
  play: CommandPlay<Name>,
): void {
  const words = fc
    .array(fc.integer({ min: 0, max: 0x7fffffff }), { minLength: group, maxLength: group })
    .map((list) => Int32Array.from(list));
  const commands = fc.commands<object, CommandPlay<Name>>(
    names.map((name) => words.map((drawn) => new NamedCommand(name, drawn, play))),
    { maxCommands: most, size: 'max' },
  );
  const details = fc.check(
    fc.property(words, commands, (header, list) => {
      play.begin(header);
      fc.modelRun(() => ({ model: {}, real: play }), list);
      play.end();
    }),
    { seed, numRuns: runs, endOnFailure: true },
  );
  if (details.failed) throw details.errorInstance;
}

/** Draws `count` values of an arbitrary from a seed. */
export function sample<T>(arbitrary: fc.Arbitrary<T>, seed: number, count: number): T[] {
  return fc.sample(arbitrary, { seed, numRuns: count });
}

export { fc };
