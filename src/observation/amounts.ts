import { type Amounts, type Setting, withPort } from '../nova/setting.ts';

/** What a flavor asks for a server, volume-backed or not, with a port that guarantees bandwidth or without. */
export function amounts(setting: Setting, flavor: number, volumeBacked: number, minKbps = 0): Amounts {
  const of = setting.flavors[flavor]!;
  return withPort(volumeBacked === 1 ? of.volumeBacked : of.imageBacked, setting, minKbps);
}
