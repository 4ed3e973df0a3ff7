/** The queue is not there, or not to be used: one sentence, for the user. */
export class QueueTrouble extends Error {
  override readonly name = 'QueueTrouble';
}
