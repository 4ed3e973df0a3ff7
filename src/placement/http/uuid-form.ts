/** oslo_utils/uuidutils.py:is_uuid_like and Python's uuid.UUID: what counts as a uuid, and its one spelling. */

/** The 32 digits of anything that is taken for a uuid, or null. */
function digits(text: string): string | null {
  const bare = text
    .replaceAll('urn:', '')
    .replaceAll('uuid:', '')
    .replace(/^[{}]+|[{}]+$/g, '')
    .replaceAll('-', '');
  return /^[0-9a-fA-F]{32}$/.test(bare) ? bare.toLowerCase() : null;
}

export function isUuidLike(text: string): boolean {
  return digits(text) !== null;
}

/** Lower case, with dashes. */
export function normalUuid(text: string): string {
  const d = digits(text) ?? '';
  return `${d.slice(0, 8)}-${d.slice(8, 12)}-${d.slice(12, 16)}-${d.slice(16, 20)}-${d.slice(20)}`;
}
