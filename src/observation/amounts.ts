import type { Amounts, Setting } from '../nova/setting.ts';

/** What a flavor asks for a server, volume-backed or not. */
export function amounts(setting: Setting, flavor: number, volumeBacked: number): Amounts {
  const of = setting.flavors[flavor]!;
  return volumeBacked === 1 ? of.volumeBacked : of.imageBacked;
}
