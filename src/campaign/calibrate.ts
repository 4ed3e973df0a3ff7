/** CPU seconds, with user and system time of this process. */
export const cpuSeconds = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

/**
 * A fixed loop of integer arithmetic over a typed array: the machine's own speed, to read other figures by.
 * @returns millions of rounds a CPU second
 */
export function calibrate(): number {
  const cells = new Int32Array(4096);
  const rounds = 20_000_000;
  const seconds = cpuSeconds(() => {
    let x = 1;
    for (let k = 0; k < rounds; k++) {
      x = Math.imul(x ^ cells[k & 4095]!, 0x01000193) ^ k;
      cells[x & 4095] = x;
    }
  });
  return rounds / seconds / 1e6;
}
