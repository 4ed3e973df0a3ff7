/** placement/handlers/resource_class.py */

import { STANDARD_CLASSES } from '../../scenario/flavor-properties.ts';
import type { Json } from '../rest.ts';
import { type Answered, type Asked, NO_CONTENT, shown } from './asked.ts';
import { Refusal } from './refusal.ts';
import { read, resourceClass } from './schemas.ts';

const path = (name: string): string => `/resource_classes/${name}`;
const picture = (name: string): Json => ({ name, links: [{ rel: 'self', href: path(name) }] });

function known({ database, at }: Asked): number {
  const id = database.classId(at.name!);
  if (id < 0) throw new Refusal(404, `No such resource class ${at.name}.`);
  return id;
}

export function listResourceClasses({ database }: Asked): Answered {
  return shown({ resource_classes: database.classes.filter((name) => name !== null).map(picture) });
}

export function createResourceClass({ database, body }: Asked): Answered {
  const { name } = read(body, resourceClass);
  if (database.classId(name) >= 0) throw new Refusal(409, `Conflicting resource class already exists: ${name}`);
  database.addClass(name);
  return { status: 201, location: path(name) };
}

export function getResourceClass(asked: Asked): Answered {
  known(asked);
  return shown(picture(asked.at.name!));
}

/** Up to 1.6: gives a class another name. */
export function renameResourceClass(asked: Asked): Answered {
  const { database, at, body } = asked;
  const { name } = read(body, resourceClass);
  const id = known(asked);
  if (id < STANDARD_CLASSES.length) throw new Refusal(400, `Cannot update standard resource class ${at.name}`);
  const same = database.classId(name);
  if (same >= 0 && same !== id) throw new Refusal(409, `Resource class already exists: ${name}`);
  database.classes[id] = name;
  return { status: 200, body: picture(name) };
}

/** From 1.7 on: sees to it that a class is there. */
export function ensureResourceClass({ database, at }: Asked): Answered {
  const { name } = read(`{"name": "${at.name}"}`, resourceClass);
  const there = database.classId(name) >= 0;
  if (!there) database.addClass(name);
  return { status: there ? 204 : 201, location: path(name) };
}

export function deleteResourceClass(asked: Asked): Answered {
  const { database, at } = asked;
  const id = known(asked);
  if (id < STANDARD_CLASSES.length) {
    throw new Refusal(400, `Error in delete resource class: Cannot delete standard resource class ${at.name}.`);
  }
  for (const provider of database.allProviders()) {
    if (database.inventory(provider, id).exists === 0) continue;
    throw new Refusal(
      409,
      `Error in delete resource class: Cannot delete resource class ${at.name}. Class is in use in inventory.`,
    );
  }
  database.classes[id] = null;
  return NO_CONTENT;
}
