/** What the files to copy and the pages for users tell one to type is what the command takes. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const inFolder = (folder: string, name: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => name.test(file) && !file.includes('/samples/'))
    .map((file) => join(folder, file));
const FILES = [...inFolder('reports/ci', /\.ya?ml$/), ...inFolder('src', /^for-[a-z-]+\.md$/), 'README.md'];

/** Verb and options of each command line; one goes on behind a backslash, or deeper in a folded scalar of YAML. */
function typed(text: string): { verb: string; options: string[] }[] {
  const joined = text.replaceAll(/\\\n\s*/g, ' ').replaceAll(/\n\s+(?=--[a-z])/g, ' ');
  const commands = /(?:claimcheck --|claimcheck\.mjs|claimcheck_command: >-)\s+([a-z]+)([^\n#`]*)/g;
  return [...joined.matchAll(commands)].map(([, verb, rest]) => ({
    verb: verb!,
    options: [...rest!.matchAll(/(?<=\s)--[a-z-]+/g)].map(([option]) => option),
  }));
}

const helps = new Map<string, string>();
function help(verb: string): string {
  const known = helps.get(verb);
  if (known !== undefined) return known;
  const args = [join(ROOT, 'dist', 'claimcheck.mjs'), verb];
  const text = spawnSync(process.execPath, [...args, '--help'], { encoding: 'utf8' }).stdout;
  const subcommands = [...text.matchAll(/^ {2}([a-z]+) (?:\[options\]|<)/gm)].map(([, name]) => name!);
  const all = [
    text,
    ...subcommands.map((name) => spawnSync(process.execPath, [...args, name, '--help'], { encoding: 'utf8' }).stdout),
  ];
  helps.set(verb, all.join('\n'));
  return helps.get(verb)!;
}

test.for(FILES)('%s names verbs and options that there are', (file) => {
  const wrong = typed(readFileSync(join(ROOT, file), 'utf8')).flatMap(({ verb, options }) => {
    const text = help(verb);
    if (!text.startsWith(`Usage: claimcheck ${verb}`)) return [verb];
    return options
      .filter((option) => !new RegExp(`${option}(?![a-z-])`).test(text))
      .map((option) => `${verb} ${option}`);
  });
  expect([...new Set(wrong)]).toEqual([]);
});
